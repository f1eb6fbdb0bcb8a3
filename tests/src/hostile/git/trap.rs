//! A trap in a repository: sprung by `git` alone, and not by a skill that runs `git`.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::super::{Stage, Verdict};
use super::{command, command_of, git, never_ran, repository};
use crate::{programs, terminal};

/// What somebody put into a repository, and the commands that spring it. `{evil}` is the program.
pub(super) struct Trap {
    pub(super) config: &'static str,
    pub(super) file: (&'static str, &'static str),
    pub(super) hooks: bool,
    pub(super) words: &'static [&'static [&'static str]],
    /// Whether it is sprung only at a terminal.
    pub(super) on_terminal: bool,
    /// Whether `git` does its work all the same.
    pub(super) works: bool,
}

pub(super) const PLAIN: Trap = Trap {
    config: "",
    file: ("unused.inc", ""),
    hooks: false,
    on_terminal: false,
    words: &[],
    works: true,
};

/// What `git` says of a program that it would run and may not.
const TRIED: [&str; 3] = ["cannot exec", "cannot run", "was ignored"];

/// Adds to the settings of the repository.
pub(super) fn settle(stage: &Stage<'_>, config: &str) {
    let text = stage.text(".git/config").expect("`git init` wrote it");
    stage.file(".git/config", &format!("{text}{config}"));
}

/// Springs a trap by `git` alone, in a copy, and then lets a skill run into it.
pub(super) fn trapped(stage: &mut Stage<'_>, trap: &Trap) -> Verdict {
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
