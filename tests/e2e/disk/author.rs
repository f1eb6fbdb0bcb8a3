//! `cargo claw` on disks that are full or lose their power: keys and logins.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use claw_tests::TestEnv;
use claw_tests::environment::Person;
use claw_tests::faults::{Disk, Fault, Image};
use claw_tests::programs::Run;

use super::CALLS_MAX;

struct World {
    env: TestEnv,
    disk: Disk,
    person: Person,
    root: PathBuf,
}

impl World {
    fn new() -> World {
        let env = TestEnv::new();
        let root = env.root.path().join("disk");
        let person = Person::new(&root, "author");
        let disk = Disk::below(&root);
        World {
            root: root.canonicalize().expect("the folder is there"),
            env,
            disk,
            person,
        }
    }

    fn cargo_claw(&self, words: &[&str], input: &str) -> Run {
        let mut command = self.person.command("cargo-claw", words);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = self.disk.spawn(command);
        let mut stdin = process.stdin.take().expect("stdin is piped");
        // A command that takes no input may have ended already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = process.wait_with_output().expect("it can be waited for");
        Run::from_output(format!("cargo claw {}", words.join(" ")), &output)
    }

    /// Tries a command with every fault; `seen` tells the states before and after it apart.
    fn endure(&self, words: &[&str], seen: impl Fn() -> String) {
        let start = Image::of(&self.root);
        let before = seen();
        self.disk.record();
        self.cargo_claw(words, &self.env.token).ok();
        self.disk.acknowledge();
        let images = self.disk.recorded();
        let after = seen();
        let check = |told: &str, must_be_after: bool| {
            let found = seen();
            let is_after = found == after;
            assert!(is_after || found == before, "{told}: between: {found}");
            assert!(is_after || !must_be_after, "{told}: it is lost");
            if !is_after || after == before {
                let again = self.cargo_claw(words, &self.env.token);
                assert_eq!(again.code, Some(0), "{told}: again: {again:?}");
                assert_eq!(seen(), after, "{told}: again");
            }
        };
        for image in &images {
            image.restore(&self.root);
            let told = format!("{words:?}: {:?} at {}", image.loss, image.moment);
            check(&told, image.acknowledged > 0);
        }
        for at in 1..CALLS_MAX {
            start.restore(&self.root);
            self.disk.fail(Fault::Full(at));
            let run = self.cargo_claw(words, &self.env.token);
            if !self.disk.heal() {
                run.ok();
                assert_eq!(self.disk.unseen(), [""; 0]);
                return;
            }
            let is_done = run.code == Some(0);
            if !is_done {
                run.exits(74)
                    .says("No space left")
                    .says("hint: free some space");
            }
            check(&format!("{words:?}: full at write {at}"), is_done);
        }
        panic!("{words:?}: {CALLS_MAX} writes were not enough");
    }
}

#[test]
fn a_key_and_a_login_are_there_or_not_there_whatever_the_disk_does() {
    let world = World::new();
    let listed = || {
        let keys = world.person.cargo_claw(&["key", "list"]).ok().stdout;
        // Each key is another: what counts is how many are whole.
        let whole = keys
            .lines()
            .filter(|line| line.contains("acme/carol"))
            .count();
        format!("{whole} keys")
    };
    world.endure(&["key", "new", "acme/carol"], listed);
    let address = world.env.registry.address.clone();
    let credentials = || {
        let files = files(&world.person.home);
        format!("{:?}", files.get(Path::new("credentials.toml")))
    };
    world.endure(&["login", "--registry", &address], credentials);
    world.endure(&["logout"], credentials);
}

/// The texts of a folder's own files.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = entries.filter_map(|entry| {
        let text = std::fs::read_to_string(entry.path()).ok()?;
        Some((entry.file_name().into(), text))
    });
    texts.collect()
}
