//! The host in this process, as another program would embed it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use claw_host::{
    Host, HostConfig, Invocation, Level as HostLevel, Limits, LogRecord, Network, NetworkConfig,
    Outcome, ProcessConfig, ProgramPin, Programs, Skill, pin_program,
};
use claw_package::{Permission, PermissionSet};
use claw_trust::VerifiedComponent;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{Answer, Guest, Level};
use crate::programs;

/// A host and the guests that it has loaded.
pub struct Library {
    host: Host,
    runtime: Runtime,
    skills: RefCell<HashMap<&'static str, Result<Skill, String>>>,
    pins: RefCell<Vec<ProgramPin>>,
    temporary: tempfile::TempDir,
}

/// One call.
pub struct Call<'a> {
    /// Whose action.
    pub guest: &'a Guest,
    /// The action.
    pub action: &'a str,
    /// Its arguments.
    pub input: &'a Value,
    /// What it may do.
    pub grants: &'a [String],
    /// The folder it works in.
    pub workspace: &'a Path,
    /// How long it may take.
    pub timeout: Duration,
}

impl Library {
    /// A host that keeps nothing on the disk, and confines programs at this level at the most.
    pub fn new(level: Level) -> Library {
        let level = match level {
            Level::Full => HostLevel::Full,
            Level::Basic => HostLevel::Basic,
        };
        let temporary = tempfile::TempDir::new().expect("a temporary folder can be made");
        let host = Host::new(HostConfig {
            processes: Some(ProcessConfig {
                helper: programs::path("claw"),
                helper_arguments: vec!["__confine".into()],
                temporary: temporary.path().to_owned(),
                level_max: Some(level),
            }),
            ..HostConfig::default()
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        Library {
            host: host.expect("the host starts"),
            runtime: runtime.expect("a runtime can be made"),
            skills: RefCell::default(),
            pins: RefCell::default(),
            temporary,
        }
    }

    /// What is left of the temporary files of children.
    pub(super) fn temporary_files(&self) -> usize {
        std::fs::read_dir(self.temporary.path()).map_or(0, Iterator::count)
    }

    /// Each program as it was when it was first granted.
    fn programs(&self, grants: &PermissionSet, workspace: &Path) -> Programs {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let search: Vec<_> = std::env::split_paths(&path).collect();
        let mut pins = self.pins.borrow_mut();
        for permission in grants {
            let Permission::ProcessExecute(command) = permission else {
                continue;
            };
            let Some(word) = command.program() else {
                continue;
            };
            if !pins.iter().any(|pin| pin.word == word) {
                pins.extend(pin_program(word, &search, Some(workspace)));
            }
        }
        Programs {
            pins: pins.clone(),
            search,
            ..Programs::default()
        }
    }

    /// Calls an action; a guest that is not even loaded is refused.
    pub fn call(&self, call: &Call<'_>) -> Answer {
        self.call_with(call, |_| {})
    }

    /// The same after `change` has had its way with the invocation.
    pub fn call_with(&self, call: &Call<'_>, change: impl FnOnce(&mut Invocation)) -> Answer {
        let skill = match self.skill(call.guest) {
            Ok(skill) => skill,
            Err(said) => return Answer::refused(said),
        };
        let log = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&log);
        let mut invocation = Invocation::new(call.action, call.input.clone());
        let lines = call.grants.iter();
        invocation.grants =
            PermissionSet::new(lines.map(|line| line.parse().expect("a permission")));
        invocation.workspace = Some(call.workspace.to_owned());
        invocation.limits = Limits {
            timeout: call.timeout,
            ..Limits::default()
        };
        invocation.log = Some(Arc::new(move |record: LogRecord| {
            let mut log = sink.lock().expect("nobody panicked");
            log.push_str(&record.message);
            log.push('\n');
        }));
        invocation.programs = self.programs(&invocation.grants, call.workspace);
        let network = NetworkConfig::from_variables(|_| None).expect("nothing can be wrong in it");
        invocation.network = Some(Network::new(network));
        change(&mut invocation);
        let started = Instant::now();
        let report = self.runtime.block_on(skill.invoke(invocation));
        let took = started.elapsed();
        let value = match &report.outcome {
            Outcome::Ok(value) | Outcome::ActionError(value) => value.clone(),
            _ => Value::Null,
        };
        let log = log.lock().expect("nobody panicked");
        let ending = match &report.outcome {
            Outcome::Trap(message) | Outcome::Internal(message) => message.as_str(),
            _ => "",
        };
        let denials: Vec<_> = report.denials.iter().map(ToString::to_string).collect();
        let receipt = json!(report.receipt);
        Answer {
            outcome: report.outcome.code().to_owned(),
            denied: report.receipt.refused.values().sum(),
            said: format!("{value} {ending} {denials:?} {receipt} {log}"),
            value,
            took,
        }
    }

    fn skill(&self, guest: &Guest) -> Result<Skill, String> {
        let mut skills = self.skills.borrow_mut();
        let loaded = skills.entry(guest.name).or_insert_with(|| {
            let packed = guest.package().try_pack()?;
            let package = claw_package::read(packed.tarball.as_slice(), &mut claw_package::NoSink);
            let package = package.map_err(|error| error.to_string())?;
            let nothing = PermissionSet::empty();
            let component =
                VerifiedComponent::local(package.component_bytes, Some(package.skill), &nothing);
            let loaded = self.host.load(&component);
            loaded.map_err(|error| error.to_string())
        });
        loaded.clone()
    }
}
