//! The programs of one invocation: what was granted, how many were started, and their common end.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use claw_package::{Permission, PermissionSet};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::traffic::Traffic;
use super::{Confiner, Programs};
use crate::invocation::Invocation;
use crate::limits::Limits;

/// Children of one invocation that run at once. Each is up to five processes of the machine.
pub(super) const CHILDREN_MAX: usize = 8;

/// How long the end of an invocation waits for its children's end, which takes milliseconds.
pub(super) const END_MAX: Duration = Duration::from_secs(5);

/// The programs of one invocation.
pub(crate) struct Processes {
    pub(super) confiner: Option<Arc<Confiner>>,
    pub(super) programs: Programs,
    pub(super) grants: PermissionSet,
    pub(super) workspace: Option<PathBuf>,
    pub(super) home: Option<PathBuf>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) limits: Limits,
    pub(super) deadline: Instant,
    pub(super) started: u32,
    /// What goes to and from all of them.
    pub(super) traffic: Traffic,
    /// Ends all of them, also when this is dropped.
    pub(super) stop: CancellationToken,
    pub(super) running: TaskTracker,
    pub(super) answers: HashMap<Vec<String>, usize>,
}

impl Processes {
    pub(crate) fn new(
        invocation: &Invocation,
        limits: &Limits,
        confiner: Option<Arc<Confiner>>,
    ) -> Self {
        let timeout = limits.timeout.min(crate::limits::TIMEOUT_MAX);
        Self {
            confiner,
            programs: invocation.programs.clone(),
            grants: invocation.grants.clone(),
            workspace: invocation.workspace.clone(),
            home: invocation.home.clone(),
            environment: variables(invocation),
            limits: *limits,
            deadline: Instant::now() + timeout,
            started: 0,
            traffic: Traffic::new(limits.process_traffic_bytes),
            stop: CancellationToken::new(),
            running: TaskTracker::new(),
            answers: HashMap::new(),
        }
    }
}

/// The operator's variables, without those that are secrets: those go into requests and nowhere else.
fn variables(invocation: &Invocation) -> Vec<(String, String)> {
    let is_secret = |name: &str| {
        invocation.grants.iter().any(|permission| {
            matches!(permission, Permission::Secret(secret) if secret.name().as_str() == name)
        })
    };
    let all = invocation.environment.iter();
    all.filter(|(name, _)| !is_secret(name)).cloned().collect()
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
