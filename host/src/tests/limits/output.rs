//! Results, input and logs.

use std::sync::Arc;

use super::*;
use crate::{LogSource, Output};

/// A function `f` that returns what the module leaves at address 0.
fn returning(ty: &str, module: &str) -> String {
    format!(
        r#"(component
          (core module $m (memory (export "memory") 40) (func (export "f") (result i32) {module} (i32.const 0)))
          (core instance $i (instantiate $m))
          (func (export "f") (result {ty}) (canon lift (core func $i "f") (memory (core memory $i "memory")))))"#
    )
}

const RESULT_TOO_LARGE: Outcome = Outcome::OutputTooLarge {
    output: Output::Result,
    limit: 1024 * 1024,
};

#[tokio::test]
async fn a_large_result_is_refused() {
    let text = returning(
        "string",
        "(memory.fill (i32.const 65536) (i32.const 97) (i32.const 1100000))
         (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 1100000))",
    );
    assert_eq!(run(&text, "f", Limits::default()).await, RESULT_TOO_LARGE);
}

#[tokio::test]
async fn an_endless_result_is_refused_before_it_is_copied() {
    // 65,536 strings of 2 MB each, all of them the same memory.
    let text = returning(
        "(list string)",
        "(local $i i32)
         (memory.fill (i32.const 589824) (i32.const 97) (i32.const 2000000))
         (loop $l
           (i32.store offset=65536 (i32.mul (local.get $i) (i32.const 8)) (i32.const 589824))
           (i32.store offset=65540 (i32.mul (local.get $i) (i32.const 8)) (i32.const 2000000))
           (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 65536))))
         (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 65536))",
    );
    assert_eq!(run(&text, "f", Limits::default()).await, RESULT_TOO_LARGE);
}

#[tokio::test]
async fn large_input_never_enters_the_guest() {
    let text = format!(
        r#"(component {LIBC}
          (core module $m (func (export "f") (param i32 i32)))
          (core instance $i (instantiate $m))
          (func (export "f") (param "x" string)
            (canon lift (core func $i "f") (memory $memory) (realloc $realloc))))"#
    );
    let skill = skill(&text);
    let invoke = |length| skill.invoke(Invocation::new("f", json!({"x": "a".repeat(length)})));
    let overhead = json!({"x": ""}).to_string().len();
    let fits = Limits::default().input_bytes as usize - overhead;
    assert_eq!(invoke(fits + 1).await.receipt.outcome, "invalid-input");
    // What fits the limit on input may still be more than the guest's memory.
    assert_ne!(invoke(fits).await.receipt.outcome, "invalid-input");
}

#[tokio::test]
async fn too_much_for_one_host_call_traps() {
    let text = logging(
        "(drop (memory.grow (i32.const 900)))
         (call $log (i32.const 2) (i32.const 0) (i32.const 58000000))",
    );
    let Outcome::Trap(message) = run(&text, "f", Limits::default()).await else {
        panic!()
    };
    assert_eq!(message, "the skill passed too much to the host at once");
}

#[tokio::test]
async fn a_log_flood_of_bytes_is_too_large() {
    let text =
        logging("(loop $l (call $log (i32.const 2) (i32.const 0) (i32.const 60000)) (br $l))");
    let expected = Outcome::OutputTooLarge {
        output: Output::Log,
        limit: 1024 * 1024,
    };
    assert_eq!(run(&text, "f", Limits::default()).await, expected);
}

#[tokio::test]
async fn a_log_flood_of_records_is_slowed_down() {
    let text = logging("(loop $l (call $log (i32.const 2) (i32.const 0) (i32.const 7)) (br $l))");
    let mut invocation = Invocation::new("f", json!({}));
    invocation.limits = Limits {
        log_records_per_second: 10,
        ..short()
    };
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    invocation.log = Some(Arc::new(move |record| sink.lock().unwrap().push(record)));
    let report = skill(&text).invoke(invocation).await;
    assert_eq!(report.outcome, Outcome::OutOfTime { limit: SHORT });
    let seen = seen.lock().unwrap();
    // Ten at once, and some while the clock ran.
    assert!((10..100).contains(&seen.len()), "{}", seen.len());
    assert!(
        seen.iter()
            .all(|record| record.message == "started" && record.source == LogSource::Log)
    );
    // The last call may have been the one that waited.
    assert!(report.receipt.calls.log - seen.len() as u64 <= 1);
}
