//! The statement that makes a release: these bytes are this version of this package, says the
//! holder of a release key.
//!
//! [`Release`] is what is said, by anybody. [`VerifiedRelease`] is what the keyset of the
//! package's namespace has signed for this registry; only it can vouch for bytes.

use claw_package::{Digest, Measured, PackageName, Version, world};

use crate::error::TrustError;
use crate::facts::Facts;
use crate::key::{PublicKey, SigningKey};
use crate::keyset::{Keyset, KeysetRef};
use crate::note::SignedNote;
use crate::origin::Origin;
use crate::source::Source;
use crate::statement::{NoteKind, OrNone, StatementError, StatementReader};

const KIND: NoteKind = NoteKind::Release;

/// What a release note says, in the order of its lines. The line `world` follows from the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The registry that the release is for.
    pub registry: Origin,
    /// The package.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// The exact bytes that are sent.
    pub tarball: Measured,
    /// The tar inside, the same however it was compressed.
    pub content: Measured,
    /// `skill.wasm`.
    pub component: Measured,
    /// `skill.json`.
    pub manifest: Measured,
    /// The digest of the permissions in their normal form.
    pub permissions: Digest,
    /// The keyset that its author saw.
    pub keyset: KeysetRef,
    /// Where its source is.
    pub source: Option<Source>,
}

impl Release {
    /// States what a packed or a read package is, for one registry and under one keyset.
    pub fn of(
        facts: impl Into<Facts>,
        registry: Origin,
        keyset: KeysetRef,
        source: Option<Source>,
    ) -> Self {
        let Facts {
            package,
            version,
            tarball,
            content,
            component,
            manifest,
            permissions,
        } = facts.into();
        Self {
            registry,
            package,
            version,
            tarball,
            content,
            component,
            manifest,
            permissions,
            keyset,
            source,
        }
    }

    /// The world that the package's component has: the package fixes its name.
    pub fn world(&self) -> String {
        world(&self.package)
    }

    /// The text of the note.
    pub fn to_text(&self) -> String {
        let Self {
            registry,
            package,
            version,
            tarball,
            content,
            component,
            manifest,
            ..
        } = self;
        let Self {
            permissions,
            keyset,
            source,
            ..
        } = self;
        let (header, world, source) = (KIND.header(), self.world(), OrNone(source.as_ref()));
        format!(
            "{header}\nregistry {registry}\npackage {package}\nversion {version}\n\
             tarball {tarball}\ncontent {content}\ncomponent {component}\nmanifest {manifest}\n\
             permissions {permissions}\nworld {world}\nkeyset {keyset}\nsource {source}\n"
        )
    }

    /// Reads the text of a note. What it says is not thereby true.
    pub fn from_text(text: &str) -> Result<Self, StatementError> {
        let mut reader = StatementReader::new(KIND, text)?;
        let registry = reader.field("registry")?;
        let package = reader.field("package")?;
        let version = reader.field("version")?;
        let tarball = reader.field("tarball")?;
        let content = reader.field("content")?;
        let component = reader.field("component")?;
        let manifest = reader.field("manifest")?;
        let permissions = reader.field("permissions")?;
        let actual: String = reader.field("world")?;
        let expected = world(&package);
        if actual != expected {
            return Err(StatementError::Spelling {
                field: "world",
                expected,
                actual,
            });
        }
        let keyset = reader.field("keyset")?;
        let OrNone(source) = reader.field::<OrNone<Source>>("source")?;
        reader.end()?;
        Ok(Self {
            registry,
            package,
            version,
            tarball,
            content,
            component,
            manifest,
            permissions,
            keyset,
            source,
        })
    }

    /// Signs the release: the bytes of its note.
    pub fn sign(&self, key: &SigningKey) -> Vec<u8> {
        key.sign_statement(&self.to_text())
    }
}

/// A release that a key of its keyset has signed.
#[derive(Clone, Debug)]
pub struct VerifiedRelease {
    release: Release,
    note: SignedNote,
    digest: Digest,
    signer: PublicKey,
}

impl VerifiedRelease {
    /// Believes a release note if the keyset's release keys signed it for this registry,
    /// namespace and keyset.
    pub fn verify(note: &[u8], keyset: &Keyset) -> Result<Self, TrustError> {
        let note = SignedNote::parse(note)
            .map_err(|source| TrustError::Malformed { kind: KIND, source })?;
        let signer = keyset.verify_release_keys(KIND, &note)?;
        let release = Release::from_text(note.text())
            .map_err(|source| TrustError::Statement { kind: KIND, source })?;
        let verified = Self {
            digest: note.digest(),
            release,
            note,
            signer,
        };
        let Release {
            registry,
            package,
            keyset: named,
            ..
        } = &verified.release;
        keyset.check_binding(&verified.title(), registry, package.namespace(), named)?;
        Ok(verified)
    }

    /// What it says.
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// The digest of the note, signature lines included: the release's identity.
    pub fn note_digest(&self) -> Digest {
        self.digest
    }

    /// The exact bytes of the note.
    pub fn note_bytes(&self) -> Vec<u8> {
        self.note.to_bytes()
    }

    /// The key that signed it.
    pub fn signer(&self) -> &PublicKey {
        &self.signer
    }

    /// Package and version, for messages: `acme/x@1.0.0`.
    pub fn title(&self) -> String {
        format!("{}@{}", self.release.package, self.release.version)
    }

    /// Checks what a package's bytes say against every field of the note, and names the first that
    /// differs.
    pub fn check_package(&self, package: impl Into<Facts>) -> Result<(), TrustError> {
        let found = package.into();
        let signed = &self.release;
        let of = self.title();
        TrustError::check(&of, "package", &signed.package, &found.package)?;
        TrustError::check(&of, "version", &signed.version, &found.version)?;
        TrustError::check(&of, "tarball", &signed.tarball, &found.tarball)?;
        TrustError::check(&of, "content", &signed.content, &found.content)?;
        TrustError::check(&of, "component", &signed.component, &found.component)?;
        TrustError::check(&of, "manifest", &signed.manifest, &found.manifest)?;
        TrustError::check(&of, "permissions", &signed.permissions, &found.permissions)
    }

    /// Checks the bytes of a `skill.wasm`.
    pub fn check_component(&self, bytes: &[u8]) -> Result<(), TrustError> {
        let found = Measured::of(bytes);
        TrustError::check(self.title(), "component", &self.release.component, &found)
    }

    /// Checks the bytes of a `skill.json`.
    pub fn check_manifest(&self, bytes: &[u8]) -> Result<(), TrustError> {
        let found = Measured::of(bytes);
        TrustError::check(self.title(), "manifest", &self.release.manifest, &found)
    }
}

#[cfg(test)]
#[path = "release_tests.rs"]
mod tests;
