//! `claw:skill/process`: programs of the machine, granted word by word, pinned by digest, confined by the kernel.
//!
//! There is no shell anywhere. What a guest wants is checked against its grants ([`command`]) and against what is
//! known of the program ([`profile`]); the program's file is compared with the one that was granted ([`program`]);
//! and the child is started by a helper process that takes everything else away first ([`confine`]). Other systems
//! than Linux have nothing that would do that, and there no program is run.

mod config;
mod level;
mod program;

#[cfg(target_os = "linux")]
mod bindings;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod command;
#[cfg(target_os = "linux")]
pub mod confine;
#[cfg(target_os = "linux")]
mod confiner;
#[cfg(target_os = "linux")]
mod environment;
#[cfg(target_os = "linux")]
mod helper;
#[cfg(target_os = "linux")]
mod interface;
#[cfg(target_os = "linux")]
mod prepare;
#[cfg(target_os = "linux")]
mod profile;
#[cfg(target_os = "linux")]
mod running;
#[cfg(target_os = "linux")]
mod scratch;
#[cfg(target_os = "linux")]
mod script;
#[cfg(target_os = "linux")]
mod spawn;
#[cfg(target_os = "linux")]
mod traffic;

#[cfg(target_os = "linux")]
pub(crate) use bindings::claw::skill::process::add_to_linker;
#[cfg(target_os = "linux")]
#[expect(unreachable_pub, reason = "generated code re-exports it")]
pub use child::Child;
pub use config::{Author, ProcessConfig, ProgramPin, Programs, Script, confine_if_asked};
#[cfg(target_os = "linux")]
pub(crate) use confiner::Confiner;
pub use level::{Confinement, Level, Unconfined};
pub use program::{ProgramError, granted_words, pin, pin_granted};
#[cfg(target_os = "linux")]
pub(crate) use running::Processes;

/// How well programs are confined here, found out by trying. It must be polled inside a Tokio runtime.
///
/// # Errors
///
/// When they can't be confined at all, so that none is run.
pub async fn confinement(config: &ProcessConfig) -> Result<Confinement, Unconfined> {
    #[cfg(target_os = "linux")]
    return Confiner::new(config.clone()).confinement().await;
    #[cfg(not(target_os = "linux"))]
    return Err(Unconfined {
        reason: format!(
            "only Linux has what `{}` needs for it",
            config.helper.display()
        ),
    });
}
