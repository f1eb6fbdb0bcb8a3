//! A backup to a disk that fills up or loses its power: it says so, and the backup before it stands.

use std::path::Path;
use std::process::Stdio;

use claw_tests::TestEnv;
use claw_tests::faults::{Disk, Fault, Image};
use claw_tests::packages::TestPackage;
use claw_tests::programs::{self, Run};
use claw_tests::registry::admin;

use super::registry_world::World;
use super::{CALLS_MAX, notices};

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
        assert_eq!(found.code, Some(0), "write {at}: {}", found.stdout);
        let found = found.stderr;
        let old = format!(", {at} releases, ");
        let new = format!(", {} releases, ", at + 1);
        assert!(
            found.contains(&old) || found.contains(&new),
            "write {at}: {found}"
        );
        backup().ok();
        let repeated = admin(&target, &["verify"]).ok().stderr;
        assert!(!repeated.contains("interrupted"), "write {at}: {repeated}");
        assert!(repeated.contains(&new), "write {at}, again: {repeated}");
    }
    panic!("{CALLS_MAX} writes were not enough");
}

/// A registry with two releases that has ended, on a disk beside a backup with the first of them.
struct Copying {
    world: World,
    disk: Disk,
    start: Image,
}

impl Copying {
    fn new() -> Copying {
        let mut world = World::new();
        assert_eq!(world.sender().publish("1.0.0").status, 201);
        let backup = world.folder().join("backup");
        let backup = backup.to_str().expect("a UTF-8 path");
        world.registry.admin(&["backup", backup]).ok();
        assert_eq!(world.sender().publish("1.1.0").status, 201);
        world.registry.kill();
        Copying {
            disk: Disk::below(world.folder()),
            start: Image::of(world.folder()),
            world,
        }
    }

    fn run(&self, words: &[&str; 2], data: &str) -> Run {
        let folder = self.world.folder();
        let mut command = programs::command("claw-registry", folder, folder);
        command.args(words).arg("--data").arg(folder.join(data));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = self.disk.spawn(command).wait_with_output();
        Run::from_output(words.join(" "), &output.expect("it can be waited for"))
    }

    /// What the disk may hold before, during and after a copy.
    fn images(&self, words: &[&str; 2], data: &str, neglected: fn(&Path) -> bool) -> Vec<Image> {
        self.start.restore(self.world.folder());
        self.disk.record();
        self.disk.neglect(neglected);
        self.run(words, data).ok();
        self.disk.acknowledge();
        let images = self.disk.recorded();
        assert_eq!(self.disk.unseen(), [""; 0]);
        images
    }

    /// There is the backup before or the new one, and the next backup is the new one.
    fn check_backup(&self, image: &Image) {
        let told = format!("{:?} at {}", image.loss, image.moment);
        image.restore(self.world.folder());
        let target = self.world.folder().join("backup");
        let found = admin(&target, &["verify"]);
        assert_eq!(found.code, Some(0), "{told}: {}", found.stdout);
        let is_new = found.stderr.contains(", 2 releases, ");
        assert!(
            is_new || (found.stderr.contains(", 1 releases, ") && image.acknowledged == 0),
            "{told}: {}",
            found.stderr
        );
        self.run(&["backup", "backup"], "registry").ok();
        let again = admin(&target, &["verify"]).ok().stderr;
        assert!(again.contains(", 2 releases, "), "{told}: {again}");
    }

    /// There is no registry, or all of it, and restoring it again succeeds where there is none.
    fn check_restore(&self, image: &Image) {
        let told = format!("{:?} at {}", image.loss, image.moment);
        image.restore(self.world.folder());
        let target = self.world.folder().join("restored");
        let is_there = target.join("registry.db").exists();
        assert!(is_there || image.acknowledged == 0, "{told}: it is lost");
        if !is_there {
            self.run(&["restore", "backup"], "restored").ok();
        }
        let found = admin(&target, &["verify"]);
        assert_eq!(found.code, Some(0), "{told}: {}", found.stdout);
        assert!(found.stderr.contains(", 1 releases, "), "{told}: {found:?}");
    }
}

const BACKUP: [&str; 2] = ["backup", "backup"];
const RESTORE: [&str; 2] = ["restore", "backup"];

#[test]
fn a_copy_without_power_is_the_one_before_it_or_the_new_one() {
    let copying = Copying::new();
    let images = copying.images(&BACKUP, "registry", |_| false);
    assert!(images.len() > 10, "only {} moments", images.len());
    images.iter().for_each(|image| copying.check_backup(image));
    let copying = Copying::new();
    let images = copying.images(&RESTORE, "restored", |_| false);
    assert!(images.len() > 10, "only {} moments", images.len());
    images.iter().for_each(|image| copying.check_restore(image));
}

#[test]
fn a_sync_of_a_copy_that_is_left_out_is_noticed() {
    let copying = Copying::new();
    let noticed = |words: &[&str; 2], data: &str, what: &str, which: fn(&Path) -> bool| {
        let images = copying.images(words, data, which);
        let noticed = notices(&images, |image| match words[0] {
            "backup" => copying.check_backup(image),
            _ => copying.check_restore(image),
        });
        assert!(noticed, "{}: nobody needs the sync of {what}", words[0]);
    };
    let (backup, restored) = ("registry", "restored");
    noticed(&BACKUP, backup, "the database's bytes", |path| {
        path.to_string_lossy().contains("registry.db")
    });
    noticed(&BACKUP, backup, "the folder", |path| {
        path.ends_with("backup")
    });
    noticed(&BACKUP, backup, "the tarball's name", |path| {
        path.parent()
            .is_some_and(|folder| folder.ends_with("sha256"))
    });
    noticed(&BACKUP, backup, "the tarball's folder", |path| {
        path.ends_with("sha256")
    });
    noticed(&RESTORE, restored, "the tarball's bytes", |path| {
        path.iter().any(|name| name == "incoming")
    });
    noticed(&RESTORE, restored, "the folder of tarballs", |path| {
        path.ends_with("blobs")
    });
    noticed(&RESTORE, restored, "the new folder", |path| path == "");
}
