//! `claw` on disks that are full or lose their power, at each write of each command that changes anything.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use claw_tests::TestEnv;
use claw_tests::environment::{ORIGIN, Person};
use claw_tests::faults::{Disk, Fault, Image};
use claw_tests::packages::TestPackage;
use claw_tests::programs::Run;

use super::CALLS_MAX;

/// Somebody whose home, project and temporary files are on a disk that can fail.
pub(super) struct World {
    env: TestEnv,
    pub(super) disk: Disk,
    pub(super) person: Person,
    root: PathBuf,
}

/// What a command changes: what the operator decided, and what the project says of it.
type State = BTreeMap<PathBuf, String>;

impl World {
    /// With a project that knows the registry and trusts `acme`, whose `acme/x` has one release.
    pub(super) fn new() -> World {
        let env = TestEnv::new();
        env.publish(&package("1.0.0"));
        let root = env.root.path().join("disk");
        let person = Person::new(&root, "agent");
        std::fs::create_dir(root.join("tmp")).expect("a folder can be made");
        let disk = Disk::below(&root);
        World {
            root: root.canonicalize().expect("the folder is there"),
            env,
            disk,
            person,
        }
    }

    pub(super) fn claw(&self, words: &str) -> Run {
        let words: Vec<_> = words.split_whitespace().collect();
        let mut command = self.person.command("claw", &words);
        command.env("TMPDIR", self.root.join("tmp"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = self.disk.spawn(command).wait_with_output();
        let output = output.expect("it can be waited for");
        Run::from_output(format!("claw {}", words.join(" ")), &output)
    }

    fn state(&self) -> State {
        let image = Image::of(&self.root);
        let decides = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.unwrap_or_default();
            let is_record = path
                .parent()
                .is_some_and(|folder| folder.ends_with("projects"));
            (is_record && name.ends_with(".toml"))
                || ["trust.toml", "config.yaml", "claw.toml", "claw.lock"].contains(&name)
        };
        let paths = image.paths().filter(|path| decides(path));
        let files = paths.filter_map(|path| {
            let bytes = image.file(path.to_str()?)?;
            Some((path.to_owned(), String::from_utf8_lossy(bytes).into_owned()))
        });
        files.collect()
    }

    pub(super) fn pin(&self) {
        let Self { env, .. } = self;
        let keyset = &env.keyset;
        self.claw(&format!("init --registry {}", env.registry.address))
            .ok();
        self.claw(&format!(
            "trust add acme --origin {ORIGIN} --keyset {keyset}"
        ))
        .ok();
    }

    /// Tries `words` with every fault that there is, from the state that the disk has now.
    fn endure(&self, words: &str) {
        let start = Image::of(&self.root);
        let before = self.state();
        let use_before = self.claw("run acme/x echo text=hi").code;
        start.restore(&self.root);
        self.disk.record();
        self.claw(words).ok();
        self.disk.acknowledge();
        let images = self.disk.recorded();
        let after = self.state();
        let use_after = self.claw("run acme/x echo text=hi").code;
        let check = |told: &str, must_be_after: bool| {
            let used = self.claw("run acme/x echo text=hi");
            let state = self.state();
            let expected = if state == after {
                use_after
            } else {
                assert!(state == before, "{told}: between: {state:#?}\n{after:#?}");
                assert!(!must_be_after, "{told}: what was acknowledged is lost");
                use_before
            };
            // A store that lost its bytes is found out, and mended by what the hint says.
            let is_mended = used.code == Some(4) && used.stderr.contains("hint: claw install");
            assert!(
                used.code == expected || (is_mended && !must_be_after),
                "{told}: {used:?}"
            );
            let again = self.claw(words);
            // What is removed already is not there to be removed.
            let is_gone = words.starts_with("remove") && state == after && again.code == Some(5);
            assert!(again.code == Some(0) || is_gone, "{told}: again: {again:?}");
            assert!(self.state() == after, "{told}: again: {:#?}", self.state());
            assert_eq!(
                self.claw("run acme/x echo text=hi").code,
                use_after,
                "{told}"
            );
        };
        for image in &images {
            image.restore(&self.root);
            let told = format!("{words}: {:?} at {}", image.loss, image.moment);
            check(&told, image.acknowledged > 0);
        }
        for at in 1..CALLS_MAX {
            start.restore(&self.root);
            self.disk.fail(Fault::Full(at));
            let run = self.claw(words);
            if !self.disk.heal() {
                run.ok();
                println!("{words}: {} moments, {at} writes", images.len());
                assert_eq!(self.disk.unseen(), [""; 0]);
                return;
            }
            let is_done = run.code == Some(0);
            if !is_done {
                run.exits(74)
                    .says("No space left")
                    .says("hint: free some space");
            }
            check(&format!("{words}: full at write {at}"), is_done);
        }
        panic!("{words}: {CALLS_MAX} writes were not enough");
    }
}

fn package(version: &str) -> TestPackage {
    TestPackage::new("acme/x", version)
        .permission("filesystem.read=docs")
        .permission("environment=GREETING")
}

#[test]
fn trust_and_init_on_a_failing_disk() {
    let world = World::new();
    let (address, keyset) = (&world.env.registry.address, &world.env.keyset);
    world.endure(&format!("init --registry {address}"));
    world.endure(&format!(
        "trust add acme --origin {ORIGIN} --keyset {keyset}"
    ));
    world.endure(&format!("trust add-registry {address}/"));
}

#[test]
fn add_on_a_failing_disk() {
    let world = World::new();
    world.pin();
    world.endure("add acme/x --allow environment=GREETING");
}

#[test]
fn install_and_update_on_a_failing_disk() {
    let world = World::new();
    world.pin();
    world.claw("add acme/x --allow environment=GREETING").ok();
    let home = world.person.home.clone();
    std::fs::remove_dir_all(home.join("store")).expect("the store can be removed");
    world.endure("install");
    world.claw("install").ok();
    world.env.publish(&package("1.1.0"));
    world.endure("update");
}

#[test]
fn grant_revoke_and_remove_on_a_failing_disk() {
    let world = World::new();
    world.pin();
    world.claw("add acme/x --allow environment=GREETING").ok();
    world.endure("grant acme/x filesystem.read=docs");
    world.endure("revoke acme/x environment=GREETING");
    world.endure("remove acme/x");
}
