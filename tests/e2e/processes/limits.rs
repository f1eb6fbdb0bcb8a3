//! How much a skill can start, and how much of it is kept.

use serde_json::json;

use super::world::{World, error, levels, result};

#[test]
fn an_action_starts_no_more_programs_than_its_limit() {
    let world = World::new(levels()[0]);
    let report = world.call_with(
        super::world::Call {
            action: "again",
            input: json!({ "argv": world.argv(&["exit", "0"]), "count": 6 }),
            grants: &[&world.any()],
        },
        |invocation| invocation.limits.processes = 4,
    );
    assert_eq!(*result(&report), 4);
    assert_eq!(report.receipt.calls.process, 5);
    let left = world.act(
        "leave",
        json!({ "argv": world.argv(&["hang"]), "count": 20 }),
    );
    assert_eq!(*result(&left), 8);
    world.is_clean();
}

#[test]
fn output_memory_and_words_are_bounded() {
    for case in levels() {
        let world = World::new(case);
        let input = json!({ "argv": world.argv(&["say", "100000"]), "output-bytes": 1000 });
        let report = world.act("run", input);
        let ran = result(&report);
        assert_eq!(ran["stdout"].as_str().unwrap().len(), 1000);
        assert_eq!(
            (&ran["truncated"], &ran["status"]),
            (&json!(true), &json!("exit code 0"))
        );
        let gigabyte = (1_u64 << 30).to_string();
        assert_eq!(
            result(&world.run(&["memory", &gigabyte]))["stdout"],
            "refused\n"
        );
        assert_eq!(
            result(&world.run(&["memory", "1000000"]))["stdout"],
            "done\n"
        );
        let long = "x".repeat(200_000);
        assert!(
            error(&world.run(&["exit", &long])).contains("imit"),
            "{case:?}"
        );
    }
}
