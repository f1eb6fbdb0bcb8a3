//! Whole invocations of hand-written components, through the public interface.

use std::sync::LazyLock;

use claw_package::PermissionSet;
use claw_trust::VerifiedComponent;
use serde_json::{Value, json};

use crate::{Allocation, Host, HostConfig, Invocation, Limits, Outcome, Report, Skill};

mod calls;
mod imports;
mod limits;
mod values;
mod wasi;

/// One host for all tests, as in a real process.
pub(crate) static HOST: LazyLock<Host> =
    LazyLock::new(|| Host::new(HostConfig::default()).unwrap());

/// A memory with an allocator that never frees: what canonical options need.
const LIBC: &str = r#"
  (core module $libc
    (memory (export "memory") 4)
    (global $next (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))"#;

fn verified(text: &str) -> VerifiedComponent {
    let bytes = wat::parse_str(text).unwrap();
    VerifiedComponent::local(bytes, None, &PermissionSet::empty())
}

fn skill(text: &str) -> Skill {
    HOST.load(&verified(text)).unwrap()
}

async fn call(text: &str, action: &str, input: Value) -> Report {
    skill(text).invoke(Invocation::new(action, input)).await
}
