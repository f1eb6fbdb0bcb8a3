//! The manifest as `skill.json` has it: every field in its one form, checked when read.

use serde::{Deserialize, Serialize};

use super::{LimitRequests, Manifest, ManifestError, Trigger};
use crate::name::{PackageName, Requirement, Version};
use crate::permission::PermissionSet;

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    name: PackageName,
    version: Version,
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    license: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    categories: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<String>,
    #[serde(rename = "type")]
    kind: Kind,
    permissions: PermissionSet,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    triggers: Vec<Trigger>,
    #[serde(default, skip_serializing_if = "LimitRequests::is_empty")]
    limits: LimitRequests,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<Requirement>,
}

/// What kind of skill it is. There is one.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Action,
}

impl From<Manifest> for Wire {
    fn from(manifest: Manifest) -> Self {
        let Manifest {
            name,
            version,
            description,
            license,
            repository,
            categories,
            keywords,
            permissions,
            triggers,
            limits,
            host,
        } = manifest;
        Self {
            name,
            version,
            description,
            license,
            repository,
            categories,
            keywords,
            kind: Kind::Action,
            permissions,
            triggers,
            limits,
            host,
        }
    }
}

impl TryFrom<Wire> for Manifest {
    type Error = ManifestError;

    fn try_from(wire: Wire) -> Result<Self, ManifestError> {
        let Wire {
            name,
            version,
            description,
            license,
            repository,
            categories,
            keywords,
            kind: Kind::Action,
            permissions,
            triggers,
            limits,
            host,
        } = wire;
        Self {
            name,
            version,
            description,
            license,
            repository,
            categories,
            keywords,
            permissions,
            triggers,
            limits,
            host,
        }
        .checked()
    }
}
