//! Options that a skill gives to `git`.

use super::super::Case;
use super::{git, never_ran, repository};

pub(super) const CASES: &[Case] = &[
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
];
