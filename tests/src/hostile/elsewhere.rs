//! The same table in a process of its own: as another user, or where no namespace can be made.
//!
//! The other user can't reach what was built here, so programs and guests are copied to where it can.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{Configuration, Level, Row, User, Way};
use crate::{guests, programs};

/// Nobody's user: no file of this machine is theirs.
const ORDINARY: u32 = 54_321;

/// What the other process needs.
const PROGRAMS: [&str; 5] = ["hostile", "claw", "cargo-claw", "claw-registry", "confined"];

/// No kernel makes a namespace within one that allows none, which is what `basic` is for.
const WITHOUT_NAMESPACES: &str = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";

/// Runs the families, or all, as `user`: in this process where that is it, else in one of its own.
///
/// # Panics
///
/// When this process may not be that user, or the other process says something else than rows.
pub fn run_as(user: User, configuration: Configuration, families: &[&str]) -> Vec<Row> {
    let is_here = std::env::var_os("CLAW_TESTS_PROGRAMS").is_some();
    let has_level = configuration.level == Level::Full || configuration.way == Way::Library;
    if is_here || (user == User::current() && has_level) {
        return super::run(configuration, families);
    }
    let root = TempDir::new().expect("a temporary folder can be made");
    let others = root.path().join("programs");
    for folder in ["programs", "guests", "temporary"] {
        std::fs::create_dir(root.path().join(folder)).expect("a folder can be made");
    }
    for name in PROGRAMS {
        copy(&programs::path(name), &others.join(name));
    }
    for (name, package) in guests::all() {
        let place = root.path().join("guests").join(format!("{name}.tar.gz"));
        copy(package, &place);
    }
    let temporary = root.path().join("temporary");
    let mut command = starting(configuration, &others.join("hostile"));
    command.args(["--way", configuration.way.word()]);
    command.args(["--level", configuration.level.word(), "--lines"]);
    command.args(families);
    command
        .env("CLAW_TESTS_PROGRAMS", &others)
        .env("CLAW_TESTS_GUESTS", root.path().join("guests"))
        .env("TMPDIR", &temporary)
        .current_dir(root.path())
        .stdin(Stdio::null());
    std::fs::set_permissions(root.path(), PermissionsExt::from_mode(0o755)).expect("it is ours");
    if user != User::current() {
        assert_eq!(
            User::current(),
            User::Root,
            "only root can be somebody else"
        );
        chown(&temporary, Some(ORDINARY), Some(ORDINARY)).expect("we are root");
        command.uid(ORDINARY).gid(ORDINARY).env("HOME", &temporary);
    }
    let output = command.output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let rows: Vec<Row> = text
        .lines()
        .filter_map(|line| Row::from_json(&serde_json::from_str(line).ok()?))
        .collect();
    assert!(
        matches!(output.status.code(), Some(0 | 1)) && !rows.is_empty(),
        "{command:?} ended with {}: {text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    rows
}

/// The programs of `claw` take the best level that there is; so that there is no more, the kernel is asked for less.
fn starting(configuration: Configuration, program: &Path) -> Command {
    if configuration.level == Level::Full || configuration.way == Way::Library {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-current-user", "--keep-caps"]);
    command
        .args(["sh", "-c", WITHOUT_NAMESPACES, "sh"])
        .arg(program);
    command
}

/// Copies a file for everybody to read and, where it is a program, to run.
fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).expect("copied");
    std::fs::set_permissions(to, PermissionsExt::from_mode(0o755)).expect("it is ours");
}
