//! What the bytes of a package say about themselves.
//!
//! Every value here was computed from the bytes, by packing or by reading them, so comparing them
//! with a signed release is all that checking a package takes.

use claw_package::{Digest, Measured, Package, PackageName, Packed, SkillJson, Version};

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

impl Facts {
    fn new(skill: &SkillJson, [tarball, content, component, manifest]: [Measured; 4]) -> Self {
        Self {
            package: skill.manifest.name.clone(),
            version: skill.manifest.version.clone(),
            tarball,
            content,
            component,
            manifest,
            permissions: skill.manifest.permissions.digest(),
        }
    }
}

impl From<&Packed> for Facts {
    fn from(packed: &Packed) -> Self {
        let measured = [
            packed.tarball_digest,
            packed.content,
            packed.component,
            packed.manifest,
        ];
        Self::new(&packed.skill, measured)
    }
}

impl From<&Package> for Facts {
    fn from(package: &Package) -> Self {
        let measured = [
            package.tarball,
            package.content,
            package.component,
            package.manifest,
        ];
        Self::new(&package.skill, measured)
    }
}
