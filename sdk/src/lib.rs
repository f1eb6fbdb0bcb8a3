//! What the author of a claw skill imports.
//!
//! A skill is a WebAssembly component. Its actions are the functions that its WIT world exports; this
//! crate makes Rust bindings from the author's `wit/` folder and offers what nearly every skill needs
//! besides: an [`Error`] that becomes the action's error, a [`log`] for the operator, [`process`] for programs and,
//! with the feature `http`, requests. Files, time, randomness and the environment come from `std`, as far as the operator
//! granted them.
//!
//! A whole skill, beside a `wit/world.wit` that says what `greet` takes and returns:
//!
//! ```text
//! claw_sdk::skill!(Hello);
//!
//! /// The skill.
//! struct Hello;
//!
//! impl exports::acme::hello::hello::Guest for Hello {
//!     fn greet(name: String) -> Result<String, String> {
//!         claw_sdk::log::info("somebody is greeted");
//!         Ok(format!("Hello, {name}!"))
//!     }
//! }
//! ```
//!
//! This crate gives a skill no power: whatever is not granted fails inside the sandbox, with or without it.

mod error;
#[cfg(feature = "http")]
pub mod http;
pub mod log;
pub mod process;

pub use error::{Context, Error, Result};

#[doc(hidden)]
pub use wit_bindgen;

/// Makes the bindings of this skill from its `wit/` folder and exports `$skill` as its implementation.
///
/// The folder holds a world named `skill`. For each interface it exports, the bindings have a trait
/// `exports::<namespace>::<package>::<interface>::Guest` that `$skill` implements; interfaces that it
/// imports become modules `<namespace>::<package>::<interface>`. Call it once, at the root of the crate.
#[macro_export]
macro_rules! skill {
    ($skill:ident) => {
        $crate::wit_bindgen::generate!({
            world: "skill",
            path: "wit",
            generate_all,
            runtime_path: "::claw_sdk::wit_bindgen::rt",
        });

        export!($skill);
    };
}
