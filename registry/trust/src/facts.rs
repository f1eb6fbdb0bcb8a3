//! What the bytes of a package say about themselves.
//!
//! Every value here was computed from the bytes, by packing or by reading them, so comparing them
//! with a signed release is all that checking a package takes.

use claw_package::{Digest, Measured, PackageName, Version};

/// What a package's bytes say about themselves: the part of a release that nobody chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The package.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// The exact bytes that are sent.
    pub tarball: Measured,
    /// The tar inside.
    pub content: Measured,
    /// `skill.wasm`.
    pub component: Measured,
    /// `skill.json`.
    pub manifest: Measured,
    /// The digest of the permissions in their normal form.
    pub permissions: Digest,
}
