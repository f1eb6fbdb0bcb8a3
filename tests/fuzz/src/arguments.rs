//! Arguments: JSON to component values, through a real guest that hands them back, and to JSON.

use std::cell::LazyCell;
use std::sync::LazyLock;

use claw_host::{Host, HostConfig, Invocation, Outcome, Skill};
use claw_package::PermissionSet;
use claw_trust::VerifiedComponent;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// The types that the guest's actions take, with the named types each declares.
const TYPES: &[(&str, &str)] = &[
    ("", "bool"),
    ("", "u8"),
    ("", "s16"),
    ("", "u32"),
    ("", "u64"),
    ("", "s64"),
    ("", "f32"),
    ("", "f64"),
    ("", "char"),
    ("", "string"),
    ("", "(list u8)"),
    ("", "(list string)"),
    ("", "(option (option (option string)))"),
    ("", "(tuple u8 string (list char))"),
    (
        "",
        "(result (result u8 (error string)) (error (option bool)))",
    ),
    ("", "(result)"),
    (r#"(enum "red" "deep-green")"#, "$named"),
    (r#"(flags "a" "b" "c" "d" "e" "f" "g" "h" "i")"#, "$named"),
    (
        r#"(record (field "id" u64) (field "note" (option string)) (field "raw" (list u8)))"#,
        "$named",
    ),
    (
        r#"(variant (case "none") (case "some" (option f64)) (case "many" (list (tuple s8 f32))))"#,
        "$named",
    ),
];

static GUEST: LazyLock<Skill> = LazyLock::new(|| {
    let bytes = wat::parse_str(guest()).expect("the guest is written correctly");
    let host = Host::new(HostConfig::default()).expect("this machine has a host");
    let component = VerifiedComponent::local(bytes, None, &PermissionSet::empty());
    host.load(&component).expect("the guest needs nothing")
});

thread_local! {
    static RUNTIME: LazyCell<Runtime> = LazyCell::new(|| {
        let mut builder = Builder::new_current_thread();
        builder.enable_time().build().expect("this machine has a runtime")
    });
}

/// Reads bytes as an action, in one byte, and its arguments.
pub fn arguments(bytes: &[u8]) {
    let Some((which, input)) = bytes.split_first() else {
        return;
    };
    let Ok(input) = serde_json::from_slice::<Value>(input) else {
        return;
    };
    let action = format!("f{}", usize::from(*which) % TYPES.len());
    match call(&action, &input) {
        Outcome::Ok(value) => {
            // What comes back is the one form of these values, and is accepted as them.
            let again = call(&action, &json!({ "x": value }));
            assert_eq!(again, Outcome::Ok(value), "{action} {input}");
        }
        Outcome::InvalidInput { pointer, message } => {
            assert!(!message.is_empty() && message.len() < 4096);
            let place = input.pointer(&pointer);
            assert!(place.is_some(), "nothing is at `{pointer}` of {input}");
        }
        other => panic!("{action} {input}: {other:?}"),
    }
}

fn call(action: &str, input: &Value) -> Outcome {
    let invocation = Invocation::new(action, input.clone());
    let report = RUNTIME.with(|runtime| runtime.block_on(GUEST.invoke(invocation)));
    report.outcome
}

/// The identity on a list of each type: what comes out is what was written into its memory.
fn guest() -> String {
    let functions: String = TYPES
        .iter()
        .enumerate()
        .map(|(index, (named, ty))| {
            let ty = ty.replace("$named", &format!("$t{index}"));
            let named = match *named {
                "" => String::new(),
                definition => format!(
                    r#"(type $d{index} {definition}) (export $t{index} "t{index}" (type $d{index}))"#
                ),
            };
            format!(
                r#"{named}
                (func (export "f{index}") (param "x" (list (tuple {ty}))) (result (list (tuple {ty})))
                  (canon lift (core func $identity "f") (memory $memory) (realloc $realloc)))"#
            )
        })
        .collect();
    format!(
        r#"(component
          (core module $libc
            (memory (export "memory") 16)
            (global $next (mut i32) (i32.const 4096))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32)
              (local $at i32)
              (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
              (global.set $next (i32.add (local.get $at) (local.get 3)))
              (local.get $at)))
          (core instance $libc (instantiate $libc))
          (alias core export $libc "memory" (core memory $memory))
          (alias core export $libc "realloc" (core func $realloc))
          (core module $m
            (import "libc" "memory" (memory 16))
            (func (export "f") (param i32 i32) (result i32)
              (i32.store (i32.const 16) (local.get 0))
              (i32.store (i32.const 20) (local.get 1))
              (i32.const 16)))
          (core instance $identity (instantiate $m (with "libc" (instance $libc))))
          {functions})"#
    )
}
