//! The ambient interfaces: what is shown, and what is not.

use std::sync::{Arc, Mutex};

use super::*;
use crate::{LogLevel, LogSource};

/// `f` returns whatever the function of this interface returns through memory.
fn forwarding(interface: &str, function: &str, ty: &str) -> String {
    format!(
        r#"(component {LIBC}
          (import "{interface}" (instance $i (export "{function}" (func (result {ty})))))
          (core func $get (canon lower (func $i "{function}") (memory $memory) (realloc $realloc)))
          (core module $m
            (import "" "get" (func $get (param i32)))
            (func (export "f") (result i32) (call $get (i32.const 16)) (i32.const 16)))
          (core instance $m (instantiate $m (with "" (instance (export "get" (func $get))))))
          (func (export "f") (result {ty})
            (canon lift (core func $m "f") (memory $memory) (realloc $realloc))))"#
    )
}

#[tokio::test]
async fn only_granted_variables_are_seen() {
    let text = forwarding(
        "wasi:cli/environment@0.2.6",
        "get-environment",
        "(list (tuple string string))",
    );
    let mut invocation = Invocation::new("f", json!({}));
    invocation.environment = [("HOME", "/home/me"), ("TOKEN", "secret")]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .into();
    let skill = skill(&text);
    let none = skill.invoke(invocation.clone()).await;
    assert_eq!(none.outcome, Outcome::Ok(json!([])));
    invocation.grants = PermissionSet::new(
        ["environment=HOME", "environment=ABSENT"].map(|line| line.parse().unwrap()),
    );
    let one = skill.invoke(invocation).await;
    assert_eq!(one.outcome, Outcome::Ok(json!([["HOME", "/home/me"]])));
}

#[tokio::test]
async fn there_are_no_arguments() {
    let text = forwarding(
        "wasi:cli/environment@0.2.6",
        "get-arguments",
        "(list string)",
    );
    assert_eq!(
        call(&text, "f", json!({})).await.outcome,
        Outcome::Ok(json!([]))
    );
}

#[tokio::test]
async fn exiting_is_no_answer() {
    let text = r#"(component
      (import "wasi:cli/exit@0.2.6" (instance $exit
        (export "exit" (func (param "status" (result))))))
      (core func $exit (canon lower (func $exit "exit")))
      (core module $m (import "" "exit" (func $exit (param i32))) (func (export "f") (call $exit (i32.const 0))))
      (core instance $i (instantiate $m (with "" (instance (export "exit" (func $exit))))))
      (func (export "f") (canon lift (core func $i "f"))))"#;
    let Outcome::Trap(message) = call(text, "f", json!({})).await.outcome else {
        panic!()
    };
    assert_eq!(message, "the skill called `exit(0)` instead of returning");
}

#[tokio::test]
async fn random_bytes_are_bounded() {
    let text = format!(
        r#"(component {LIBC}
          (import "wasi:random/random@0.2.6" (instance $random
            (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
          (core func $get (canon lower (func $random "get-random-bytes") (memory $memory) (realloc $realloc)))
          (core module $m
            (import "" "get" (func $get (param i64 i32)))
            (func (export "f") (param i64) (call $get (local.get 0) (i32.const 0))))
          (core instance $i (instantiate $m (with "" (instance (export "get" (func $get))))))
          (func (export "f") (param "len" u64) (canon lift (core func $i "f"))))"#
    );
    assert_eq!(
        call(&text, "f", json!({"len": 1000})).await.outcome,
        Outcome::Ok(json!(null))
    );
    let large = call(&text, "f", json!({"len": 1_u64 << 40})).await.outcome;
    assert!(matches!(large, Outcome::Trap(message) if message.contains("exceeds limit")));
}

#[tokio::test]
async fn standard_error_becomes_the_log() {
    let text = format!(
        r#"(component {LIBC}
          (import "wasi:io/error@0.2.6" (instance $error (export "error" (type (sub resource)))))
          (alias export $error "error" (type $error))
          (import "wasi:io/streams@0.2.6" (instance $streams
            (export "output-stream" (type $s (sub resource)))
            (alias outer 1 $error (type $e))
            (export "error" (type $e' (eq $e)))
            (type $variant (variant (case "last-operation-failed" (own $e')) (case "closed")))
            (export "stream-error" (type $stream-error (eq $variant)))
            (export "[method]output-stream.blocking-write-and-flush"
              (func (param "self" (borrow $s)) (param "contents" (list u8))
                (result (result (error $stream-error)))))))
          (alias export $streams "output-stream" (type $stream))
          (import "wasi:cli/stderr@0.2.6" (instance $stderr
            (alias outer 1 $stream (type $s))
            (export "output-stream" (type $s' (eq $s)))
            (export "get-stderr" (func (result (own $s'))))))
          (core func $get (canon lower (func $stderr "get-stderr")))
          (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush")
            (memory $memory)))
          (core module $m
            (import "libc" "memory" (memory 4))
            (import "" "get" (func $get (result i32)))
            (import "" "write" (func $write (param i32 i32 i32 i32)))
            (data (i32.const 0) "panicked at x\nwith a reason")
            (func (export "f")
              (call $write (call $get) (i32.const 0) (i32.const 27) (i32.const 100))))
          (core instance $i (instantiate $m
            (with "libc" (instance $libc))
            (with "" (instance (export "get" (func $get)) (export "write" (func $write))))))
          (func (export "f") (canon lift (core func $i "f"))))"#
    );
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let mut invocation = Invocation::new("f", json!({}));
    invocation.log = Some(Arc::new(move |record| sink.lock().unwrap().push(record)));
    let report = skill(&text).invoke(invocation).await;
    assert_eq!(report.outcome, Outcome::Ok(json!(null)));
    let seen = seen.lock().unwrap();
    // The second line never ended, and is there all the same.
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(seen[0].message, "panicked at x");
    assert_eq!(seen[1].message, "with a reason");
    assert!(
        seen.iter()
            .all(|r| r.source == LogSource::Stderr && r.level == LogLevel::Warn)
    );
}
