//! Children that stay, and all that they take: processes, memory, time, output.

use std::time::Duration;

use serde_json::json;

use super::super::{Case, Guest};
use super::{argv, run};

/// Short enough to wait for.
const SHORT: Duration = Duration::from_secs(2);

pub(super) const CASES: &[Case] = &[
    Case {
        name: "a process that stays",
        tries: "a child forks twice and leaves a process in a session of its own",
        must: "it is gone when the action has ended",
        run: |stage| {
            run(stage, &["daemon"]).ok()?;
            stage.no_process_left()
        },
    },
    Case {
        name: "fork bomb",
        tries: "a child forks until it can't any more",
        must: "it is stopped far below 400 processes; all are gone when the action has ended",
        run: |stage| {
            let answer = run(stage, &["bomb"]);
            let ran = answer.ok()?;
            let count = ran["stdout"]
                .as_str()
                .unwrap_or_default()
                .trim()
                .parse::<u32>();
            if count.is_ok_and(|count| count >= 400) {
                return Err(format!("it was not stopped: {answer}"));
            }
            stage.no_process_left()
        },
    },
    Case {
        name: "memory of a child",
        tries: "a child takes eight gibibytes",
        must: "refused",
        run: |stage| {
            let bytes = (8u64 << 30).to_string();
            let answer = run(stage, &["memory", &bytes]);
            match answer.ok()?["stdout"].as_str() {
                Some("refused\n") => Ok(()),
                _ => Err(format!("it got it: {answer}")),
            }
        },
    },
    Case {
        name: "a child that never ends",
        tries: "runs a program that never ends, and leaves three running",
        must: "over within the action's time; all are gone afterwards",
        run: |stage| {
            stage.grant_program();
            stage.within(SHORT);
            let input = json!({ "argv": argv(stage, &["hang"]) });
            let answer = stage.call_of(&Guest::PROCESS, "run", &input);
            answer.within(SHORT)?;
            stage.no_process_left()?;
            let input = json!({ "argv": argv(stage, &["hang"]), "count": 3 });
            stage.call_of(&Guest::PROCESS, "leave", &input);
            stage.no_process_left()
        },
    },
    Case {
        name: "a crowd of children",
        tries: "leaves a hundred programs running at once, and runs a thousand one after the other",
        must: "it gets no more than 8 at once and 64 in all; all are gone afterwards",
        run: |stage| {
            stage.grant_program();
            let input = json!({ "argv": argv(stage, &["hang"]), "count": 100 });
            let answer = stage.call_of(&Guest::PROCESS, "leave", &input);
            if answer.ok()?.as_u64().is_none_or(|count| count > 8) {
                return Err(format!("too many ran at once: {answer}"));
            }
            stage.no_process_left()?;
            let input = json!({ "argv": argv(stage, &["exit", "0"]), "count": 1000 });
            let answer = stage.call_of(&Guest::PROCESS, "again", &input);
            match answer.value.as_u64() {
                Some(0..=64) => stage.no_process_left(),
                _ => Err(format!("too many ran: {answer}")),
            }
        },
    },
    Case {
        name: "a flood of output",
        tries: "a child writes a gigabyte",
        must: "it is cut; the result stays within its limit",
        run: |stage| {
            let answer = run(stage, &["say", "300000000"]);
            match answer.outcome.as_str() {
                "ok" if answer.said.len() < 8 << 20 => Ok(()),
                "output-too-large" | "action-error" | "trap" => Ok(()),
                _ => Err(format!("{} bytes came", answer.said.len())),
            }
        },
    },
];
