//! Memories, tables, instances and stacks.

use super::*;

#[tokio::test]
async fn a_memory_bomb_runs_out_of_memory() {
    let text = core(
        r#"(memory 1)
           (func (export "f") (loop $l (drop (memory.grow (i32.const 16))) (br $l)))"#,
    );
    let limit = Limits::default().memory_bytes;
    assert_eq!(
        run(&text, "f", Limits::default()).await,
        Outcome::OutOfMemory { limit }
    );
}

#[tokio::test]
async fn a_memory_that_is_full_by_its_own_maximum_is_no_bomb() {
    let text = r#"(component
      (core module $m (memory 1 2)
        (func (export "f") (result i32) (memory.grow (i32.const 60000))))
      (core instance $i (instantiate $m))
      (func (export "f") (result s32) (canon lift (core func $i "f"))))"#;
    assert_eq!(
        run(text, "f", Limits::default()).await,
        Outcome::Ok(json!(-1))
    );
}

#[tokio::test]
async fn several_memories_share_one_limit() {
    let text = r#"(component
      (core module $m (memory 600) (func (export "f")))
      (core instance $a (instantiate $m))
      (core instance $b (instantiate $m))
      (func (export "f") (canon lift (core func $a "f"))))"#;
    let limit = Limits::default().memory_bytes;
    assert_eq!(
        run(text, "f", Limits::default()).await,
        Outcome::OutOfMemory { limit }
    );
    let enough = Limits {
        memory_bytes: 2 * 600 * 65536,
        ..Limits::default()
    };
    assert_eq!(run(text, "f", enough).await, Outcome::Ok(json!(null)));
}

#[tokio::test]
async fn a_table_bomb_runs_out_of_memory() {
    let text = core(
        r#"(table $t 1 funcref)
           (func (export "f") (loop $l
             (drop (table.grow $t (ref.null func) (i32.const 50000))) (br $l)))"#,
    );
    assert!(matches!(
        run(&text, "f", Limits::default()).await,
        Outcome::OutOfMemory { .. }
    ));
}

#[tokio::test]
async fn too_many_instances_trap() {
    let instances = "(core instance (instantiate $m))".repeat(100);
    let text = format!(
        r#"(component (core module $m (func (export "f"))) {instances}
          (core instance $i (instantiate $m)) (func (export "f") (canon lift (core func $i "f"))))"#
    );
    assert!(matches!(
        run(&text, "f", Limits::default()).await,
        Outcome::Trap(_)
    ));
}

#[tokio::test]
async fn deep_recursion_is_a_trap_of_its_own() {
    let text = core(r#"(func $f (export "f") (call $f) (call $f))"#);
    let Outcome::Trap(message) = run(&text, "f", Limits::default()).await else {
        panic!()
    };
    assert_eq!(
        message,
        "the skill's calls nest too deeply: its stack is full"
    );
}

#[tokio::test]
async fn an_abort_is_a_trap() {
    let text = core(r#"(func (export "f") unreachable)"#);
    let Outcome::Trap(message) = run(&text, "f", Limits::default()).await else {
        panic!()
    };
    assert_eq!(
        message,
        "the skill panicked or aborted; its log may say why"
    );
}

#[tokio::test]
async fn guests_share_the_memory_of_their_host_and_give_it_back() {
    let limit = 8 << 20;
    let host = Host::new(HostConfig {
        allocation: Allocation::OnDemand,
        cache: None,
        memory_bytes_all: Some(limit),
        ..HostConfig::default()
    })
    .unwrap();
    let load = |text: &str| host.load(&verified(text)).unwrap();
    // Five of the eight mebibytes each.
    let holds = load(&core(
        r#"(memory 80) (func (export "f") (loop $l (br $l)))"#,
    ));
    let wants = load(&core(
        r#"(memory 16)
           (func (export "f") (drop (memory.grow (i32.const 64))))"#,
    ));
    let first = Invocation::new("f", json!({}));
    let cancel = first.cancel.clone();
    let second = async {
        let refused = wants.invoke(Invocation::new("f", json!({}))).await;
        cancel.cancel();
        refused.outcome
    };
    let (first, second) = tokio::join!(holds.invoke(first), second);
    assert_eq!(second, Outcome::HostOutOfMemory { limit });
    // The other went on until it was told to end.
    assert_eq!(first.outcome, Outcome::Cancelled);
    let again = wants.invoke(Invocation::new("f", json!({}))).await;
    assert_eq!(again.outcome, Outcome::Ok(json!(null)));
}
