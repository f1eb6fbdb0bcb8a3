//! Confines one child by the kernel: what the helper process does, from its plan to the program's start.
//!
//! The host starts the helper by running its own program again with a hidden argument, so that nothing happens
//! between fork and exec of a process with threads. The helper forks for each child: that process reads its plan,
//! takes every power away, and becomes the program. It decides nothing, and prints nothing: what fails is told
//! through the socket that it was given.

mod files;
mod filter;
mod group;
mod helper;
mod kernel;
mod message;
mod namespaces;
mod plan;
mod program;
mod protect;
mod root;
mod supervise;
mod tree;

use super::Level;

pub use helper::main;
pub(crate) use message::{MESSAGE_BYTES, Message, PROBED_TOGETHER, REQUEST_DESCRIPTORS_MAX, Stage};
pub(crate) use plan::{Bounds, Granted, Plan};
