//! How often a package was downloaded.
//!
//! A download is one whole tarball that a client took. Counts are for people: they lag by seconds, a
//! crash may lose those, and whoever wants to can download in a loop.

use claw_package::{PackageName, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /api/v1/downloads/<namespace>/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DownloadsAnswer {
    /// The version of this answer's form.
    pub v: u64,
    /// The package.
    #[schema(value_type = String)]
    pub name: PackageName,
    /// All releases together.
    pub total: u64,
    /// Each release, in the order of acceptance.
    pub releases: Vec<ReleaseDownloads>,
}

/// How often one release was downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseDownloads {
    /// The release.
    #[schema(value_type = String)]
    pub version: Version,
    /// How often its tarball was taken whole.
    pub downloads: u64,
}

impl DownloadsAnswer {
    /// The version that this crate writes.
    pub const VERSION: u64 = 1;

    /// The counts of a package's releases, summed up.
    pub fn new(name: PackageName, releases: Vec<ReleaseDownloads>) -> Self {
        Self {
            v: Self::VERSION,
            name,
            total: releases.iter().map(|release| release.downloads).sum(),
            releases,
        }
    }
}
