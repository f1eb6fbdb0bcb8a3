//! What a registry answers to notes that it accepted.
//!
//! The status says whether something new happened: `201` for a new entry, `200` for one that stood
//! already. The note named here is the one that stands.

use claw_package::{Digest, Namespace, PackageName, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who may read a package, fixed at its first publish: the query parameter `visibility` of
/// `POST /api/v1/releases`. Only `public` is supported in this version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Whoever reaches the registry.
    #[default]
    Public,
    /// Only those who may.
    Private,
}

/// The answer to a release note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseAnswer {
    /// The release that stands.
    pub release: ReleaseEntry,
}

/// A release as it stands in the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseEntry {
    /// The package.
    #[schema(value_type = String)]
    pub package: PackageName,
    /// Its version.
    #[schema(value_type = String)]
    pub version: Version,
    /// The digest of the release note.
    #[schema(value_type = String)]
    pub note: Digest,
    /// The digest of the tarball.
    #[schema(value_type = String)]
    pub tarball: Digest,
    /// The number of its entry.
    pub leaf: u64,
}

/// The answer to a yank or unyank note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventAnswer {
    /// The event that stands.
    pub event: EventEntry,
}

/// A yank or unyank as it stands in the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventEntry {
    /// The package.
    #[schema(value_type = String)]
    pub package: PackageName,
    /// Its version.
    #[schema(value_type = String)]
    pub version: Version,
    /// The digest of the note that yanks or unyanks.
    #[schema(value_type = String)]
    pub note: Digest,
    /// Whether the release is hidden now.
    pub yanked: bool,
    /// The number of its entry.
    pub leaf: u64,
}

/// The answer to a genesis keyset note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamespaceAnswer {
    /// The namespace that stands.
    pub namespace: NamespaceEntry,
}

/// A namespace as it stands in the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamespaceEntry {
    /// Its name.
    #[schema(value_type = String)]
    pub name: Namespace,
    /// The place of its keyset in the chain, from 1.
    pub sequence: u64,
    /// The digest of its keyset note.
    #[schema(value_type = String)]
    pub keyset: Digest,
    /// The number of its entry.
    pub leaf: u64,
}
