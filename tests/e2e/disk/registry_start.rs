//! The first start of a registry, its own commands, and `verify`, on disks that are full, lose their power, or can only be read.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use claw_tests::environment::ORIGIN;
use claw_tests::faults::{Disk, Fault};
use claw_tests::programs::{self, Run};
use claw_tests::registry::{Registry, admin};
use tempfile::TempDir;

use super::CALLS_MAX;

/// Starts a registry and ends it as soon as it listens, if it comes to that; gives what it printed.
fn start(disk: &Disk, data: &Path) -> Run {
    let mut command = programs::command("claw-registry", Path::new("/"), data);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--origin", ORIGIN])
        .arg("--data")
        .arg(data);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = disk.spawn(command);
    let mut stdout = String::new();
    for line in BufReader::new(process.stdout.take().expect("stdout is piped")).lines() {
        let line = line.expect("stdout can be read");
        stdout.push_str(&line);
        stdout.push('\n');
        if line.starts_with("listening on ") {
            disk.acknowledge();
            process.kill().expect("it runs");
            break;
        }
    }
    let mut stderr = String::new();
    let mut errors = process.stderr.take().expect("stderr is piped");
    errors.read_to_string(&mut stderr).expect("stderr is text");
    let status = process.wait().expect("it can be waited for");
    Run {
        typed: "claw-registry serve".to_owned(),
        code: status.code(),
        stdout,
        stderr,
    }
}

fn listens(run: &Run) -> bool {
    run.stdout.contains("listening on ")
}

#[test]
fn a_first_start_on_a_full_disk_says_so_and_the_next_one_succeeds() {
    let root = TempDir::new().expect("a temporary folder can be made");
    let disk = Disk::below(root.path());
    for at in 1..CALLS_MAX {
        let data = root.path().join(format!("deep/registry-{at}"));
        disk.fail(Fault::Full(at));
        let run = start(&disk, &data);
        let struck = disk.heal();
        if !struck {
            assert!(listens(&run), "{}", run.stderr);
            assert_eq!(disk.unseen(), [""; 0]);
            return;
        }
        if !listens(&run) {
            let run = run.exits(1).says("free some space");
            assert!(run.stdout.is_empty(), "call {at}: a token that is nobody's");
        }
        let again = start(&disk, &data);
        assert!(listens(&again), "call {at}: {}", again.stderr);
        admin(&data, &["verify"]).ok();
    }
    panic!("{CALLS_MAX} calls were not enough");
}

fn run_has_token(run: &Run) -> bool {
    run.stdout.contains("admin token ")
}

#[test]
fn a_first_start_without_power_loses_no_token_that_was_shown() {
    let root = TempDir::new().expect("a temporary folder can be made");
    let disk = Disk::below(root.path());
    let data = root.path().join("deep/registry");
    disk.record();
    let first = start(&disk, &data);
    assert!(run_has_token(&first), "{}", first.stderr);
    let images = disk.recorded();
    assert!(images.len() > 10, "only {} moments", images.len());
    for image in images {
        let told = format!("{:?} at {}", image.loss, image.moment);
        image.restore(root.path());
        let again = start(&disk, &data);
        assert!(listens(&again), "{told}: {}", again.stderr);
        if image.acknowledged > 0 {
            assert!(!run_has_token(&again), "{told}: it began anew");
        }
        admin(&data, &["verify"]).ok();
    }
}

#[test]
fn the_commands_beside_a_registry_say_that_the_disk_is_full_and_succeed_afterwards() {
    let root = TempDir::new().expect("a temporary folder can be made");
    let data = root.path().join("registry");
    let registry = Registry::start(&data);
    let disk = Disk::below(root.path());
    let run = |words: &[&str]| {
        let mut command = programs::command("claw-registry", root.path(), root.path());
        command.args(words).arg("--data").arg(&data);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = disk.spawn(command).wait_with_output();
        Run::from_output(words.join(" "), &output.expect("it can be waited for"))
    };
    let count = || admin(&data, &["token", "list"]).ok().stdout.lines().count();
    let words = ["token", "create", "--scope", "publish"];
    let each_write = || {
        for at in 1..CALLS_MAX {
            let before = count();
            disk.fail(Fault::Full(at));
            let created = run(&words);
            if !disk.heal() {
                created.ok();
                return;
            }
            if created.code != Some(0) {
                created.exits(1).says("free some space");
                assert_eq!(count(), before, "call {at}");
            }
            run(&words).ok();
        }
        panic!("{CALLS_MAX} calls were not enough");
    };
    each_write();
    // Without a server there are more files to be made.
    drop(registry);
    each_write();
}

#[test]
fn a_registry_is_verified_where_nothing_can_be_written() {
    let root = TempDir::new().expect("a temporary folder can be made");
    let data = root.path().join("registry");
    let mut registry = Registry::start(&data);
    registry.admin(&["token", "create", "--scope", "read"]).ok();
    registry.kill();
    let disk = Disk::below(root.path());
    let verify = || {
        let mut command = programs::command("claw-registry", root.path(), root.path());
        command.args(["verify", "--data"]).arg(&data);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = disk.spawn(command).wait_with_output();
        Run::from_output("verify".to_owned(), &output.expect("it can be waited for"))
    };
    // It was killed: what it wrote last is in a log that only a writer can take in.
    disk.fail(Fault::ReadOnly);
    verify().exits(1).says("verify the copy");
    disk.fail(Fault::None);
    verify().ok();
    disk.fail(Fault::ReadOnly);
    verify().ok().says("0 faults");
    assert!(disk.heal(), "nothing was tried");
}
