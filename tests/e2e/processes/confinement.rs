//! What a child can do, tried by the child itself.

use std::fs;
use std::os::unix::fs::MetadataExt;

use claw_host::Level;
use serde_json::json;

use super::world::{World, cases, error, result, table};

/// What a child does for a living.
const DONE: [&str; 6] = [
    "stdin is empty",
    "read in the workspace",
    "write in the workspace",
    "temporary file",
    "pair of streams",
    "itself",
];

/// What only a mount namespace stops: `docs/security.md` says so.
const DONE_AT_BASIC: [&str; 2] = ["stat outside", "program by its loader"];

#[test]
fn whatever_a_child_tries_it_stays_in_its_confinement() {
    for case in cases() {
        let world = World::new(case);
        let neighbour = world.neighbour();
        let id = neighbour.id().to_string();
        let [workspace, outside] = [&world.workspace, &world.outside];
        let before = fs::metadata(outside.join("secret.txt")).expect("it is there");
        let words = [
            "try",
            workspace.to_str().unwrap(),
            outside.to_str().unwrap(),
            &id,
        ];
        let report = world.run(&words);
        let ran = result(&report);
        assert_eq!(ran["status"], "exit code 0", "{case:?} {ran:#}");
        let text = ran["stdout"].as_str().expect("text");
        let found = table(text);
        assert!(found.len() > 70, "{text}");
        for (name, said) in &found {
            let expected = match *name {
                "descriptors open" | "capabilities" => "0",
                "own session" => "true",
                name if DONE.contains(&name) => "done",
                name if case.level == Level::Basic && DONE_AT_BASIC.contains(&name) => "done",
                _ => "refused",
            };
            assert_eq!(*said, expected, "`{name}` at {case:?}\n{text}");
        }
        let after = fs::metadata(outside.join("secret.txt")).expect("it is there");
        let facts = |stat: &fs::Metadata| {
            (
                stat.ino(),
                stat.mode(),
                stat.nlink(),
                stat.mtime_nsec(),
                stat.len(),
            )
        };
        assert_eq!(facts(&before), facts(&after), "{case:?}");
        drop(neighbour);
        world.is_clean();
    }
}

#[test]
fn a_granted_folder_is_all_that_a_child_sees_of_the_workspace() {
    for case in cases() {
        let world = World::new(case);
        fs::create_dir(world.workspace.join("docs")).unwrap();
        fs::write(world.workspace.join("docs/a.txt"), "a").unwrap();
        let any = world.any();
        let read = |grants: &[&str]| {
            let outside = world.outside.to_str().unwrap();
            let report = world.call(super::world::Call {
                action: "run",
                input: json!({ "argv": world.argv(&["try", world.workspace.to_str().unwrap(), outside, "1"]) }),
                grants,
            });
            let text = result(&report)["stdout"].as_str().unwrap().to_owned();
            let said = table(&text);
            ["read in the workspace", "write in the workspace"].map(|name| said[name] == "done")
        };
        assert_eq!(
            read(&[&any, "filesystem.write=."]),
            [true, true],
            "{case:?}"
        );
        assert_eq!(
            read(&[&any, "filesystem.read=."]),
            [true, false],
            "{case:?}"
        );
        assert_eq!(
            read(&[&any, "filesystem.write=docs"]),
            [false, false],
            "{case:?}"
        );
        assert_eq!(read(&[&any]), [false, false], "{case:?}");
    }
}

#[test]
fn nothing_of_a_child_is_left_when_it_has_ended() {
    for case in cases() {
        let world = World::new(case);
        let ran = world.run(&["daemon"]);
        assert_eq!(result(&ran)["stdout"], "left\n", "{case:?}");
        world.is_clean();
        let bomb = world.run(&["bomb"]);
        let ran = result(&bomb);
        // It either found out that there could be no more, or was ended for trying.
        let count = ran["stdout"].as_str().unwrap().trim().parse::<u32>();
        match count {
            Ok(count) => assert!(count < 400, "{case:?} {ran}"),
            Err(_) => assert_eq!(ran["status"], "signal 9", "{case:?} {ran}"),
        }
        world.is_clean();
    }
}

#[test]
fn a_child_ends_when_it_is_told_to_when_its_time_is_up_and_with_its_action() {
    for case in cases() {
        let world = World::new(case);
        let killed = world.act("kill", json!({ "argv": world.argv(&["hang"]) }));
        assert_eq!(result(&killed)["status"], "signal 9", "{case:?}");
        world.is_clean();
        let input = json!({ "argv": world.argv(&["hang"]), "timeout-ms": 300 });
        let late = world.act("run", input);
        assert!(
            error(&late).contains("timed-out") || error(&late).contains("TimedOut"),
            "{late:?}"
        );
        world.is_clean();
        let left = world.act(
            "leave",
            json!({ "argv": world.argv(&["hang"]), "count": 3 }),
        );
        assert_eq!(*result(&left), 3, "{case:?}");
        world.is_clean();
    }
}

#[test]
fn a_child_is_talked_with_while_it_runs() {
    for case in cases() {
        let world = World::new(case);
        let text = "x".repeat(4_000);
        let input = json!({ "argv": world.argv(&["echo"]), "text": text });
        assert_eq!(result(&world.act("talk", input))["stdout"], text);
        let text = "y".repeat(300_000);
        let input = json!({ "argv": world.argv(&["echo"]), "stdin": text });
        assert_eq!(result(&world.act("run", input))["stdout"], text);
        for (words, status) in [(["exit", "3"], "exit code 3"), (["abort", ""], "signal 6")] {
            let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            assert_eq!(result(&world.run(&words))["status"], status, "{case:?}");
        }
        world.is_clean();
    }
}

#[test]
fn a_child_starts_where_it_is_told_with_what_it_was_given() {
    for case in cases() {
        let world = World::new(case);
        fs::create_dir(world.workspace.join("docs")).unwrap();
        let workspace = world.workspace.display().to_string();
        let at = |folder: Option<&str>| {
            let input = json!({ "argv": world.argv(&["where"]), "folder": folder });
            result(&world.act("run", input))["stdout"]
                .as_str()
                .unwrap()
                .trim()
                .to_owned()
        };
        assert_eq!(at(None), workspace, "{case:?}");
        assert_eq!(at(Some("docs")), format!("{workspace}/docs"));
        let input = json!({ "argv": world.argv(&["environment"]), "environment": ["GREETING"] });
        let report = world.act("run", input);
        let text = result(&report)["stdout"].as_str().unwrap();
        let names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split('=').next())
            .collect();
        assert_eq!(
            names,
            ["PATH", "HOME", "TMPDIR", "LANG", "TERM", "GREETING"],
            "{text}"
        );
        assert!(text.ends_with("GREETING=value of GREETING\n"), "{text}");
    }
}
