//! `claw` on disks that are full, break or lose their power, at each write of each command that changes anything.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use claw_tests::TestEnv;
use claw_tests::environment::{ORIGIN, Person};
use claw_tests::faults::{Disk, Fault, Image};
use claw_tests::packages::TestPackage;
use claw_tests::programs::Run;

use super::{CALLS_MAX, Needed, notices};

/// Somebody whose home, project and temporary files are on a disk that can fail.
pub(super) struct World {
    env: TestEnv,
    pub(super) disk: Disk,
    pub(super) person: Person,
    pub(super) root: PathBuf,
}

/// What a command changes: what the operator decided, and what the project says of it.
pub(super) type State = BTreeMap<PathBuf, String>;

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

    pub(super) fn state(&self) -> State {
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

    /// Does `words` once on a disk that is whole, and gives what it might have held at each moment.
    fn attempt<'a>(&'a self, words: &'a str, neglected: fn(&Path) -> bool) -> Attempt<'a> {
        let start = Image::of(&self.root);
        let before = self.state();
        let use_before = self.claw("run acme/x echo text=hi").code;
        start.restore(&self.root);
        self.disk.record();
        self.disk.neglect(neglected);
        self.claw(words).ok();
        self.disk.acknowledge();
        let images = self.disk.recorded();
        Attempt {
            world: self,
            words,
            start,
            images,
            before: (before, use_before),
            after: (self.state(), self.claw("run acme/x echo text=hi").code),
        }
    }

    /// Tries `words` with every fault that there is, from the state that the disk has now.
    fn endure(&self, words: &str) {
        let attempt = self.attempt(words, |_| false);
        for image in &attempt.images {
            attempt.check_image(image);
        }
        for fault in [Fault::Full, Fault::Broken, Fault::Failing] {
            attempt.endure(fault);
        }
        assert_eq!(self.disk.unseen(), [""; 0]);
        println!("{words}: {} moments", attempt.images.len());
    }

    /// Without one of these syncs, a loss of power does harm that is noticed. The disk has afterwards what it had.
    fn needs(&self, words: &str, neglected: &[Needed]) {
        for (what, which) in neglected {
            let attempt = self.attempt(words, *which);
            let noticed = notices(&attempt.images, |image| attempt.check_image(image));
            assert!(noticed, "{words}: nobody needs the sync of {what}");
            attempt.start.restore(&self.root);
        }
    }
}

/// What is decided, and how it ends when the skill is used.
type Seen = (State, Option<i32>);

/// A command, what was there before and after it, and what the disk held meanwhile.
struct Attempt<'a> {
    world: &'a World,
    words: &'a str,
    start: Image,
    images: Vec<Image>,
    before: Seen,
    after: Seen,
}

impl Attempt<'_> {
    /// What is there is the state before or the one after, and the command done again succeeds.
    fn check(&self, told: &str, must_be_after: bool) {
        let Self { world, words, .. } = self;
        let (after, use_after) = &self.after;
        let used = world.claw("run acme/x echo text=hi");
        let state = world.state();
        let expected = if state == *after {
            *use_after
        } else {
            let (before, use_before) = &self.before;
            assert!(state == *before, "{told}: between: {state:#?}\n{after:#?}");
            assert!(!must_be_after, "{told}: what was acknowledged is lost");
            *use_before
        };
        // A store that lost its bytes is found out, and mended by what the hint says.
        let is_mended = used.code == Some(4) && used.stderr.contains("hint: claw install");
        assert!(
            used.code == expected || (is_mended && !must_be_after),
            "{told}: {used:?}"
        );
        let again = world.claw(words);
        // What is removed already is not there to be removed.
        let is_gone = words.starts_with("remove") && state == *after && again.code == Some(5);
        assert!(again.code == Some(0) || is_gone, "{told}: again: {again:?}");
        assert!(
            world.state() == *after,
            "{told}: again: {:#?}",
            world.state()
        );
        let used = world.claw("run acme/x echo text=hi");
        assert_eq!(used.code, *use_after, "{told}");
    }

    /// The power was lost when the disk held `image`.
    fn check_image(&self, image: &Image) {
        image.restore(&self.world.root);
        let told = format!("{}: {:?} at {}", self.words, image.loss, image.moment);
        self.check(&told, image.acknowledged > 0);
    }

    /// The disk fails at the first write, at the second, and so on.
    fn endure(&self, fault: fn(usize) -> Fault) {
        let Self { world, words, .. } = self;
        for at in 1..CALLS_MAX {
            self.start.restore(&world.root);
            world.disk.fail(fault(at));
            let run = world.claw(words);
            if !world.disk.heal() {
                run.ok();
                return;
            }
            let fault = fault(at);
            let is_done = run.code == Some(0);
            // What is not on the disk is not done.
            assert!(
                !is_done || !matches!(fault, Fault::Broken(_)),
                "{words}: {fault:?}"
            );
            if !is_done {
                let (why, what_to_do) = match fault {
                    Fault::Full(_) => ("No space left", "hint: free some space"),
                    _ => ("Input/output error", "hint: look at the disk"),
                };
                run.exits(74).says(why).says(what_to_do);
            }
            self.check(&format!("{words}: {fault:?}"), is_done);
        }
        panic!("{words}: {CALLS_MAX} calls were not enough");
    }
}

pub(super) fn package(version: &str) -> TestPackage {
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

/// What the sync after the journal's removal is for: a journal that came back would take the old files for unwritten.
#[test]
fn what_was_done_and_undone_by_hand_is_not_done_again_after_a_loss_of_power() {
    let world = World::new();
    world.pin();
    let attempt = world.attempt("add acme/x --allow environment=GREETING", |_| false);
    let done: Vec<_> = attempt
        .images
        .iter()
        .filter(|image| image.acknowledged > 0)
        .collect();
    assert!(!done.is_empty());
    for image in done {
        image.restore(&world.root);
        // As a version control does it that puts back what was there, byte for byte.
        let files = ["claw.toml", "claw.lock"].map(|name| world.person.folder.join(name));
        for file in &files {
            let before = attempt
                .before
                .0
                .get(file.strip_prefix(&world.root).expect("it is below"));
            let undone = match before {
                Some(text) => std::fs::write(file, text),
                None => std::fs::remove_file(file),
            };
            undone.expect("a file can be changed");
        }
        let held = || {
            files
                .each_ref()
                .map(|file| std::fs::read_to_string(file).ok())
        };
        let undone = held();
        world.claw("list").ok();
        assert_eq!(held(), undone, "{:?} at {}", image.loss, image.moment);
    }
}

/// The folder that is the home, or the one that is the project.
fn is_home(path: &Path) -> bool {
    path.ends_with(".claw")
}

/// A file of the home or of the project that is to replace another.
fn is_draft(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tmp")
}

/// What is in the store, and what is on its way there.
fn is_stored(path: &Path) -> bool {
    path.iter().any(|name| name == "store")
}

#[test]
fn a_sync_of_claw_that_is_left_out_is_noticed() {
    let world = World::new();
    let (address, keyset) = (&world.env.registry.address, &world.env.keyset);
    let init = format!("init --registry {address}");
    let new_home = Image::of(&world.root);
    world.needs(
        &init,
        &[
            ("the folder above a new home", |path| path.ends_with("home")),
            ("the home", is_home),
            ("the project", |path| path.ends_with("work")),
            ("the bytes of each file", is_draft),
        ],
    );
    new_home.restore(&world.root);
    world.claw(&init).ok();
    let trust = format!("trust add acme --origin {ORIGIN} --keyset {keyset}");
    let each: &[Needed] = &[("the home", is_home), ("the bytes of each file", is_draft)];
    world.needs(&trust, each);
    world.claw(&trust).ok();
    world.needs(
        "add acme/x --allow environment=GREETING",
        &[
            ("the home", is_home),
            ("the project", |path| path.ends_with("work")),
            ("the records of projects", |path| path.ends_with("projects")),
            ("the journal's bytes", |path| {
                is_draft(path) && path.to_string_lossy().contains("unfinished")
            }),
            ("the record's bytes", |path| {
                is_draft(path) && path.to_string_lossy().contains("projects")
            }),
            ("the lock's bytes", |path| {
                is_draft(path) && path.to_string_lossy().contains("claw.lock")
            }),
            ("everything in the store", is_stored),
            ("the files in the store", |path| {
                is_stored(path) && path.extension().is_some()
            }),
            ("the folders above a release", |path| {
                is_stored(path) && (path.ends_with("store") || path.ends_with("acme"))
            }),
            ("the folder that holds a release", |path| {
                path.ends_with("store/acme/x")
            }),
        ],
    );
    world.claw("add acme/x --allow environment=GREETING").ok();
    world.needs(
        "grant acme/x filesystem.read=docs",
        &[
            ("the records of projects", |path| path.ends_with("projects")),
            ("the record's bytes", is_draft),
        ],
    );
    world.needs(
        "remove acme/x",
        &[
            ("the home", is_home),
            ("the project", |path| path.ends_with("work")),
            ("the records of projects", |path| path.ends_with("projects")),
        ],
    );
}
