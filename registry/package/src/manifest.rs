//! What a skill says of itself: its manifest, wherever authors of its language keep it.
//!
//! `[package.metadata.claw]` of `Cargo.toml`, the `"claw"` object of `package.json`, or
//! `skill.toml`, all normalised to the manifest inside `skill.json`. Fields it does not know are
//! refused, naming the nearest one: a misspelt limit or permission must not be silence.

use serde::{Deserialize, Serialize};

pub use error::{FieldFault, ManifestError};
pub use trigger::Trigger;

use crate::name::{PackageName, Requirement, Version};
use crate::permission::PermissionSet;

mod check;
mod cron;
mod error;
mod fields;
mod sources;
mod trigger;
mod wire;

/// What a skill says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "wire::Wire", try_from = "wire::Wire")]
pub struct Manifest {
    /// The package's name.
    pub name: PackageName,
    /// The version of this release.
    pub version: Version,
    /// What it is for, in one line.
    pub description: String,
    /// An SPDX expression.
    pub license: Option<String>,
    /// Where its source is.
    pub repository: Option<String>,
    /// Where a catalogue lists it.
    pub categories: Vec<String>,
    /// What a search finds it by.
    pub keywords: Vec<String>,
    /// The power it asks for.
    pub permissions: PermissionSet,
    /// What may start it without an agent.
    pub triggers: Vec<Trigger>,
    /// The limits it asks for.
    pub limits: LimitRequests,
    /// The versions of `claw:skill` it works with.
    pub host: Option<Requirement>,
}

/// Limits that a skill asks for. The operator's own cap each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitRequests {
    /// Wall clock for one invocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// All linear memories together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// The result, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_bytes: Option<u64>,
    /// Everything logged and printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<u64>,
    /// Calls into the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_calls: Option<u64>,
}

impl LimitRequests {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests;
