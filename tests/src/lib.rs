//! What the end-to-end tests and the demo share: the real programs, a real registry on a free port,
//! homes and folders of their own.
//!
//! Nothing here reaches into a program: everything goes through command lines, HTTP, files that the
//! documentation names, and MCP. Three exceptions go through the libraries that the programs use, because
//! some tests need hundreds of packages or more: [`packages`] makes them without a compiler, [`many`]
//! makes a registry's folder without publishing. A third is [`hostile`], which also tries the host as another
//! program would embed it.

pub mod environment;
#[cfg(target_os = "linux")]
pub mod faults;
pub mod guests;
#[cfg(target_os = "linux")]
pub mod hostile;
pub mod http;
pub mod many;
pub mod mirror;
pub mod packages;
pub mod programs;
pub mod random;
pub mod reference;
pub mod registry;
pub mod site;
pub mod terminal;

pub use environment::TestEnv;
pub use programs::Run;
pub use registry::Registry;
