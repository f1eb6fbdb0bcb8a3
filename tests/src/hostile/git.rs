//! A repository made by somebody else, whose settings and files run programs when `git` is run in it.
//!
//! Each trap is sprung first by `git` alone, in a copy, so that it is one.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Answer, Case, Family, Guest, Stage, Verdict};
use crate::{programs, terminal};

pub(super) const FAMILY: Family = Family {
    name: "git",
    about: "a repository made by somebody else, in which a skill runs `git`",
    cases: &[
        Case {
            name: "core.fsmonitor",
            tries: "`git status` where a setting names a program that watches files",
            must: "the program does not run; the status is given",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[core]\nfsmonitor = {evil}\n",
                        words: &[&["status"]],
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "include.path",
            tries: "`git status` where the settings include a file of the workspace that names a program",
            must: "the program does not run; the status is given",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[include]\npath = ../more.inc\n",
                        file: ("more.inc", "[core]\nfsmonitor = {evil}\n"),
                        words: &[&["status"]],
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "hooks",
            tries: "`git commit` where `.git/hooks` has a `pre-commit` and a `post-commit`",
            must: "neither runs; the commit is made",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        hooks: true,
                        words: &[&["add", "file.txt"], &["commit", "-m", "x"]],
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "core.hooksPath",
            tries: "`git commit` where a setting says that hooks are in the workspace",
            must: "none runs; the commit is made",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[core]\nhooksPath = hooks\n",
                        file: ("hooks/pre-commit", "#!/bin/sh\n{evil}\n"),
                        words: &[&["add", "file.txt"], &["commit", "-m", "x"]],
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "clean filter",
            tries: "`git add` where attributes and settings name a filter",
            must: "the filter does not run",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[filter \"evil\"]\nclean = {evil}\nrequired = true\n",
                        file: (".gitattributes", "*.txt filter=evil\n"),
                        words: &[&["add", "file.txt"]],
                        works: false,
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "smudge filter",
            tries: "`git checkout` where attributes and settings name a filter",
            must: "the filter does not run",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[filter \"evil\"]\nsmudge = {evil}\n",
                        file: (".gitattributes", "*.txt filter=evil\n"),
                        words: &[&["checkout", "--", "file.txt"]],
                        works: false,
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "long-running filter",
            tries: "`git add` where attributes and settings name a filter process",
            must: "it does not run",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[filter \"evil\"]\nprocess = {evil}\nrequired = true\n",
                        file: (".gitattributes", "*.txt filter=evil\n"),
                        words: &[&["add", "file.txt"]],
                        works: false,
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "alias",
            tries: "`git st` where a setting makes that a command of the shell",
            must: "refused; it does not run",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[alias]\nst = \"!{evil}\"\n",
                        words: &[&["st"]],
                        works: false,
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "core.sshCommand",
            tries: "`git fetch` and `ls-remote` where a setting names the program for `ssh`",
            must: "refused; it does not run",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[core]\nsshCommand = {evil}\n[remote \"origin\"]\nurl = ssh://127.0.0.1:1/x\n",
                        words: &[&["fetch", "origin"], &["ls-remote", "origin"]],
                        works: false,
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "ext::",
            tries: "`git fetch` from a remote that is a command",
            must: "refused; it does not run",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[protocol]\nallow = always\n[remote \"origin\"]\nurl = \"ext::{evil}\"\n",
                        words: &[&["fetch", "origin"]],
                        works: false,
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "upload-pack of a remote",
            tries: "`git fetch` from a folder, with settings that name the program at the other end",
            must: "refused; it does not run",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[remote \"origin\"]\nurl = .\nuploadpack = {evil}\n",
                        words: &[&["fetch", "origin"]],
                        works: false,
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "core.pager",
            tries: "`git log` on a terminal where a setting names a pager",
            must: "the pager does not run; the log is given",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[core]\npager = {evil}\n",
                        on_terminal: true,
                        words: &[&["log"]],
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "core.editor",
            tries: "`git commit` without a message where a setting names an editor",
            must: "the editor does not run",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[core]\neditor = {evil}\n",
                        words: &[&["add", "file.txt"], &["commit"]],
                        works: false,
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "gpg.program",
            tries: "`git commit` where settings ask for a signature and name the program for it",
            must: "the program does not run; the commit is made",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[commit]\ngpgSign = true\n[gpg]\nprogram = {evil}\n",
                        words: &[&["add", "file.txt"], &["commit", "-m", "x"]],
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "diff.external",
            tries: "`git diff` where a setting names a program that compares",
            must: "the program does not run; the difference is given",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[diff]\nexternal = {evil}\n",
                        words: &[&["diff"]],
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "diff drivers",
            tries: "`git diff` where attributes and settings name a program for one kind of file",
            must: "neither `command` nor `textconv` runs; the difference is given",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[diff \"evil\"]\ntextconv = {evil}\n",
                        file: (".gitattributes", "*.txt diff=evil\n"),
                        words: &[&["diff"], &["log", "-p"], &["show"]],
                        ..PLAIN
                    },
                )?;
                let stage = &mut stage.another();
                trapped(
                    stage,
                    &Trap {
                        config: "[diff \"evil\"]\ncommand = {evil}\n",
                        file: (".gitattributes", "*.txt diff=evil\n"),
                        words: &[&["diff"]],
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "trailers",
            tries: "`git commit --trailer` where a setting names a program that makes their text",
            must: "the program does not run",
            run: |stage| {
                trapped(
                    stage,
                    &Trap {
                        config: "[trailer \"evil\"]\ncmd = {evil}\n",
                        words: &[
                            &["add", "file.txt"],
                            &["commit", "-m", "x", "--trailer", "evil: y"],
                        ],
                        works: false,
                        ..PLAIN
                    },
                )
            },
        },
        Case {
            name: "a work tree elsewhere",
            tries: "`git checkout`, `add` and `reset --hard` where `core.worktree` is the folder outside",
            must: "no file outside is read or changed",
            run: |stage| {
                let outside = stage.root.join("outside").display().to_string();
                repository(stage);
                settle(stage, &format!("[core]\nworktree = {outside}\n"));
                for words in [
                    &["checkout", "--", "."][..],
                    &["add", "-A"],
                    &["reset", "--hard"],
                    &["diff", "HEAD"],
                ] {
                    git(stage, words);
                }
                Ok(())
            },
        },
        Case {
            name: "options that run something",
            tries: "`-c`, `--config-env`, `--exec-path`, `--upload-pack`, `--receive-pack`, `--ext-diff`, `--exec`",
            must: "each is refused; the program does not run",
            run: |stage| {
                let evil = repository(stage);
                let fsmonitor = format!("core.fsmonitor={evil}");
                let path = format!("--exec-path={}", stage.workspace.display());
                let pack = format!("--upload-pack={evil}");
                let receive = format!("--receive-pack={evil}");
                let exec = format!("--exec={evil}");
                for words in [
                    &["-c", &fsmonitor, "status"][..],
                    &["-c", &fsmonitor[..], "-c", "a.b=c", "status"],
                    &["--config-env=core.fsmonitor=HOME", "status"],
                    &[&path, "status"],
                    &["fetch", &pack, "."],
                    &["ls-remote", &pack, "."],
                    &["push", &receive, "."],
                    &["ls-remote", &exec, "."],
                    &["rebase", "--exec", &evil],
                    &["bisect", "run", &evil],
                    &["submodule", "foreach", &evil],
                    &["difftool", "-x", &evil],
                    &["filter-branch", "--tree-filter", &evil],
                    &["grep", &format!("-O{evil}"), "x"],
                    &["archive", &exec, "--remote=.", "HEAD"],
                    &["daemon"],
                    &["shell"],
                    &["-p", "log"],
                ] {
                    let answer = git(stage, words);
                    answer.failed().map_err(|why| format!("{words:?}: {why}"))?;
                }
                never_ran(stage)
            },
        },
        Case {
            name: "options that lead elsewhere",
            tries: "`-C`, `--git-dir`, `--work-tree`, `--output`, `--no-index`, `-F`, `--pathspec-from-file`, `--template`",
            must: "nothing outside is read or written",
            run: |stage| {
                repository(stage);
                let outside = stage.root.join("outside");
                let secret = stage.secret().display().to_string();
                let folder = outside.display().to_string();
                let output = outside.join("new.txt").display().to_string();
                for words in [
                    &["-C", &folder, "status"][..],
                    &[&format!("--git-dir={folder}"), "status"],
                    &[&format!("--work-tree={folder}"), "status"],
                    &["diff", &format!("--output={output}")],
                    &["log", "-p", &format!("--output={output}")],
                    &["diff", "--no-index", "/dev/null", &secret],
                    &["commit", "--allow-empty", "-F", &secret],
                    &["commit", "--allow-empty", "-F", "../outside/secret.txt"],
                    &["commit", "--allow-empty", "-t", &secret],
                    &["tag", "-a", "x", "-F", &secret],
                    &["add", &format!("--pathspec-from-file={secret}")],
                    &["apply", &secret],
                    &["blame", &format!("--contents={secret}"), "file.txt"],
                    &["show", &format!("@{secret}")],
                    &["log", "--stdin", &secret],
                    &["check-ignore", "--stdin", &secret],
                    &["worktree", "add", &output],
                    &["clone", ".", &output],
                    &["bundle", "create", &output, "HEAD"],
                    &["format-patch", "-o", &folder, "-1"],
                ] {
                    git(stage, words);
                }
                git(stage, &["log", "--format=%B"]).ok().map(drop)
            },
        },
    ],
};

/// What somebody put into a repository, and the commands that spring it. `{evil}` is the program.
struct Trap {
    config: &'static str,
    file: (&'static str, &'static str),
    hooks: bool,
    words: &'static [&'static [&'static str]],
    /// Whether it is sprung only at a terminal.
    on_terminal: bool,
    /// Whether `git` does its work all the same.
    works: bool,
}

const PLAIN: Trap = Trap {
    config: "",
    file: ("unused.inc", ""),
    hooks: false,
    on_terminal: false,
    words: &[],
    works: true,
};

/// Makes a repository with one commit and a change, as the workspace, and gives the program that leaves a mark.
fn repository(stage: &mut Stage<'_>) -> String {
    stage.work_in(stage.root.join("repository"));
    stage.file("file.txt", "one\n");
    for words in [
        &["init", "-q", "-b", "main"][..],
        &["config", "user.name", "Somebody"],
        &["config", "user.email", "somebody@example.com"],
        &["add", "."],
        &["commit", "-q", "-m", "one"],
    ] {
        plain(&stage.workspace, words);
    }
    stage.file("file.txt", "two\n");
    let evil = stage.path("evil.sh");
    let mark = stage.path("owned").display().to_string();
    std::fs::write(&evil, format!("#!/bin/sh\ntouch '{mark}'\necho x\n")).expect("written");
    std::fs::set_permissions(&evil, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    evil.display().to_string()
}

/// Adds to the settings of the repository.
fn settle(stage: &Stage<'_>, config: &str) {
    let text = stage.text(".git/config").expect("`git init` wrote it");
    stage.file(".git/config", &format!("{text}{config}"));
}

/// What `git` says of a program that it would run and may not.
const TRIED: [&str; 3] = ["cannot exec", "cannot run", "was ignored"];

/// Springs a trap by `git` alone, in a copy, and then lets a skill run into it.
fn trapped(stage: &mut Stage<'_>, trap: &Trap) -> Verdict {
    let evil = repository(stage);
    let filled = |text: &str| text.replace("{evil}", &evil);
    settle(stage, &filled(trap.config));
    let (path, text) = trap.file;
    stage.file(path, &filled(text));
    let mut scripts = vec![stage.path(path)];
    if trap.hooks {
        for hook in ["pre-commit", "post-commit"] {
            let path = format!(".git/hooks/{hook}");
            stage.file(&path, &format!("#!/bin/sh\n{evil} < /dev/null\n"));
            scripts.push(stage.path(&path));
        }
    }
    for script in scripts {
        std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).expect("ours");
    }
    let copy = stage.root.join("copy");
    let copied = Command::new("cp")
        .arg("-a")
        .arg(&stage.workspace)
        .arg(&copy)
        .status();
    assert!(copied.is_ok_and(|status| status.success()), "cp copies");
    for words in trap.words {
        let mut command = command(&copy, words);
        if trap.on_terminal {
            // Only then is there anything to page through.
            let line = programs::typed(&command);
            command = command_of("script", &copy);
            command.args(["-qec", &line, "/dev/null"]);
        }
        terminal::run(command, "");
    }
    let mark = stage.path("owned");
    if std::fs::remove_file(&mark).is_err() {
        return Err("this is no trap: git alone does not run into it".to_owned());
    }
    for words in trap.words {
        let answer = git(stage, words);
        if trap.works {
            let ran = answer.ok()?;
            if ran["status"] != "exit code 0" {
                return Err(format!("git did not do its work: {answer}"));
            }
            // The kernel would stop it all the same, but by its profile `git` does not even try.
            let stderr = ran["stderr"].as_str().unwrap_or_default();
            if TRIED.iter().any(|tried| stderr.contains(tried)) {
                return Err(format!("git tried to run it: {answer}"));
            }
        }
    }
    never_ran(stage)
}

fn never_ran(stage: &Stage<'_>) -> Verdict {
    super::paths::is_absent(stage, "owned")
}

/// A skill runs `git` with these words.
fn git(stage: &mut Stage<'_>, words: &[&str]) -> Answer {
    stage.grant(&["filesystem.write=.", "process.execute=git **"]);
    let argv: Vec<_> = std::iter::once("git")
        .chain(words.iter().copied())
        .collect();
    stage.call_of(&Guest::PROCESS, "run", &json!({ "argv": argv }))
}

/// `git` alone, with no settings but the repository's.
fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = command_of("git", folder);
    command.args(words);
    command
}

/// A program with nothing of the caller's but the way to programs.
fn command_of(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("TERM", "xterm").env("GIT_TERMINAL_PROMPT", "0");
    command
}

fn plain(folder: &Path, words: &[&str]) {
    let status = command(folder, words).status().expect("git is on the PATH");
    assert!(status.success(), "git {words:?}");
}
