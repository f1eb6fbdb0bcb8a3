//! The record of each invocation.

use std::collections::BTreeMap;
use std::time::SystemTime;

use claw_package::{Digest, PermissionKind};
use serde::{Deserialize, Serialize};

use crate::state::Capability;

mod file;
mod read;
mod time;

pub use file::ReceiptLog;
pub use read::ReceiptReader;

/// What ran, under which grants, and how it ended. Digests stand for content: a receipt can be shown
/// to people who may not see the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The format's version: 1.
    pub v: u32,
    /// When it started, UTC, as RFC 3339 with milliseconds.
    pub time: String,
    /// The package's name, or `local:<digest>`.
    pub skill: String,
    /// Its version.
    pub version: String,
    /// The digest of its component.
    pub component: Digest,
    /// The action.
    pub action: String,
    /// The digest of the input's JSON text.
    pub input: Digest,
    /// The digest of the result's JSON text, when there is a result or an action's error.
    pub result: Option<Digest>,
    /// The digest of the effective grants.
    pub grants: Digest,
    /// Calls into the host, by capability.
    pub calls: Calls,
    /// Denials, by kind.
    pub refused: BTreeMap<PermissionKind, u64>,
    /// From the call to its answer.
    pub duration_us: u64,
    /// The most that the guest's memories had together.
    pub memory_bytes: u64,
    /// How it ended: [`crate::Outcome::code`].
    pub outcome: String,
}

/// Calls into the host, by capability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// Files and folders.
    pub filesystem: u64,
    /// `claw:skill/log`.
    pub log: u64,
    /// HTTP requests and sockets. Receipts of older versions have none.
    #[serde(default)]
    pub network: u64,
    /// `claw:skill/process`.
    #[serde(default)]
    pub process: u64,
    /// Streams, clocks, random numbers, environment, standard output.
    pub wasi: u64,
}

impl Calls {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.filesystem + self.log + self.network + self.process + self.wasi
    }

    pub(crate) fn count(&mut self, capability: Capability) {
        match capability {
            Capability::Filesystem => self.filesystem += 1,
            Capability::Log => self.log += 1,
            Capability::Network => self.network += 1,
            Capability::Process => self.process += 1,
            Capability::Wasi => self.wasi += 1,
        }
    }
}

/// The present moment as a receipt writes it.
pub(crate) fn now() -> String {
    time::rfc3339(SystemTime::now())
}
