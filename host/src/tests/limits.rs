//! Each limit, crossed once. Whatever a guest does, the host answers in time and goes on.

use std::time::{Duration, Instant};

use super::*;
use crate::{CacheConfig, LoadError};

mod memory;
mod output;
mod time;

/// How long after its limit an end may come: far more than it takes, for a machine that is busy.
const LATE_MAX: Duration = Duration::from_secs(5);

const SHORT: Duration = Duration::from_millis(100);

fn short() -> Limits {
    Limits {
        timeout: SHORT,
        ..Limits::default()
    }
}

async fn run(text: &str, action: &str, limits: Limits) -> Outcome {
    let skill = skill(text);
    let mut invocation = Invocation::new(action, json!({}));
    invocation.limits = limits;
    let start = Instant::now();
    let outcome = skill.invoke(invocation).await.outcome;
    assert!(
        start.elapsed() < limits.timeout + LATE_MAX,
        "{:?}",
        start.elapsed()
    );
    // The host goes on.
    let next = call(FINE, "fine", json!({})).await;
    assert_eq!(next.outcome, Outcome::Ok(json!(1)));
    outcome
}

const FINE: &str = r#"(component
  (core module $m (func (export "f") (result i32) (i32.const 1)))
  (core instance $i (instantiate $m))
  (func (export "fine") (result u8) (canon lift (core func $i "f"))))"#;

/// One core module without imports; its function `f` is the action `f`.
fn core(module: &str) -> String {
    format!(
        r#"(component (core module $m {module}) (core instance $i (instantiate $m))
          (func (export "f") (canon lift (core func $i "f"))))"#
    )
}

/// A function `f` with `$log` in scope.
fn logging(body: &str) -> String {
    format!(
        r#"(component {LIBC}
          (import "claw:skill/log@0.1.0" (instance $log
            (type $enum (enum "trace" "debug" "info" "warn" "error"))
            (export "level" (type $level (eq $enum)))
            (export "log" (func (param "level" $level) (param "message" string)))))
          (core func $log (canon lower (func $log "log") (memory $memory)))
          (core module $m
            (import "libc" "memory" (memory 4))
            (import "" "log" (func $log (param i32 i32 i32)))
            (data (i32.const 0) "started")
            (func (export "f") {body}))
          (core instance $i (instantiate $m
            (with "libc" (instance $libc)) (with "" (instance (export "log" (func $log))))))
          (func (export "f") (canon lift (core func $i "f"))))"#
    )
}

/// A function `f` with `$random` in scope.
fn randomly(body: &str) -> String {
    format!(
        r#"(component
          (import "wasi:random/random@0.2.6" (instance $random
            (export "get-random-u64" (func (result u64)))))
          (core func $random (canon lower (func $random "get-random-u64")))
          (core module $m (import "" "random" (func $random (result i64))) (func (export "f") {body}))
          (core instance $i (instantiate $m (with "" (instance (export "random" (func $random))))))
          (func (export "f") (canon lift (core func $i "f"))))"#
    )
}

#[tokio::test]
async fn too_many_host_calls_end_it() {
    let limits = Limits {
        host_calls: 10_000,
        ..Limits::default()
    };
    let endless = randomly("(loop $l (drop (call $random)) (br $l))");
    assert_eq!(
        run(&endless, "f", limits).await,
        Outcome::TooManyHostCalls { limit: 10_000 }
    );
}

#[tokio::test]
async fn the_limit_of_host_calls_is_exact() {
    let limits = Limits {
        host_calls: 2,
        ..Limits::default()
    };
    let twice = randomly("(drop (call $random)) (drop (call $random))");
    assert_eq!(run(&twice, "f", limits).await, Outcome::Ok(json!(null)));
    let thrice = randomly("(drop (call $random)) (drop (call $random)) (drop (call $random))");
    assert_eq!(
        run(&thrice, "f", limits).await,
        Outcome::TooManyHostCalls { limit: 2 }
    );
}

#[tokio::test]
async fn too_many_handles_trap() {
    let text = format!(
        r#"(component {LIBC}
          (import "wasi:filesystem/types@0.2.6" (instance $types
            (export "descriptor" (type (sub resource)))))
          (alias export $types "descriptor" (type $descriptor))
          (import "wasi:filesystem/preopens@0.2.6" (instance $preopens
            (alias outer 1 $descriptor (type $d))
            (export "descriptor" (type $d' (eq $d)))
            (export "get-directories" (func (result (list (tuple (own $d') string)))))))
          (core func $get (canon lower (func $preopens "get-directories") (memory $memory) (realloc $realloc)))
          (core module $m
            (import "" "get" (func $get (param i32)))
            (func (export "f") (loop $l (call $get (i32.const 0)) (br $l))))
          (core instance $i (instantiate $m (with "" (instance (export "get" (func $get))))))
          (func (export "f") (canon lift (core func $i "f"))))"#
    );
    let limits = Limits {
        handles: 100,
        ..Limits::default()
    };
    let Outcome::Trap(message) = run(&text, "f", limits).await else {
        panic!()
    };
    assert_eq!(
        message,
        "the skill holds more than 100 descriptors, streams and timers"
    );
}

#[tokio::test]
async fn a_full_pool_says_so() {
    let host = Host::new(HostConfig {
        allocation: Allocation::Pooled { instances: 1 },
        ..HostConfig::default()
    })
    .unwrap();
    let spin = host
        .load(&verified(&core(r#"(func (export "f") (loop $l (br $l)))"#)))
        .unwrap();
    let first = Invocation::new("f", json!({}));
    let cancel = first.cancel.clone();
    let second = async {
        let report = spin.invoke(Invocation::new("f", json!({}))).await;
        cancel.cancel();
        report
    };
    let (first, second) = tokio::join!(spin.invoke(first), second);
    assert_eq!(first.outcome, Outcome::Cancelled);
    assert!(matches!(second.outcome, Outcome::Internal(message) if message.contains("pool")));
}

#[test]
fn a_component_that_a_pool_cannot_hold_is_told_from_a_broken_cache() {
    let home = tempfile::TempDir::new().unwrap();
    let host = |allocation| {
        let cache = Some(CacheConfig {
            directory: home.path().join("cache"),
            key_file: home.path().join("key"),
        });
        Host::new(HostConfig {
            allocation,
            cache,
            ..HostConfig::default()
        })
        .unwrap()
    };
    let large = verified(&core(r#"(table 100000 funcref) (func (export "f"))"#));
    host(Allocation::OnDemand).load(&large).unwrap();
    let pooled = host(Allocation::Pooled { instances: 1 });
    assert!(matches!(
        pooled.load(&large),
        Err(LoadError::Compile { .. })
    ));
}

#[test]
fn a_pool_has_a_size() {
    for instances in [0, u32::MAX] {
        let allocation = Allocation::Pooled { instances };
        assert!(
            Host::new(HostConfig {
                allocation,
                ..HostConfig::default()
            })
            .is_err()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_neighbours_do_not_stop_the_others() {
    let spin = skill(&core(r#"(func (export "f") (loop $l (br $l)))"#));
    let spinning: Vec<_> = (0..8)
        .map(|_| {
            let spin = spin.clone();
            let mut invocation = Invocation::new("f", json!({}));
            invocation.limits = short();
            tokio::spawn(async move { spin.invoke(invocation).await.outcome })
        })
        .collect();
    let fine = skill(FINE);
    for _ in 0..100 {
        let report = fine.invoke(Invocation::new("fine", json!({}))).await;
        assert_eq!(report.outcome, Outcome::Ok(json!(1)));
    }
    for spinning in spinning {
        assert_eq!(spinning.await.unwrap(), Outcome::OutOfTime { limit: SHORT });
    }
}
