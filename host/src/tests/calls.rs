//! Arguments in, results out.

use super::*;

const MEMORY: &str = r#"
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next)
      (global.set $next (i32.add (global.get $next)
        (i32.and (i32.add (local.get 3) (i32.const 15)) (i32.const -16)))))"#;

fn echo() -> String {
    format!(
        r#"(component
          (core module $m {MEMORY}
            (func (export "echo") (param i32 i32) (result i32)
              (i32.store (i32.const 16) (local.get 0))
              (i32.store (i32.const 20) (local.get 1))
              (i32.const 16))
            (func (export "half") (param i32) (result i32)
              (i32.store8 (i32.const 0) (i32.and (local.get 0) (i32.const 1)))
              (i32.store (i32.const 4) (i32.div_u (local.get 0) (i32.const 2)))
              (i32.const 0)))
          (core instance $i (instantiate $m))
          (func $echo (param "text" string) (result string)
            (canon lift (core func $i "echo") (memory (core memory $i "memory"))
              (realloc (core func $i "realloc"))))
          (func $half (param "of" u32) (result (result u32 (error u32)))
            (canon lift (core func $i "half") (memory (core memory $i "memory"))))
          (instance $words (export "echo" (func $echo)) (export "half" (func $half)))
          (export "acme:words/words@0.1.0" (instance $words)))"#
    )
}

#[tokio::test]
async fn an_action_answers() {
    let report = call(&echo(), "echo", json!({"text": "grüße"})).await;
    assert_eq!(report.outcome, Outcome::Ok(json!("grüße")));
    assert_eq!(report.receipt.action, "echo");
    assert_eq!(report.receipt.outcome, "ok");
    assert!(report.receipt.result.is_some() && report.receipt.memory_bytes == 65536);
    assert!(report.denials.is_empty());
}

#[tokio::test]
async fn an_error_of_the_action_is_told_from_its_result() {
    let skill = skill(&echo());
    let half = |of| skill.invoke(Invocation::new("words.half", json!({ "of": of })));
    assert_eq!(half(8).await.outcome, Outcome::Ok(json!(4)));
    assert_eq!(half(7).await.outcome, Outcome::ActionError(json!(3)));
}

#[tokio::test]
async fn bad_input_never_enters_the_guest() {
    let report = call(&echo(), "echo", json!({"text": 1})).await;
    let Outcome::InvalidInput { pointer, message } = report.outcome else {
        panic!()
    };
    assert_eq!(
        (pointer.as_str(), message.as_str()),
        ("/text", "expected a string, found 1")
    );
    assert_eq!(report.receipt.memory_bytes, 0);
}

#[tokio::test]
async fn an_unknown_action_names_the_nearest() {
    let report = call(&echo(), "ecko", json!({})).await;
    let nearest = Some("echo".to_owned());
    assert_eq!(
        report.outcome,
        Outcome::UnknownAction {
            name: "ecko".to_owned(),
            nearest
        }
    );
    let report = call(&echo(), "something-else", json!({})).await;
    assert!(matches!(
        report.outcome,
        Outcome::UnknownAction { nearest: None, .. }
    ));
}

#[tokio::test]
async fn a_function_with_handles_is_not_callable() {
    let text = r#"(component
      (import "wasi:io/error@0.2.6" (instance $io (export "error" (type (sub resource)))))
      (alias export $io "error" (type $error))
      (core module $m (func (export "f") (param i32)))
      (core instance $i (instantiate $m))
      (func (export "f") (param "e" (borrow $error)) (canon lift (core func $i "f"))))"#;
    let skill = skill(text);
    assert_eq!(
        skill.actions()[0].not_callable.as_deref(),
        Some("parameter `e` holds a resource")
    );
    let report = skill.invoke(Invocation::new("f", json!({}))).await;
    assert!(matches!(report.outcome, Outcome::NotCallable { .. }));
}

#[tokio::test]
async fn a_component_made_of_others_runs() {
    let text = format!(
        r#"(component
          (component $inner {LIBC}
            (core module $m
              (import "libc" "memory" (memory 4))
              (func (export "f") (param i32 i32) (result i32)
                (i32.store (i32.const 16) (local.get 0))
                (i32.store (i32.const 20) (i32.sub (local.get 1) (i32.const 1)))
                (i32.const 16)))
            (core instance $i (instantiate $m (with "libc" (instance $libc))))
            (func (export "f") (param "x" string) (result string)
              (canon lift (core func $i "f") (memory $memory) (realloc $realloc))))
          (component $outer
            (import "g" (func $g (param "x" string) (result string)))
            {LIBC}
            (core func $g (canon lower (func $g) (memory $memory) (realloc $realloc)))
            (core module $m
              (import "" "g" (func $g (param i32 i32 i32)))
              (func (export "f") (param i32 i32) (result i32)
                (call $g (local.get 0) (local.get 1) (i32.const 32)) (i32.const 32)))
            (core instance $i (instantiate $m (with "" (instance (export "g" (func $g))))))
            (func (export "f") (param "x" string) (result string)
              (canon lift (core func $i "f") (memory $memory) (realloc $realloc))))
          (instance $inner (instantiate $inner))
          (instance $outer (instantiate $outer (with "g" (func $inner "f"))))
          (export "f" (func $outer "f")))"#
    );
    let report = call(&text, "f", json!({"x": "words"})).await;
    assert_eq!(report.outcome, Outcome::Ok(json!("word")));
}
