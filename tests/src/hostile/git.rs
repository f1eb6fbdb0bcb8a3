//! A repository made by somebody else, whose settings and files run programs when `git` is run in it.
//!
//! Each trap is sprung first by `git` alone, in a copy, so that it is one.

mod options;
mod settings;
mod trap;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Answer, Family, Guest, Stage, Verdict};

pub(super) const FAMILY: Family = Family {
    name: "git",
    about: "a repository made by somebody else, in which a skill runs `git`",
    cases: &[settings::CASES, options::CASES],
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
