//! Settings, attributes and hooks that run programs, or lead elsewhere.

use super::super::Case;
use super::trap::{PLAIN, Trap, settle, trapped};
use super::{git, repository};

pub(super) const CASES: &[Case] = &[
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
];
