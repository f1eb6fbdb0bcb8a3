//! One call of one action: what goes in and what comes out.

use std::path::PathBuf;
use std::sync::Arc;

use claw_package::PermissionSet;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::denial::Denial;
use crate::limits::Limits;
use crate::log::LogRecord;
use crate::network::Network;
use crate::outcome::Outcome;
use crate::process::Programs;
use crate::receipts::Receipt;
use crate::secrets::Secrets;

/// Where log records go while the action runs. It is called from the runtime's own threads, so it
/// must be quick.
pub type LogSink = Arc<dyn Fn(LogRecord) + Send + Sync>;

/// One call of one action.
#[derive(Clone)]
pub struct Invocation {
    /// The action's name, short or with its interface.
    pub action: String,
    /// An object of named arguments.
    pub input: Value,
    /// What it may do: the effective grants, see [`crate::grants::effective`].
    pub grants: PermissionSet,
    /// The folder that grants of files are relative to. Without one there are no files.
    pub workspace: Option<PathBuf>,
    /// Claw's own folder, which no guest sees even where it lies in the workspace.
    pub home: Option<PathBuf>,
    /// The package's `assets` folder, shown read-only as `/assets`.
    pub assets: Option<PathBuf>,
    /// The operator's environment, of which the guest gets what is granted.
    pub environment: Vec<(String, String)>,
    /// How it reaches the network, as far as that is granted. Without one nothing is reached.
    pub network: Option<Network>,
    /// The operator's secrets, of which those that are granted go into matching requests. The guest
    /// gets none.
    pub secrets: Secrets,
    /// The programs that were granted, as they were then.
    pub programs: Programs,
    /// What it may use.
    pub limits: Limits,
    /// Ends it early.
    pub cancel: CancellationToken,
    /// Where its log goes.
    pub log: Option<LogSink>,
}

impl Invocation {
    /// A call without any grant, folder or log, under the default limits.
    pub fn new(action: impl Into<String>, input: Value) -> Self {
        Self {
            action: action.into(),
            input,
            grants: PermissionSet::empty(),
            workspace: None,
            home: None,
            assets: None,
            environment: Vec::new(),
            network: None,
            secrets: Secrets::new(),
            programs: Programs::default(),
            limits: Limits::default(),
            cancel: CancellationToken::new(),
            log: None,
        }
    }
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// What was denied on the way, each once. [`Receipt::refused`] has how often.
    pub denials: Vec<Denial>,
    /// The record of it, not yet written anywhere.
    pub receipt: Receipt,
}
