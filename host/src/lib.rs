//! Runs one WebAssembly skill safely, inside what its operator granted.
//!
//! A [`Host`] is made once per process. It loads a verified component into a [`Skill`], and each
//! [`Skill::invoke`] runs one action in a fresh instance with its own grants, limits and receipt.
//!
//! The host knows no registry and no terminal, reads no environment variable and never prints. It
//! compiles nothing that was not verified, and gives a guest nothing that was not granted: what a
//! skill declares is only the most it can get.

#[cfg(not(unix))]
compile_error!("claw-host runs on Linux and macOS");

mod bindings;
mod cache;
mod denial;
mod engine;
mod exports;
mod filesystem;
pub mod grants;
mod host;
mod imports;
mod invocation;
mod limits;
mod linker;
mod log;
pub mod network;
mod outcome;
mod process;
mod queue;
mod receipts;
mod reflect;
mod run;
mod secrets;
mod skill;
mod state;
mod stop;
mod text;
mod ticker;

#[cfg(test)]
mod tests;

pub use cache::{CacheSurvey, survey as survey_cache};
pub use denial::{Denial, DenialReason};
pub use host::{Allocation, CacheConfig, Host, HostConfig, HostError, LoadError, Rebuild};
pub use imports::NotEnforced;
pub use invocation::{Invocation, LogSink, Report};
pub use limits::Limits;
pub use log::{LogLevel, LogRecord, LogSource};
pub use network::{Network, NetworkConfig};
pub use outcome::{Outcome, Output};
#[cfg(target_os = "linux")]
pub use process::confine;
pub use process::{
    Author, Confinement, Level, ProcessConfig, ProgramError, ProgramPin, Programs, Script,
    Unconfined, confine_if_asked, confinement, granted_words as granted_programs,
    pin as pin_program, pin_granted as pin_granted_programs,
};
pub use queue::{NoTurn, Queue, QueueConfig, Turn};
pub use receipts::{Calls, Receipt, ReceiptLog, ReceiptReader};
pub use reflect::Fault;
pub use secrets::{SecretError, SecretValue, Secrets};
pub use skill::{Action, Skill};
