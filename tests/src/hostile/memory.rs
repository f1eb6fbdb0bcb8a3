//! Memory: too much of it, in many places, or pointed at where there is none.

use serde_json::{Value, json};

use super::{Case, Family, Guest, Stage, Verdict, guest};

pub(super) const FAMILY: Family = Family {
    name: "memory",
    about: "too much memory, in many places, or pointed at where there is none",
    cases: &[&[
        Case {
            name: "memory bomb",
            tries: "takes and fills a gibibyte",
            must: "it ends as out of memory; half of what is allowed works afterwards",
            run: |stage| {
                let answer = stage.call("allocate", json!({ "mebibytes": 1024 }));
                answer.ended("out-of-memory")?;
                stage
                    .call("allocate", json!({ "mebibytes": 30 }))
                    .ok()
                    .map(drop)
            },
        },
        Case {
            name: "several memories",
            tries: "grows four memories by turns until none grows any more",
            must: "all together have no more than the limit, 1,024 pages",
            run: |stage| {
                let answer = stage.call_of(&SEVERAL, "run", &json!({}));
                match (answer.outcome.as_str(), answer.value.as_u64()) {
                    ("out-of-memory", _) => Ok(()),
                    ("ok", Some(pages)) if pages <= 1024 => Ok(()),
                    _ => Err(format!("they grew: {answer}")),
                }
            },
        },
        Case {
            name: "a hundred small memories",
            tries: "is a component with a hundred memories of one page",
            must: "it is refused, or ends before its code runs",
            run: |stage| never_runs(stage, &HUNDRED),
        },
        Case {
            name: "a memory of 4 GiB",
            tries: "is a component whose memory begins with 4 GiB",
            must: "it is refused, or ends before its code runs",
            run: |stage| never_runs(stage, &HUGE),
        },
        Case {
            name: "a table of ten million",
            tries: "is a component whose table begins with ten million places",
            must: "it is refused, or ends before its code runs",
            run: |stage| never_runs(stage, &TABLE),
        },
        Case {
            name: "deep recursion",
            tries: "calls itself without end",
            must: "a trap that says so",
            run: |stage| {
                let answer = stage.call("recurse", json!({ "depth": 0 }));
                answer.ended("trap")?;
                if answer.said.contains("stack") {
                    Ok(())
                } else {
                    Err(format!("it does not say so: {answer}"))
                }
            },
        },
        Case {
            name: "breaking the rules",
            tries: "executes `unreachable`, a hundred times",
            must: "each is a trap",
            run: |stage| {
                // A process for each takes its time: it is for the others to do so often.
                let times = if stage.way() == super::Way::Run {
                    3
                } else {
                    100
                };
                (0..times).try_for_each(|_| stage.call("crash", json!({})).ended("trap"))
            },
        },
        Case {
            name: "a long result",
            tries: "gives a text of 2 MB and one of 32 MB",
            must: "both end as too large",
            run: |stage| {
                for bytes in [2_000_000u64, 32_000_000] {
                    let answer = stage.call("long-result", json!({ "bytes": bytes }));
                    answer.ended("output-too-large")?;
                }
                Ok(())
            },
        },
        Case {
            name: "a result that is many times one text",
            tries: "gives a list of 100,000 texts that are all the same 60,000 bytes of memory: 6 GB",
            must: "it ends as too large; the host never holds it",
            run: |stage| {
                let answer = stage.call_of(&REPEATED, "run", &json!({}));
                answer.ended("output-too-large")
            },
        },
        Case {
            name: "a result beyond memory",
            tries: "gives a text whose pointer and length lie beyond its memory",
            must: "a trap",
            run: |stage| stage.call_of(&BEYOND, "run", &json!({})).ended("trap"),
        },
        Case {
            name: "a result that is no text",
            tries: "gives a text of bytes that are not UTF-8",
            must: "a trap",
            run: |stage| stage.call_of(&NO_TEXT, "run", &json!({})).ended("trap"),
        },
        Case {
            name: "arguments nowhere",
            tries: "answers the request for memory for its arguments with a place beyond its memory",
            must: "a trap",
            run: |stage| {
                let input = json!({ "text": "hello" });
                stage.call_of(&NOWHERE, "run", &input).ended("trap")
            },
        },
    ]],
};

fn never_runs(stage: &mut Stage<'_>, guest: &Guest) -> Verdict {
    let answer = stage.call_of(guest, "run", &json!({}));
    match (answer.outcome.as_str(), &answer.value) {
        ("refused" | "out-of-memory" | "trap", Value::Null) => Ok(()),
        ("refused" | "out-of-memory" | "trap", value) if value != &json!(7) => Ok(()),
        _ => Err(format!("it ran: {answer}")),
    }
}

/// A component of one module, whose action `run` gives a number.
fn number(module: &str) -> String {
    format!(
        r#"(component (core module $m {module}) (core instance $i (instantiate $m))
          (func (export "run") (result u32) (canon lift (core func $i "run"))))"#
    )
}

/// A component of one module with a memory, whose action `run` gives a text at the place that `run` returns.
fn text(module: &str, result: &str) -> String {
    format!(
        r#"(component (core module $m (memory (export "memory") 2) {module}) (core instance $i (instantiate $m))
          (func (export "run") (result {result})
            (canon lift (core func $i "run") (memory (core memory $i "memory")))))"#
    )
}

const SEVERAL: Guest = Guest::written("several-memories", |package| {
    let each = |text: fn(usize) -> String| (0..4).map(text).collect::<String>();
    let instances = each(|number| format!("(core instance $i{number} (instantiate $m))"));
    let imports = each(|number| {
        format!(
            r#"(import "{number}" "grow" (func $grow{number} (result i32)))
               (import "{number}" "size" (func $size{number} (result i32)))"#
        )
    });
    let grown = each(|number| {
        format!("(if (i32.ge_s (call $grow{number}) (i32.const 0)) (then (br $again)))")
    });
    let with = each(|number| format!(r#"(with "{number}" (instance $i{number}))"#));
    let component = format!(
        r#"(component
          (core module $m
            (memory 1)
            (func (export "grow") (result i32) (memory.grow (i32.const 16)))
            (func (export "size") (result i32) (memory.size)))
          {instances}
          (core module $all
            {imports}
            (func (export "run") (result i32)
              (loop $again {grown})
              (i32.add (i32.add (call $size0) (call $size1)) (i32.add (call $size2) (call $size3)))))
          (core instance $i (instantiate $all {with}))
          (func (export "run") (result u32) (canon lift (core func $i "run"))))"#
    );
    guest::of_text(package, &component)
});

const HUNDRED: Guest = Guest::written("hundred-memories", |package| {
    let instances: String = (0..100)
        .map(|number| format!("(core instance $i{number} (instantiate $m))"))
        .collect();
    let component = format!(
        r#"(component (core module $m (memory 1) (func (export "run") (result i32) (i32.const 7)))
          {instances}
          (func (export "run") (result u32) (canon lift (core func $i0 "run"))))"#
    );
    guest::of_text(package, &component)
});

const HUGE: Guest = Guest::written("huge-memory", |package| {
    let module = r#"(memory 65536) (func (export "run") (result i32) (i32.const 7))"#;
    guest::of_text(package, &number(module))
});

const TABLE: Guest = Guest::written("huge-table", |package| {
    let module = r#"(table 10000000 funcref) (func (export "run") (result i32) (i32.const 7))"#;
    guest::of_text(package, &number(module))
});

const REPEATED: Guest = Guest::written("repeated-result", |package| {
    let module = r#"
      (func (export "run") (result i32)
        (local $at i32)
        (drop (memory.grow (i32.const 16)))
        (memory.fill (i32.const 0) (i32.const 120) (i32.const 60000))
        (local.set $at (i32.const 65536))
        (loop $again
          (i32.store (local.get $at) (i32.const 0))
          (i32.store offset=4 (local.get $at) (i32.const 60000))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $again (i32.lt_u (local.get $at) (i32.const 865536))))
        (i32.store (i32.const 60000) (i32.const 65536))
        (i32.store (i32.const 60004) (i32.const 100000))
        (i32.const 60000))"#;
    guest::of_text(package, &text(module, "(list string)"))
});

const BEYOND: Guest = Guest::written("result-beyond", |package| {
    let module = r#"
      (func (export "run") (result i32)
        (i32.store (i32.const 16) (i32.const 0xfffffff0))
        (i32.store (i32.const 20) (i32.const 1000))
        (i32.const 16))"#;
    guest::of_text(package, &text(module, "string"))
});

const NO_TEXT: Guest = Guest::written("no-text", |package| {
    let module = r#"
      (func (export "run") (result i32)
        (i32.store (i32.const 16) (i32.const 64))
        (i32.store (i32.const 20) (i32.const 4))
        (i32.store (i32.const 64) (i32.const 0xfffefdfc))
        (i32.const 16))"#;
    guest::of_text(package, &text(module, "string"))
});

const NOWHERE: Guest = Guest::written("arguments-nowhere", |package| {
    guest::of_text(
        package,
        r#"(component
          (core module $m
            (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0xfffffff0))
            (func (export "run") (param i32 i32)))
          (core instance $i (instantiate $m))
          (func (export "run") (param "text" string)
            (canon lift (core func $i "run") (memory (core memory $i "memory"))
              (realloc (core func $i "realloc")))))"#,
    )
});
