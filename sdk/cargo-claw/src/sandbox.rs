//! The sandbox in which agents run skills, around the component that was just built.
//!
//! The skill has no publisher here: it is what its digest says, and declares what its manifest says. What it may do
//! is what the caller grants, and never more than it declares.

use std::path::PathBuf;
use std::sync::Arc;

use claw_host::{
    Host, HostConfig, Invocation, Limits, LoadError, LogLevel, LogRecord, Network, NetworkConfig,
    Outcome as Ended, ProcessConfig, Report, Skill,
};
use claw_package::{PermissionKind, PermissionSet};
use claw_trust::VerifiedComponent;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::compile::Built;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::output;
use crate::project::Project;

/// A skill that is ready to run.
pub(crate) struct Sandbox {
    skill: Skill,
    limits: Limits,
    assets: Option<PathBuf>,
    runtime: Runtime,
}

impl Sandbox {
    /// Loads what was built of `project`.
    pub(crate) fn new(project: &Project, built: &Built) -> Outcome<Sandbox> {
        let declared = &project.manifest.permissions;
        let component = VerifiedComponent::local(built.bytes.as_slice(), None, declared);
        let host = Host::new(HostConfig {
            processes: Some(ProcessConfig::of_this_program(std::env::temp_dir())),
            ..HostConfig::default()
        });
        let host = host.or_fail(Kind::Bug, "could not prepare the sandbox")?;
        let skill = host.load(&component).map_err(refused)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        Ok(Sandbox {
            skill,
            limits: Limits::default().for_skill(&project.manifest.limits),
            assets: Some(project.folder.join("assets")).filter(|path| path.is_dir()),
            runtime: runtime.or_fail(Kind::Io, "could not prepare the sandbox")?,
        })
    }

    /// A call of `action` that may do what is both declared and `granted`.
    pub(crate) fn invocation(
        &self,
        action: &str,
        input: Value,
        granted: &PermissionSet,
    ) -> Invocation {
        Invocation {
            grants: self.skill.permissions().meet(granted),
            limits: self.limits,
            assets: self.assets.clone(),
            ..Invocation::new(action, input)
        }
    }

    /// Runs an action to its end, which Ctrl-C brings about early.
    pub(crate) fn invoke(&self, invocation: Invocation) -> Report {
        let cancel = invocation.cancel.clone();
        self.runtime.block_on(async {
            let mut call = std::pin::pin!(self.skill.invoke(invocation));
            tokio::select! {
                report = &mut call => return report,
                pressed = tokio::signal::ctrl_c() => {
                    // Without a handler for the signal the process ends the usual way.
                    if pressed.is_ok() {
                        cancel.cancel();
                    }
                }
            }
            call.await
        })
    }
}

/// The network of this machine, for a skill that may reach some of it.
pub(crate) fn network(granted: &PermissionSet) -> Outcome<Option<Network>> {
    let kinds = [
        PermissionKind::NetworkExternal,
        PermissionKind::NetworkInternal,
        PermissionKind::NetworkTcp,
    ];
    if !kinds.iter().any(|kind| granted.has_kind(*kind)) {
        return Ok(None);
    }
    let config = NetworkConfig::from_variables(|name| std::env::var(name).ok()).or_fail(
        Kind::Usage,
        "could not use the network as the environment describes it",
    )?;
    Ok(Some(Network::new(config)))
}

/// Shows what a skill logs to whoever runs it.
pub(crate) fn shown_log() -> Option<claw_host::LogSink> {
    Some(Arc::new(|record: LogRecord| {
        if record.level >= LogLevel::Info {
            output::say(format_args!(
                "{}: {}",
                record.level.as_str(),
                output::tame(&record.message)
            ));
        }
    }))
}

/// What an action did not give a result for, as a failure; nothing for a result.
pub(crate) fn failure(action: &str, ended: &Ended) -> Option<Failure> {
    let failed = |kind, message: String| {
        Some(
            Failure::new(kind, output::tame(&message))
                .during(format_args!("could not run `{action}`")),
        )
    };
    match ended {
        Ended::Ok(_) => None,
        Ended::ActionError(value) => {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            Some(
                Failure::new(Kind::Action, output::tame(&text))
                    .during(format_args!("`{action}` failed")),
            )
        }
        Ended::InvalidInput { pointer, message } if pointer.is_empty() => {
            failed(Kind::Usage, message.clone())
        }
        Ended::InvalidInput { pointer, message } => {
            failed(Kind::Usage, format!("`{pointer}`: {message}"))
        }
        Ended::UnknownAction { nearest, .. } => {
            let failure = Failure::not_found(format!("there is no action `{action}`"));
            Some(match nearest {
                Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
                None => failure.hint("cargo claw check"),
            })
        }
        Ended::NotCallable { reason } => failed(Kind::Usage, reason.clone()),
        Ended::NotEnforced(refused) => failed(Kind::Refused, refused.to_string()),
        Ended::Trap(message) => failed(Kind::Limit, message.clone()),
        Ended::OutOfTime { limit } => failed(Kind::Limit, format!("it took longer than {limit:?}")),
        Ended::OutOfMemory { limit } => failed(
            Kind::Limit,
            format!("it wanted more than {limit} bytes of memory"),
        ),
        Ended::HostOutOfMemory { limit } => failed(
            Kind::Limit,
            format!("all skills together wanted more than {limit} bytes of memory"),
        ),
        Ended::OutputTooLarge { limit, .. } => {
            failed(Kind::Limit, format!("it gave more than {limit} bytes"))
        }
        Ended::TooManyHostCalls { limit } => failed(
            Kind::Limit,
            format!("it called the host more than {limit} times"),
        ),
        Ended::Cancelled => failed(Kind::Interrupted, "it was interrupted".to_owned()),
        Ended::Internal(message) => failed(Kind::Bug, message.clone()),
    }
}

/// Why a component was not loaded.
fn refused(error: LoadError) -> Failure {
    let kind = match error {
        LoadError::NotEnforced(_) => Kind::Refused,
        _ => Kind::Check,
    };
    Failure {
        kind,
        error: anyhow::Error::new(error).context("could not load the component"),
        hint: None,
    }
}
