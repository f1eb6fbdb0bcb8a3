//! What the end-to-end tests and the demo share: the real programs, a real registry on a free port,
//! homes and folders of their own.
//!
//! Nothing here reaches into a program: everything goes through command lines, HTTP, files that the
//! documentation names, and MCP. The one exception is [`packages`], which makes packages without a
//! compiler, through the same library that the programs use, because some tests need hundreds.

pub mod environment;
#[cfg(target_os = "linux")]
pub mod faults;
pub mod guests;
pub mod http;
pub mod mirror;
pub mod packages;
pub mod programs;
pub mod random;
pub mod registry;

pub use environment::TestEnv;
pub use programs::Run;
pub use registry::Registry;
