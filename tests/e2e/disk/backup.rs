//! A backup to a disk that fills up: it says so, and the backup before it stands.

use std::process::Stdio;

use claw_tests::TestEnv;
use claw_tests::faults::{Disk, Fault};
use claw_tests::packages::TestPackage;
use claw_tests::programs::{self, Run};
use claw_tests::registry::admin;

use super::CALLS_MAX;

#[test]
fn a_backup_to_a_full_disk_leaves_the_one_before_it_and_succeeds_afterwards() {
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    let disks = env.root.path().join("backups");
    std::fs::create_dir(&disks).expect("a folder can be made");
    let disk = Disk::below(&disks);
    let target = disks.join("registry");
    let backup = || {
        let mut command = programs::command("claw-registry", &disks, &disks);
        command.arg("backup").arg(&target).arg("--data");
        command.arg(env.registry.data());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = disk.spawn(command).wait_with_output();
        Run::from_output("backup".to_owned(), &output.expect("it can be waited for"))
    };
    backup().ok();
    for at in 1..CALLS_MAX {
        env.publish(&TestPackage::new("acme/x", &format!("1.{at}.0")));
        disk.fail(Fault::Full(at));
        let run = backup();
        if !disk.heal() {
            run.ok();
            assert!(at > 1, "nothing was ever written");
            return;
        }
        if run.code != Some(0) {
            run.exits(1).says("free some space");
        }
        // Tarballs are copied before the database that names them, and stay for the next backup.
        let found = admin(&target, &["verify"]);
        let early = |fault: &str| fault.ends_with("no release names it");
        assert!(
            found.code == Some(0) || found.stdout.trim_end().lines().all(early),
            "write {at}: {}",
            found.stdout
        );
        let found = found.stderr;
        let old = format!(", {at} releases, ");
        let new = format!(", {} releases, ", at + 1);
        assert!(
            found.contains(&old) || found.contains(&new),
            "write {at}: {found}"
        );
        backup().ok();
        let repeated = admin(&target, &["verify"]).ok().stderr;
        assert!(repeated.contains(&new), "write {at}, again: {repeated}");
    }
    panic!("{CALLS_MAX} writes were not enough");
}
