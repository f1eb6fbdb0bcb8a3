//! `cargo claw publish` on an author's disk that is full, broken or without power: nothing is published by halves, keys and
//! logins stay whole, and the same command publishes once the disk is well.

use std::path::PathBuf;
use std::process::Stdio;

use claw_tests::TestEnv;
use claw_tests::environment::{Person, open_namespace};
use claw_tests::faults::{Disk, Fault, Image};
use claw_tests::packages;
use claw_tests::programs::Run;

use super::CALLS_MAX;

/// An author whose home, skill and temporary files are on a disk that can fail.
pub(super) struct World {
    pub(super) env: TestEnv,
    pub(super) disk: Disk,
    pub(super) author: Person,
    pub(super) root: PathBuf,
    /// Where temporary files go.
    pub(super) temporary: PathBuf,
    /// What is published.
    pub(super) package: &'static str,
    /// Where its component is put.
    pub(super) component: PathBuf,
}

impl World {
    /// Logged in, with a key, and with a skill that needs no compiler.
    fn new() -> World {
        let env = TestEnv::new();
        let root = env.root.path().join("disk");
        let author = Person::new(&root, "author");
        open_namespace(&env.registry, &author, "beta", "bob");
        forget_keysets(&author);
        let component = packages::echo(&"beta/x".parse().expect("a name"));
        author.write("assets/a", "a");
        std::fs::write(author.folder.join("skill.wasm"), component).expect("it can be written");
        let temporary = root.join("tmp");
        std::fs::create_dir(&temporary).expect("a folder can be made");
        let disk = Disk::below(&root);
        World {
            root: root.canonicalize().expect("the folder is there"),
            env,
            disk,
            temporary,
            package: "beta/x",
            component: author.folder.join("dist/x.wasm"),
            author,
        }
    }

    /// The skill's next version.
    fn version(&self, version: &str) {
        let text = format!(
            "name = \"beta/x\"\nversion = \"{version}\"\ndescription = \"A skill of the tests.\"\nlicense = \"MIT\"\n"
        );
        self.author.write("skill.toml", &text);
    }

    pub(super) fn publish(&self) -> Run {
        let mut command = self.author.command("cargo-claw", &["publish"]);
        command.env("TMPDIR", &self.temporary);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = self.disk.spawn(command).wait_with_output();
        Run::from_output("publish".to_owned(), &output.expect("it can be waited for"))
    }

    /// How many releases of this version are published: one or none.
    pub(super) fn published(&self, version: &str) -> usize {
        let index = self.env.request(&format!("/index/{}", self.package), None);
        let line = format!("\"version\":\"{version}\"");
        match index.status {
            200 => index.body.matches(&line).count(),
            404 => 0,
            status => panic!("{status} {}", index.body),
        }
    }

    /// The component as it was made the last time, which is the whole of it or not there.
    pub(super) fn made(&self) -> Option<Vec<u8>> {
        std::fs::read(&self.component).ok()
    }

    /// Files that were to get another name.
    fn drafts(&self) -> Vec<PathBuf> {
        let image = Image::of(&self.root);
        let paths = image.paths();
        let drafts = paths.filter(|path| path.extension().is_some_and(|name| name == "tmp"));
        drafts.map(PathBuf::from).collect()
    }

    /// Publishes with the disk failing at the first write, at the second, and so on.
    fn endure(&self, start: &Image, major: usize, whole: &[u8], fault: fn(usize) -> Fault) {
        for at in 1..CALLS_MAX {
            start.restore(&self.root);
            let version = format!("{major}.{at}.0");
            self.version(&version);
            let fault = fault(at);
            self.disk.fail(fault);
            let run = self.publish();
            if !self.disk.heal() {
                run.ok();
                assert!(at > 1, "{fault:?}: nothing was ever written");
                assert_eq!(self.disk.unseen(), [""; 0]);
                return;
            }
            let is_done = run.code == Some(0);
            if !is_done {
                names(run, fault);
            }
            assert_eq!(self.published(&version), usize::from(is_done), "{fault:?}");
            assert!(self.made().is_none_or(|made| made == whole), "{fault:?}");
            if matches!(fault, Fault::Full(_)) {
                assert_eq!(self.drafts(), [""; 0].map(PathBuf::from), "{fault:?}");
            }
            let again = self.publish();
            assert_eq!(again.code, Some(0), "{fault:?}, again: {again:?}");
            assert_eq!(self.published(&version), 1, "{fault:?}, again");
            assert!(self.made().is_some_and(|made| made == whole), "{fault:?}");
        }
        panic!("{CALLS_MAX} calls were not enough");
    }
}

/// The run ended with the fault, and says what to do about it.
#[track_caller]
pub(super) fn names(run: Run, fault: Fault) {
    let (why, what_to_do) = match fault {
        Fault::Full(_) => ("No space left", "hint: free some space"),
        _ => ("Input/output error", "hint: look at the disk"),
    };
    run.exits(74).says(why).says(what_to_do);
}

/// As after a login that came before the namespace: the publish learns who signs for it, and keeps that.
pub(super) fn forget_keysets(author: &Person) {
    let path = author.home.join("credentials.toml");
    let text = std::fs::read_to_string(&path).expect("there is a login");
    let mut credentials: toml::Table = text.parse().expect("it is TOML");
    let origins = credentials["registry"].as_table_mut().expect("a table");
    for (_, login) in origins {
        let login = login.as_table_mut().expect("a table");
        login.remove("keysets").expect("something was learnt");
    }
    std::fs::write(&path, credentials.to_string()).expect("it can be written");
}

#[test]
fn a_publish_from_a_failing_disk_is_done_or_not_done_and_succeeds_afterwards() {
    let world = World::new();
    let start = Image::of(&world.root);
    world.version("1.0.0");
    world.publish().ok();
    let whole = world.made().expect("it was made");
    world.endure(&start, 2, &whole, Fault::Full);
    world.endure(&start, 3, &whole, Fault::Broken);
    world.endure(&start, 4, &whole, Fault::Failing);
}

#[test]
fn a_publish_without_power_leaves_the_key_and_the_login_and_can_be_repeated() {
    let world = World::new();
    world.version("1.0.0");
    world.disk.record();
    world.publish().ok();
    world.disk.acknowledge();
    let images = world.disk.recorded();
    assert_eq!(world.disk.unseen(), [""; 0]);
    assert!(images.len() > 8, "only {} moments", images.len());
    for (number, image) in images.iter().enumerate() {
        image.restore(&world.root);
        let told = format!("{:?} at {}", image.loss, image.moment);
        // What was sent before is at the registry, and the same again is no other release.
        let again = world.publish();
        assert_eq!(again.code, Some(0), "{told}: {again:?}");
        assert_eq!(world.published("1.0.0"), 1, "{told}");
        // With what the disk held, something else is published as well.
        image.restore(&world.root);
        let version = format!("1.{}.0", number + 1);
        world.version(&version);
        let next = world.publish();
        assert_eq!(next.code, Some(0), "{told}: {next:?}");
        assert_eq!(world.published(&version), 1, "{told}");
    }
}
