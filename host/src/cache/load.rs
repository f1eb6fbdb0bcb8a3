//! Loads compiled code. The one module of this crate with `unsafe` in it: docs/architecture.md has the argument.
//!
//! It takes nothing but an [`Image`], whose only constructor has checked the seal.

use wasmtime::component::Component;
use wasmtime::{Engine, Result};

use super::Image;

/// Makes a component from an image that Wasmtime compiled on this machine for this engine.
#[expect(
    unsafe_code,
    reason = "an image is native code, and Wasmtime cannot check it"
)]
pub(crate) fn component(engine: &Engine, image: &Image) -> Result<Component> {
    // SAFETY: the bytes were written by `Cache::write` from Wasmtime's own output and are unchanged
    // since: the MAC over them was checked with a key that only this user can read, and they have
    // been in this process's memory ever since. The engine hash under the same MAC is this engine's.
    unsafe { Component::deserialize(engine, image.code()) }
}
