//! `claw run` when the power fails: what the operator decided is whole, the compiled code is believed or made again,
//! and of the receipts none is lost that was on the disk before.

use super::claw::World;
use super::notices;
use claw_tests::faults::Image;

/// What `claw receipts` shows, each by its input and outcome.
fn receipts(world: &World, told: &str) -> Vec<String> {
    let run = world.claw("receipts --json");
    assert_eq!(run.code, Some(0), "{told}: {run:?}");
    let list = run.json();
    let list = list.as_array().expect("a list").iter();
    list.map(|receipt| format!("{} {}", receipt["input"], receipt["outcome"]))
        .collect()
}

/// A skill that has been run, whose compiled code is gone, and so is the key that sealed it.
fn world() -> World {
    let world = World::new();
    world.pin();
    world.claw("add acme/x --allow environment=GREETING").ok();
    world.claw("run acme/x echo text=before").ok();
    let home = &world.person.home;
    std::fs::remove_dir_all(home.join("cache")).expect("there is a cache");
    std::fs::remove_file(home.join("cache.key")).expect("there is a key");
    world
}

fn run(world: &World) -> Vec<Image> {
    world.claw("run acme/x echo text=meanwhile").ok();
    world.disk.acknowledge();
    world.disk.recorded()
}

#[test]
fn a_run_without_power_leaves_decisions_code_and_earlier_receipts_whole() {
    let world = world();
    let decided = world.state();
    let before = receipts(&world, "before");
    world.disk.record();
    let images = run(&world);
    assert_eq!(world.disk.unseen(), [""; 0]);
    assert!(images.len() > 10, "only {} moments", images.len());
    for image in &images {
        check(&world, image, &decided, &before);
    }
}

fn check(world: &World, image: &Image, decided: &super::claw::State, before: &[String]) {
    let told = format!("{:?} at {}", image.loss, image.moment);
    image.restore(&world.root);
    assert!(world.state() == *decided, "{told}: {:#?}", world.state());
    let left = receipts(world, &told);
    assert!(
        before.iter().all(|receipt| left.contains(receipt)),
        "{told}: {left:?}"
    );
    let again = world.claw("run acme/x echo text=after");
    assert_eq!(again.code, Some(0), "{told}: {again:?}");
    assert!(again.stdout.contains("after"), "{told}: {again:?}");
    let more = receipts(world, &told);
    assert_eq!(more.len(), left.len() + 1, "{told}: {more:?}");
    assert!(left.iter().all(|receipt| more.contains(receipt)), "{told}");
    // The code that was made then is believed now.
    let home = &world.person.home;
    std::fs::remove_dir_all(home.join("receipts")).expect("there are receipts");
    world.claw("run acme/x echo text=once-more").ok();
    assert_eq!(receipts(world, &told).len(), 1, "{told}");
}

#[test]
fn compiled_code_that_is_not_synced_is_found_out() {
    let world = world();
    let decided = world.state();
    let before = receipts(&world, "before");
    for which in [
        // What is compiled, and the key that seals it.
        (|path| path.iter().any(|name| name == "cache")) as fn(&std::path::Path) -> bool,
        |path| path.to_string_lossy().contains("cache.key"),
    ] {
        let start = Image::of(&world.root);
        world.disk.record();
        world.disk.neglect(which);
        let images = run(&world);
        assert!(notices(&images, |image| check(
            &world, image, &decided, &before
        )));
        start.restore(&world.root);
    }
}
