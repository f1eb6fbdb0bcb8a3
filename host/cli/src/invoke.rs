//! One call of one action, the same for `claw run` and `claw mcp`: limits, environment, log, and
//! the receipt that is written before anybody sees the result.

use std::env;
use std::io;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use claw_host::ReceiptLog;
use claw_host::{
    CacheConfig, Host, HostConfig, Invocation, Limits, LoadError, LogRecord, LogSink, LogSource,
    Network, NetworkConfig, Programs, Report, Secrets, Skill,
};
use claw_package::{LimitRequests, Permission, PermissionKind, PermissionSet};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::output;
use crate::settings::{LogLevel, Settings};

/// What is the same for every call of one skill.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) grants: PermissionSet,
    pub(crate) workspace: Option<PathBuf>,
    pub(crate) home: PathBuf,
    pub(crate) assets: Option<PathBuf>,
    pub(crate) network: Option<Network>,
    /// The values of the secrets that it was granted.
    pub(crate) secrets: Secrets,
    pub(crate) limits: Limits,
    pub(crate) log: Option<LogSink>,
    pub(crate) programs: Programs,
}

/// Where compiled code is kept.
pub(crate) fn cache(home: &Home) -> Option<CacheConfig> {
    Some(CacheConfig {
        directory: home.cache(),
        key_file: home.cache_key(),
    })
}

/// The host of this process.
pub(crate) fn host(config: HostConfig) -> Outcome<Host> {
    Host::new(config).or_fail(Kind::Bug, "could not start the host")
}

/// A host that is made on a thread of its own while the caller finds out what shall run in it.
pub(crate) struct HostToCome(io::Result<JoinHandle<Outcome<Host>>>);

/// Begins to make the host of this process.
pub(crate) fn begin_host(config: HostConfig) -> HostToCome {
    let make = thread::Builder::new().name("host".to_owned());
    HostToCome(make.spawn(move || host(config)))
}

impl HostToCome {
    /// Waits for it.
    pub(crate) fn ready(self) -> Outcome<Host> {
        let thread = self.0.or_fail(Kind::Io, "could not start a thread")?;
        // A panic over there is a bug, and ends as one over here does.
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// What it means that a component was not loaded.
pub(crate) fn load_failure(error: LoadError, title: &str) -> Failure {
    let (kind, hint) = match &error {
        LoadError::NotEnforced(_) => (Kind::Refused, None),
        LoadError::CacheMismatch { .. } => (Kind::Verification, Some("claw install --rebuild")),
        LoadError::Cache { .. } => (Kind::Io, None),
        _ => (Kind::Verification, None),
    };
    let error = anyhow::Error::new(error).context(format!("can't load {title}"));
    Failure {
        kind,
        error,
        hint: hint.map(str::to_owned),
    }
}

/// The operator's limits, lowered to what the skill asks for; a time given for this run is the
/// operator's.
pub(crate) fn limits(
    settings: &Settings,
    requests: &LimitRequests,
    timeout: Option<Duration>,
) -> Limits {
    let mut limits = Limits::default();
    if let Some(timeout) = timeout.or(settings.timeout) {
        limits.timeout = timeout;
    }
    limits.for_skill(requests)
}

/// Whether a skill needs a folder at all.
pub(crate) fn needs_workspace(grants: &PermissionSet) -> bool {
    grants.iter().any(|grant| {
        matches!(
            grant,
            Permission::FilesystemRead(_) | Permission::FilesystemWrite(_)
        )
    })
}

/// The variables that are granted and set; the host hears of no others.
fn environment(grants: &PermissionSet) -> Vec<(String, String)> {
    let names = grants.iter().filter_map(|grant| match grant {
        Permission::Environment(name) => Some(name.as_str()),
        _ => None,
    });
    names
        .filter_map(|name| Some((name.to_owned(), env::var(name).ok()?)))
        .collect()
}

/// The network of this process, as the operator's environment describes it, for a skill that may
/// reach some of it. A proxy that cannot be used stops no other skill.
pub(crate) fn network(grants: &PermissionSet) -> Outcome<Option<Network>> {
    static NETWORK: OnceLock<Network> = OnceLock::new();
    let kinds = [
        PermissionKind::NetworkExternal,
        PermissionKind::NetworkInternal,
        PermissionKind::NetworkTcp,
    ];
    if !kinds.iter().any(|kind| grants.has_kind(*kind)) {
        return Ok(None);
    }
    if let Some(network) = NETWORK.get() {
        return Ok(Some(network.clone()));
    }
    let config = NetworkConfig::from_variables(|name| env::var(name).ok()).or_fail(
        Kind::Usage,
        "can't use the network as the environment describes it",
    )?;
    Ok(Some(NETWORK.get_or_init(|| Network::new(config)).clone()))
}

/// Shows what a skill logs, on stderr.
pub(crate) fn log_sink(settings: &Settings, skill: &str) -> LogSink {
    let (least, skill) = (settings.log_level, skill.to_owned());
    Arc::new(move |record: LogRecord| {
        use claw_host::LogLevel as Said;
        let level = match record.level {
            Said::Error => LogLevel::Error,
            Said::Warn => LogLevel::Warn,
            Said::Info => LogLevel::Info,
            Said::Debug | Said::Trace => LogLevel::Debug,
        };
        if level <= least {
            let what = match record.source {
                LogSource::Log => record.level.as_str(),
                LogSource::Stdout => "stdout",
                LogSource::Stderr => "stderr",
            };
            let message = record.message.trim_end_matches(['\r', '\n']);
            output::say(format_args!("[{skill}] {what}: {message}"));
        }
    })
}

/// Calls an action and writes its receipt.
pub(crate) async fn call(
    skill: &Skill,
    frame: &Frame,
    receipts: &ReceiptLog,
    action: &str,
    input: Value,
    cancel: CancellationToken,
) -> Outcome<Report> {
    let report = skill
        .invoke(Invocation {
            action: action.to_owned(),
            input,
            grants: frame.grants.clone(),
            workspace: frame.workspace.clone(),
            home: Some(frame.home.clone()),
            assets: frame.assets.clone(),
            environment: environment(&frame.grants),
            network: frame.network.clone(),
            secrets: frame.secrets.clone(),
            programs: frame.programs.clone(),
            limits: frame.limits,
            cancel,
            log: frame.log.clone(),
        })
        .await;
    receipts
        .append(&report.receipt)
        .or_fail(
            Kind::Io,
            "the action has run, but its receipt could not be written, and without one no result is shown",
        )?;
    Ok(report)
}

/// The log of receipts in the operator's folder.
pub(crate) fn receipts(home: &Home) -> Outcome<ReceiptLog> {
    home.make()?;
    ReceiptLog::open(home.receipts()).or_fail(Kind::Io, "could not open the receipts")
}
