//! Hiding a release from new resolution, and showing it again.
//!
//! A yank never takes bytes away: who has the exact version locked still gets it. Each yank and
//! unyank of one release has the next sequence number, so an old one can't be played again.

use std::fmt;
use std::str::FromStr;

use claw_package::{Digest, PackageName, Version};

use crate::error::TrustError;
use crate::key::SigningKey;
use crate::keyset::{Keyset, KeysetRef};
use crate::note::{NoteError, SignedNote};
use crate::origin::Origin;
use crate::release::VerifiedRelease;
use crate::statement::{NoteKind, OrNone, StatementError, StatementReader};

/// One line that people read.
const REASON_BYTES_MAX: usize = 200;

/// Which way a release goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YankAction {
    /// Hidden from new resolution.
    Yank,
    /// Shown again.
    Unyank,
}

impl YankAction {
    /// The kind of its note.
    pub fn kind(self) -> NoteKind {
        match self {
            Self::Yank => NoteKind::Yank,
            Self::Unyank => NoteKind::Unyank,
        }
    }
}

/// Why a release was yanked: 1 to 200 printable ASCII characters, and not `none`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason(String);

/// Why a text is no reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason is 1 to 200 printable ASCII characters, no space at its ends, and not `none`")]
pub struct ReasonError;

impl Reason {
    /// The reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = ReasonError;

    fn from_str(text: &str) -> Result<Self, ReasonError> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let fits = (1..=REASON_BYTES_MAX).contains(&text.len()) && text.trim() == text;
        if printable && fits && text != "none" {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReasonError)
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a yank or unyank note says, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Yank {
    /// Which way.
    pub action: YankAction,
    /// The registry that it is for.
    pub registry: Origin,
    /// The package.
    pub package: PackageName,
    /// The version.
    pub version: Version,
    /// The digest of the release note.
    pub release: Digest,
    /// 1, 2, … per release, yanks and unyanks together.
    pub sequence: u64,
    /// Why.
    pub reason: Option<Reason>,
    /// The keyset that its author saw.
    pub keyset: KeysetRef,
}

impl Yank {
    /// States the `sequence`-th yank or unyank of a release.
    pub fn of(
        action: YankAction,
        release: &VerifiedRelease,
        sequence: u64,
        reason: Option<Reason>,
    ) -> Self {
        let said = release.release();
        Self {
            action,
            registry: said.registry.clone(),
            package: said.package.clone(),
            version: said.version.clone(),
            release: release.note_digest(),
            sequence,
            reason,
            keyset: said.keyset,
        }
    }

    /// The text of the note.
    pub fn to_text(&self) -> String {
        let Self {
            action,
            registry,
            package,
            version,
            release,
            sequence,
            reason,
            keyset,
        } = self;
        let (header, reason) = (action.kind().header(), OrNone(reason.as_ref()));
        format!(
            "{header}\nregistry {registry}\npackage {package}\nversion {version}\n\
             release {release}\nsequence {sequence}\nreason {reason}\nkeyset {keyset}\n"
        )
    }

    /// Reads the text of a note, of either kind. What it says is not thereby true.
    pub fn from_text(text: &str) -> Result<Self, StatementError> {
        let action = match NoteKind::of(text) {
            Some(NoteKind::Unyank) => YankAction::Unyank,
            _ => YankAction::Yank,
        };
        let mut reader = StatementReader::new(action.kind(), text)?;
        let yank = Self {
            action,
            registry: reader.field("registry")?,
            package: reader.field("package")?,
            version: reader.field("version")?,
            release: reader.field("release")?,
            sequence: reader.field("sequence")?,
            reason: reader.field::<OrNone<Reason>>("reason")?.0,
            keyset: reader.field("keyset")?,
        };
        reader.end()?;
        if yank.sequence == 0 {
            return Err(StatementError::Rule {
                fault: "its sequence is counted from 1".to_owned(),
            });
        }
        Ok(yank)
    }

    /// Signs it: the bytes of its note.
    pub fn sign(&self, key: &SigningKey) -> Vec<u8> {
        key.sign_statement(&self.to_text())
    }
}

/// A yank or unyank that a key of its keyset has signed.
#[derive(Clone, Debug)]
pub struct VerifiedYank {
    yank: Yank,
    note: SignedNote,
}

impl VerifiedYank {
    /// Believes a yank or unyank note if the keyset's release keys signed it for this registry,
    /// namespace and keyset.
    pub fn verify(note: &[u8], keyset: &Keyset) -> Result<Self, TrustError> {
        let malformed = |source: NoteError| TrustError::Malformed {
            kind: NoteKind::Yank,
            source,
        };
        let note = SignedNote::parse(note).map_err(malformed)?;
        let kind = match NoteKind::of(note.text()) {
            Some(NoteKind::Unyank) => NoteKind::Unyank,
            _ => NoteKind::Yank,
        };
        keyset.verify_release_keys(kind, &note)?;
        let yank = Yank::from_text(note.text())
            .map_err(|source| TrustError::Statement { kind, source })?;
        let of = format!("{kind} of {}@{}", yank.package, yank.version);
        keyset.check_binding(&of, &yank.registry, yank.package.namespace(), &yank.keyset)?;
        Ok(Self { yank, note })
    }

    /// Checks that this is about `release`, naming the first field that is not.
    pub fn check_release(&self, release: &VerifiedRelease) -> Result<(), TrustError> {
        let Yank {
            action,
            package,
            version,
            ..
        } = &self.yank;
        let of = format!("{} of {}", action.kind(), release.title());
        TrustError::check(&of, "package", &release.release().package, package)?;
        TrustError::check(&of, "version", &release.release().version, version)?;
        TrustError::check(&of, "release", &release.note_digest(), &self.yank.release)
    }

    /// What it says.
    pub fn yank(&self) -> &Yank {
        &self.yank
    }

    /// The digest of the note, signature lines included.
    pub fn note_digest(&self) -> Digest {
        self.note.digest()
    }

    /// The exact bytes of the note.
    pub fn note_bytes(&self) -> Vec<u8> {
        self.note.to_bytes()
    }
}

#[cfg(test)]
#[path = "yank_tests.rs"]
mod tests;
