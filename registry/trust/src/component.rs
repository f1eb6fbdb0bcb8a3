//! A component whose bytes are who they claim to be: the only thing a host compiles.
//!
//! Installed skills are checked against their signed release each time they are loaded. Local files
//! have no publisher: their identity is their digest, so no grant given to a published skill can
//! fall to them.

use std::sync::Arc;

use claw_package::{Digest, LimitRequests, PermissionSet, SkillJson};

use crate::error::TrustError;
use crate::release::VerifiedRelease;

/// Component bytes together with the identity, permissions and limits that go with them.
#[derive(Clone, Debug)]
pub struct VerifiedComponent {
    skill: String,
    version: String,
    digest: Digest,
    note: Option<Digest>,
    bytes: Arc<[u8]>,
    permissions: PermissionSet,
    limits: LimitRequests,
}

impl VerifiedComponent {
    /// Checks the component and the manifest of an installed skill against its release.
    pub fn installed(
        release: &VerifiedRelease,
        component: impl Into<Arc<[u8]>>,
        manifest: &[u8],
    ) -> Result<Self, TrustError> {
        let bytes = component.into();
        release.check_component(&bytes)?;
        release.check_manifest(manifest)?;
        let of = release.title();
        let manifest = SkillJson::parse(manifest)
            .map_err(|source| TrustError::Manifest {
                of: of.clone(),
                source,
            })?
            .manifest;
        let signed = release.release();
        TrustError::check(&of, "package", &signed.package, &manifest.name)?;
        TrustError::check(&of, "version", &signed.version, &manifest.version)?;
        TrustError::check(
            &of,
            "permissions",
            &signed.permissions,
            &manifest.permissions.digest(),
        )?;
        Ok(Self {
            skill: manifest.name.to_string(),
            version: manifest.version.to_string(),
            digest: signed.component.digest,
            note: Some(release.note_digest()),
            bytes,
            permissions: manifest.permissions,
            limits: manifest.limits,
        })
    }

    /// Takes a local file as it is. It declares what its manifest says, or, for a bare component,
    /// exactly what is allowed for this run.
    pub fn local(
        component: impl Into<Arc<[u8]>>,
        manifest: Option<SkillJson>,
        allow: &PermissionSet,
    ) -> Self {
        let bytes = component.into();
        let digest = Digest::of(&bytes);
        let (version, permissions, limits) = match manifest {
            Some(SkillJson { manifest, .. }) => (
                manifest.version.to_string(),
                manifest.permissions,
                manifest.limits,
            ),
            None => ("none".to_owned(), allow.clone(), LimitRequests::default()),
        };
        let skill = format!("local:{digest}");
        Self {
            skill,
            version,
            digest,
            note: None,
            bytes,
            permissions,
            limits,
        }
    }

    /// The skill's identity: a package name, or `local:<digest>`.
    pub fn skill(&self) -> &str {
        &self.skill
    }

    /// Its version, or `none` for a bare component.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The digest of the component's bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The digest of the release note, when it was published.
    pub fn note(&self) -> Option<Digest> {
        self.note
    }

    /// The component's bytes.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// What it declares that it needs.
    pub fn permissions(&self) -> &PermissionSet {
        &self.permissions
    }

    /// The limits it asks for.
    pub fn limits(&self) -> &LimitRequests {
        &self.limits
    }
}

#[cfg(test)]
#[path = "component_tests.rs"]
mod tests;
