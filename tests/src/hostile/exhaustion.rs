//! Taking all there is: files, names, folders, disk, handles, time, host calls.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Case, Family, Guest, Stage, Verdict, guest};
use crate::packages;

/// Short enough to wait for.
const SHORT: Duration = Duration::from_millis(700);

/// Long enough to reach a limit of names; a busy machine may end it by its time.
const MAKING: Duration = Duration::from_secs(10);

/// More names than a call may make.
const NAMES_MAX: usize = 10_000;

/// More than any guest may have of anything that is counted here.
const VERY_MANY: u32 = 1_000_000;

pub(super) const FAMILY: Family = Family {
    name: "exhaustion",
    about: "taking all there is of files, names, folders, disk, handles, time, host calls",
    cases: &[&[
        Case {
            name: "file handles",
            tries: "opens one file a million times and keeps every one",
            must: "it ends at a limit far below the process's; the next call opens files as before",
            run: |stage| {
                let input = json!({ "path": "docs/note.txt", "count": VERY_MANY });
                let answer = stage.call("hold-files", input);
                is_bounded(&answer, 128)?;
                stage
                    .call("read", json!({ "path": "docs/note.txt" }))
                    .ok()
                    .map(drop)
            },
        },
        Case {
            name: "timers",
            tries: "makes ten thousand timers and keeps every one",
            must: "it traps at the limit of handles",
            run: |stage| {
                stage
                    .call("hold-timers", json!({ "count": 10_000 }))
                    .ended("trap")
            },
        },
        Case {
            name: "a trap with full hands",
            tries: "opens a hundred files, makes a hundred timers, and traps; twenty times",
            must: "each is a trap; the process has no more open files than before",
            run: |stage| {
                for _ in 0..20 {
                    let input = json!({ "path": "docs/note.txt", "count": 100 });
                    stage.call("crash-holding", input).ended("trap")?;
                }
                Ok(())
            },
        },
        Case {
            name: "names",
            tries: "makes a million empty files",
            must: "it ends at a limit",
            run: |stage| {
                stage.within(MAKING);
                std::fs::create_dir(stage.path("many")).expect("made");
                let input = json!({ "folder": "many", "count": VERY_MANY });
                let answer = stage.call("make-files", input);
                let made = std::fs::read_dir(stage.path("many")).map_or(0, Iterator::count);
                if answer.outcome == "ok" && answer.value[1].is_null() || made > NAMES_MAX {
                    return Err(format!("{made} files were made: {answer}"));
                }
                Ok(())
            },
        },
        Case {
            name: "nested folders",
            tries: "makes a hundred thousand folders, each in the one before it",
            must: "it ends at a limit; the next call works",
            run: |stage| {
                stage.within(MAKING);
                let input = json!({ "base": "/workspace", "count": 100_000 });
                let answer = stage.call("nest-folders", input);
                // Too deep for anything that goes down by itself.
                let removed = Command::new("rm").arg("-rf").arg(stage.path("d")).status();
                assert!(removed.is_ok_and(|status| status.success()), "rm removes");
                match answer.outcome.as_str() {
                    "out-of-time" => Ok(()),
                    _ => is_bounded(&answer, NAMES_MAX as u64),
                }
            },
        },
        Case {
            name: "a large file without bytes",
            tries: "sets a file's size to 4 GiB, and to the largest number there is",
            must: "both fail; the file takes no space",
            run: |stage| {
                for bytes in [4u64 << 30, u64::MAX, i64::MAX as u64] {
                    let input = json!({ "path": "docs/large", "bytes": bytes.to_string() });
                    stage.call("grow", input).failed()?;
                    is_small(stage, "docs/large")?;
                }
                Ok(())
            },
        },
        Case {
            name: "a byte far out",
            tries: "writes one byte at 4 GiB, and at the largest place there is",
            must: "both fail; the file takes no space",
            run: |stage| {
                for place in [4u64 << 30, u64::MAX, i64::MAX as u64] {
                    let input = json!({ "base": ".", "path": "docs/far", "place": place.to_string(),
                                        "text": "x" });
                    stage.call("write-at", input).failed()?;
                    is_small(stage, "docs/far")?;
                }
                Ok(())
            },
        },
        Case {
            name: "zeroes without asking",
            tries: "writes 2^62 zeroes to a stream that never allowed them",
            must: "it traps or fails; the file takes no space",
            run: |stage| {
                let count = (1u64 << 62).to_string();
                let input = json!({ "base": ".", "path": "docs/zeroes", "count": count });
                let answer = stage.call("zeroes", input);
                if !["trap", "action-error"].contains(&answer.outcome.as_str()) {
                    return Err(format!("it went on: {answer}"));
                }
                is_small(stage, "docs/zeroes")
            },
        },
        Case {
            name: "endless loop",
            tries: "never returns and never calls the host",
            must: "it ends at its time, and so does the next one",
            run: |stage| {
                stage.within(SHORT);
                for _ in 0..2 {
                    let answer = stage.call("spin", json!({}));
                    answer.ended("out-of-time")?;
                    answer.within(SHORT)?;
                }
                Ok(())
            },
        },
        Case {
            name: "asleep in the host",
            tries: "sleeps for an hour, and for longer than any clock counts",
            must: "both end at their time",
            run: |stage| {
                stage.within(SHORT);
                for milliseconds in [3_600_000u64, 18_000_000_000_000] {
                    let input = json!({ "milliseconds": milliseconds.to_string() });
                    let answer = stage.call("wait", input);
                    answer.ended("out-of-time")?;
                    answer.within(SHORT)?;
                }
                Ok(())
            },
        },
        Case {
            name: "endless start",
            tries: "never returns from the component's start function",
            must: "it ends at its time",
            run: |stage| never_ends(stage, &START, json!({})),
        },
        Case {
            name: "endless allocation",
            tries: "never returns from placing its input",
            must: "it ends at its time",
            run: |stage| never_ends(stage, &REALLOC, json!({ "text": "hello" })),
        },
        Case {
            name: "endless clean-up",
            tries: "gives a result and never returns from cleaning up after it",
            must: "it ends at its time",
            run: |stage| never_ends(stage, &POST_RETURN, json!({})),
        },
        Case {
            name: "host calls",
            tries: "calls the host a hundred million times",
            must: "it ends at the limit of host calls, or at its time",
            run: |stage| {
                let answer = stage.call("host-calls", json!({ "calls": 100_000_000u64 }));
                match answer.outcome.as_str() {
                    "too-many-host-calls" | "out-of-time" => answer.within(Duration::from_secs(30)),
                    _ => Err(format!("it went on: {answer}")),
                }
            },
        },
        Case {
            name: "random bytes",
            tries: "asks for 2^62 random bytes at once",
            must: "it traps; no memory is taken for them",
            run: |stage| {
                let bytes = (1u64 << 62).to_string();
                stage
                    .call("random", json!({ "bytes": bytes }))
                    .ended("trap")
            },
        },
        Case {
            name: "ending the program",
            tries: "calls `exit(0)` and `exit(1)` in the middle of an action",
            must: "a trap of the guest alone; the program goes on",
            run: |stage| {
                for code in [0, 1] {
                    stage.call("leave", json!({ "code": code })).ended("trap")?;
                }
                Ok(())
            },
        },
    ]],
};

const START: Guest = Guest::written("endless-start", |package| {
    guest::of_text(package, packages::LOOP_IN_START)
});

const REALLOC: Guest = Guest::written("endless-realloc", |package| {
    guest::of_text(package, packages::LOOP_IN_REALLOC)
});

const POST_RETURN: Guest = Guest::written("endless-clean-up", |package| {
    guest::of_text(
        package,
        r#"(component
          (core module $m
            (memory (export "memory") 1)
            (func (export "run") (result i32) (i32.const 16))
            (func (export "after") (param i32) (loop $again (br $again))))
          (core instance $i (instantiate $m))
          (func (export "run") (result string)
            (canon lift (core func $i "run") (memory (core memory $i "memory"))
              (post-return (core func $i "after")))))"#,
    )
});

fn never_ends(stage: &mut Stage<'_>, guest: &Guest, input: Value) -> Verdict {
    stage.within(SHORT);
    let answer = stage.call_of(guest, "run", &input);
    answer.ended("out-of-time")?;
    answer.within(SHORT)
}

/// It got less than `most`, and was told why not more.
fn is_bounded(answer: &super::Answer, most: u64) -> Verdict {
    if answer.outcome == "trap" {
        return Ok(());
    }
    let value = answer.ok()?;
    match (value[0].as_u64(), value[1].as_str()) {
        (Some(got), Some(_)) if got <= most => Ok(()),
        _ => Err(format!("it got too much: {answer}")),
    }
}

/// A file takes less than a mebibyte of the disk.
fn is_small(stage: &Stage<'_>, path: &str) -> Verdict {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = stage.path(path).metadata() else {
        return Ok(());
    };
    if metadata.blocks() * 512 < 1 << 20 && metadata.len() < 1 << 30 {
        Ok(())
    } else {
        Err(format!("`{path}` has {} bytes", metadata.len()))
    }
}
