//! `cargo claw publish` of a skill in Rust, on a disk that is full or broken wherever this program itself changes something:
//! what Cargo writes is on another disk.

use claw_tests::environment::{Person, open_namespace};
use claw_tests::faults::{Disk, Fault, Image};
use claw_tests::{TestEnv, guests, programs};

use super::CALLS_MAX;
use super::publishing::{World, forget_keysets, names};

/// An author whose home is on the disk, and whose component is put there.
fn world() -> World {
    guests::ensure_toolchain().expect("a toolchain for components");
    let env = TestEnv::new();
    // The folder of one namespace in the folder of all that is made of skills, which tests share.
    let root = programs::guest_target().join("claw/frail");
    if root.exists() {
        std::fs::remove_dir_all(&root).expect("nobody else uses it");
    }
    std::fs::create_dir_all(root.join("home")).expect("a folder can be made");
    let root = root.canonicalize().expect("the folder is there");
    let maker = Person {
        home: root.join("home/.claw"),
        folder: env.author.folder.clone(),
    };
    open_namespace(&env.registry, &maker, "frail", "fay");
    let new = ["new", "reed", "--namespace", "frail"];
    maker.cargo_claw(&new).ok();
    World {
        author: Person {
            folder: maker.folder.join("reed"),
            ..maker
        },
        temporary: env.root.path().to_path_buf(),
        disk: Disk::below(&root),
        package: "frail/reed",
        component: root.join("reed.wasm"),
        root,
        env,
    }
}

/// Publishes with the disk failing at the first write, at the second, and so on: each is the same command again, with what
/// the one before has left.
fn endure(world: &World, version: &str, fault: fn(usize) -> Fault) {
    let manifest = world.author.read("Cargo.toml");
    let line = format!("version = \"{version}\"");
    let is_version = |text: &str| text.starts_with("version = ");
    let lines = manifest.lines();
    let lines = lines.map(|text| if is_version(text) { &line } else { text });
    let manifest = lines.collect::<Vec<_>>().join("\n");
    world.author.write("Cargo.toml", &manifest);
    forget_keysets(&world.author);
    let before = world.made();
    let start = Image::of(&world.root);
    // From here on Cargo has nothing to do.
    world.author.cargo_claw(&["build"]).ok();
    let whole = world.made();
    start.restore(&world.root);
    for at in 1..CALLS_MAX {
        let fault = fault(at);
        world.disk.fail(fault);
        let run = world.publish();
        if !world.disk.heal() {
            run.ok();
            assert!(at > 1, "{fault:?}: nothing was ever written");
            assert_eq!(world.published(version), 1, "{fault:?}");
            assert_eq!(world.disk.unseen(), [""; 0]);
            return;
        }
        names(run, fault);
        assert_eq!(world.published(version), 0, "{fault:?}");
        let made = world.made();
        assert!(
            made == before || made == whole,
            "{fault:?}: it is neither the old nor the new one"
        );
    }
    panic!("{CALLS_MAX} calls were not enough");
}

#[test]
fn a_publish_of_a_skill_in_rust_is_not_done_or_done_and_succeeds_once_the_disk_is_well() {
    let world = world();
    endure(&world, "1.0.0", Fault::Full);
    endure(&world, "2.0.0", Fault::Broken);
    endure(&world, "3.0.0", Fault::Failing);
}
