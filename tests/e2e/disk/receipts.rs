//! A result is shown only when its receipt is written, also on a disk that fills up in the middle of it.

use claw_tests::faults::Fault;

use super::CALLS_MAX;
use super::claw::World;

/// How many lines of the receipts are whole.
fn whole_receipts(world: &World) -> usize {
    let path = world.person.home.join("receipts/receipts.jsonl");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = |line: &&str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .filter(whole)
        .count()
}

#[test]
fn on_a_full_disk_no_result_is_shown_without_its_receipt() {
    let world = World::new();
    world.pin();
    world.claw("add acme/x --allow environment=GREETING").ok();
    // So that a run has to write the compiled code again.
    std::fs::remove_dir_all(world.person.home.join("cache")).expect("there is a cache");
    for at in 1..CALLS_MAX {
        let before = whole_receipts(&world);
        world.disk.fail(Fault::Full(at));
        let run = world.claw("run acme/x echo text=hi");
        let struck = world.disk.heal();
        if run.code == Some(0) {
            assert!(run.stdout.contains("hi"), "{run:?}");
            assert_eq!(whole_receipts(&world), before + 1, "write {at}");
        } else {
            let run = run.exits(74).says("hint: free some space");
            assert_eq!(run.stdout, "", "write {at}: shown without a receipt");
        }
        if !struck {
            return;
        }
        let before = whole_receipts(&world);
        world.claw("run acme/x echo text=hi").ok();
        assert_eq!(whole_receipts(&world), before + 1, "write {at}, again");
    }
    panic!("{CALLS_MAX} writes were not enough");
}
