//! How much a skill can start, and how much of it is kept.

use std::time::Duration;

use claw_host::Invocation;
use serde_json::{Value, json};

use super::grants::granted;
use super::world::{Call, World, cases, error, levels, result};

/// More than the processors together need to use it up.
const LONG: Duration = Duration::from_secs(6);

#[test]
fn an_action_starts_no_more_programs_than_its_limit() {
    let world = World::new(levels()[0]);
    let report = world.call_with(
        Call {
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

#[test]
fn memory_and_time_are_bounded_together_where_there_are_control_groups() {
    const MIB: u64 = 1 << 20;
    for case in cases() {
        let world = World::new(case);
        let is_together = world.confinement().together;
        let any = world.any();
        let run = |words: &[&str], change: &dyn Fn(&mut Invocation)| {
            let call = Call {
                action: "run",
                input: json!({ "argv": world.argv(words) }),
                grants: &[&any],
            };
            world.call_with(call, change)
        };
        let small = |invocation: &mut Invocation| {
            invocation.limits.process_memory_bytes = 64 * MIB;
            invocation.limits.written_bytes = MIB;
        };
        let bytes = (40 * MIB).to_string();
        let one = run(&["crowd", "1", "hold", &bytes], &small);
        assert_eq!(result(&one)["stdout"], "1\n", "{case:?}");
        let many = run(&["crowd", "8", "hold", &bytes], &small);
        match is_together {
            true => assert_eq!(result(&many)["status"], "signal 9", "{case:?}"),
            false => assert_eq!(result(&many)["stdout"], "8\n", "{case:?}"),
        }
        world.is_clean();
        // Eight that compute take eight seconds in each second of eight processors, or of fewer what these have.
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        if is_together && processors > 1 {
            let short = |invocation: &mut Invocation| invocation.limits.timeout = LONG;
            let spinning = run(&["crowd", "8", "spin"], &short);
            assert_eq!(result(&spinning)["status"], "signal 9", "{case:?}");
            world.is_clean();
        }
    }
}

#[test]
fn what_programs_say_and_are_told_is_bounded_over_the_whole_call() {
    for case in levels() {
        let world = World::new(case);
        let any = world.any();
        let act = |action: &str, input: Value, bytes_max: u64| {
            let call = Call {
                action,
                input,
                grants: &[&any],
            };
            let bounded = |invocation: &mut Invocation| {
                invocation.limits.process_traffic_bytes = bytes_max;
            };
            world.call_with(call, bounded)
        };
        let endless = world.argv(&["chatter"]);
        for (action, input) in [
            ("run", json!({ "argv": endless })),
            ("talk", json!({ "argv": endless, "text": "" })),
            ("again", json!({ "argv": endless, "count": 2 })),
        ] {
            let report = act(action, input, 1_000_000);
            if action == "again" {
                assert_eq!(*result(&report), 0);
            } else {
                let why = error(&report);
                assert!(why.contains("at most 1000000 bytes together"), "{why}");
            }
            world.is_clean();
        }
        // All of a call count together, input and output alike, and the last byte is not too many.
        let (thousand, count) = (world.argv(&["say", "1000"]), 5);
        let input = json!({ "argv": thousand, "count": count });
        assert_eq!(*result(&act("again", input.clone(), 4_999)), 4);
        assert_eq!(*result(&act("again", input, 5_000)), 5);
        let echo = json!({ "argv": world.argv(&["echo"]), "text": "x".repeat(1000) });
        assert_eq!(
            result(&act("talk", echo.clone(), 2_000))["status"],
            "exit code 0"
        );
        assert!(error(&act("talk", echo, 1_999)).contains("at most 1999 bytes"));
    }
}

#[test]
fn a_program_that_says_more_than_anybody_reads_is_ended() {
    let (env, program) = granted();
    let input = json!({ "argv": [program, "chatter"] }).to_string();
    let words = ["run", "acme/process", "run", "--input", &input];
    let run = env.agent.claw(&words).exits(1);
    run.says("LimitExceeded")
        .says("at most 268435456 bytes together");
}
