//! Loops, wherever they are, and sleep.

use std::sync::Arc;

use super::*;

#[tokio::test]
async fn an_endless_loop_runs_out_of_time() {
    let text = core(r#"(func (export "f") (loop $l (br $l)))"#);
    assert_eq!(
        run(&text, "f", short()).await,
        Outcome::OutOfTime { limit: SHORT }
    );
}

#[tokio::test]
async fn an_endless_start_function_runs_out_of_time() {
    let text = core(r#"(func $s (loop $l (br $l))) (start $s) (func (export "f"))"#);
    assert_eq!(
        run(&text, "f", short()).await,
        Outcome::OutOfTime { limit: SHORT }
    );
}

#[tokio::test]
async fn an_endless_realloc_runs_out_of_time() {
    let text = r#"(component
      (core module $m
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (loop $l (br $l)) unreachable)
        (func (export "f") (param i32 i32)))
      (core instance $i (instantiate $m))
      (func (export "f") (param "text" string) (canon lift (core func $i "f")
        (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#;
    let mut invocation = Invocation::new("f", json!({"text": "x"}));
    invocation.limits = short();
    let report = skill(text).invoke(invocation).await;
    assert_eq!(report.outcome, Outcome::OutOfTime { limit: SHORT });
}

#[tokio::test]
async fn a_guest_asleep_in_the_host_runs_out_of_time() {
    let text = r#"(component
          (import "wasi:io/poll@0.2.6" (instance $poll
            (export "pollable" (type (sub resource)))))
          (alias export $poll "pollable" (type $pollable))
          (import "wasi:io/poll@0.2.0" (instance $poll2
            (alias outer 1 $pollable (type $p))
            (export "pollable" (type $p' (eq $p)))
            (export "[method]pollable.block" (func (param "self" (borrow $p'))))))
          (import "wasi:clocks/monotonic-clock@0.2.6" (instance $clock
            (alias outer 1 $pollable (type $p))
            (export "pollable" (type $p' (eq $p)))
            (export "subscribe-duration" (func (param "when" u64) (result (own $p'))))))
          (core func $sleep (canon lower (func $clock "subscribe-duration")))
          (core func $block (canon lower (func $poll2 "[method]pollable.block")))
          (core module $m
            (import "" "sleep" (func $sleep (param i64) (result i32)))
            (import "" "block" (func $block (param i32)))
            (func (export "f") (call $block (call $sleep (i64.const 3600000000000)))))
          (core instance $i (instantiate $m (with "" (instance
            (export "sleep" (func $sleep)) (export "block" (func $block))))))
          (func (export "f") (canon lift (core func $i "f"))))"#;
    assert_eq!(
        run(text, "f", short()).await,
        Outcome::OutOfTime { limit: SHORT }
    );
}

#[tokio::test]
async fn a_spinning_guest_is_cancelled() {
    let text = logging(
        "(loop $l (call $log (i32.const 2) (i32.const 0) (i32.const 7)) (loop $s (br $s)))",
    );
    let mut invocation = Invocation::new("f", json!({}));
    let cancel = invocation.cancel.clone();
    invocation.log = Some(Arc::new(move |_| cancel.cancel()));
    let start = Instant::now();
    let report = skill(&text).invoke(invocation).await;
    assert_eq!(report.outcome, Outcome::Cancelled);
    assert!(start.elapsed() < LATE_MAX);
    // What is cancelled beforehand ends at once.
    let invocation = Invocation::new("f", json!({}));
    invocation.cancel.cancel();
    assert_eq!(
        skill(&text).invoke(invocation).await.outcome,
        Outcome::Cancelled
    );
}
