//! Which keys may sign for a namespace at a registry.
//!
//! A namespace starts with a genesis note: one key, once to manage and once to release, signed by
//! itself. It proves only that whoever wrote it holds the key; that this key is the namespace's is
//! an operator's or an administrator's decision. Later keysets are not accepted in this version.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use claw_package::{Digest, Namespace};

use crate::error::TrustError;
use crate::key::{PublicKey, SigningKey};
use crate::note::SignedNote;
use crate::origin::Origin;
use crate::statement::{NoteKind, OrNone, StatementError, StatementReader};
use crate::text::serde_as_string;

/// A verified keyset of one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyset {
    /// The registry that it is for.
    pub origin: Origin,
    /// The namespace whose keys these are.
    pub namespace: Namespace,
    /// Its place in the chain of keysets, from 1.
    pub sequence: u64,
    /// Keys that may change the keyset.
    pub manage: Vec<PublicKey>,
    /// Keys that may sign releases and yanks.
    pub release: Vec<PublicKey>,
    digest: Digest,
}

/// Names one keyset of a namespace: `1:sha256:<hex>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeysetRef {
    /// Its place in the chain, from 1.
    pub sequence: u64,
    /// The digest of its note.
    pub digest: Digest,
}

impl Keyset {
    /// Writes and signs the first keyset of the key's namespace at `origin`.
    pub fn genesis(origin: &Origin, key: &SigningKey) -> Vec<u8> {
        let public = key.public();
        let text = format!(
            "{}\nregistry {origin}\nnamespace {}\nsequence 1\nprevious none\nthreshold manage 1\n\
             threshold release 1\nkey manage {public}\nkey release {public}\n",
            NoteKind::Keyset.header(),
            public.name().namespace(),
        );
        key.sign_statement(&text)
    }

    /// Reads a genesis keyset and checks that it is signed by the key in it.
    pub fn verify(bytes: &[u8]) -> Result<Self, TrustError> {
        const KIND: NoteKind = NoteKind::Keyset;
        let note = SignedNote::parse(bytes)
            .map_err(|source| TrustError::Malformed { kind: KIND, source })?;
        let keyset =
            Self::read(&note).map_err(|source| TrustError::Statement { kind: KIND, source })?;
        let keys: Vec<_> = keyset.manage.iter().map(PublicKey::vkey).collect();
        note.verify(&keys, 1)
            .map_err(|source| TrustError::Signature { kind: KIND, source })?;
        Ok(keyset)
    }

    fn read(note: &SignedNote) -> Result<Self, StatementError> {
        let mut reader = StatementReader::new(NoteKind::Keyset, note.text())?;
        let origin = reader.field("registry")?;
        let namespace: Namespace = reader.field("namespace")?;
        let sequence: u64 = reader.field("sequence")?;
        let OrNone(previous) = reader.field::<OrNone<Digest>>("previous")?;
        let manage_threshold: u64 = reader.field("threshold manage")?;
        let release_threshold: u64 = reader.field("threshold release")?;
        let manage: PublicKey = reader.field("key manage")?;
        let release: PublicKey = reader.field("key release")?;
        reader.end()?;

        if (sequence, previous, manage_threshold, release_threshold) != (1, None, 1, 1) {
            return Err(rule(
                "a first keyset has sequence 1, nothing previous and thresholds of 1",
            ));
        }
        if manage != release {
            return Err(rule(format!(
                "a first keyset has one key, found `{manage}` to manage and `{release}` to release"
            )));
        }
        if manage.name().namespace() != &namespace {
            return Err(rule(format!(
                "the key `{}` does not belong to the namespace `{namespace}`",
                manage.name()
            )));
        }
        let (manage, release) = (vec![manage], vec![release]);
        Ok(Self {
            origin,
            namespace,
            sequence,
            manage,
            release,
            digest: note.digest(),
        })
    }

    /// The name of this keyset, as releases and pins carry it.
    pub fn reference(&self) -> KeysetRef {
        KeysetRef {
            sequence: self.sequence,
            digest: self.digest,
        }
    }

    /// Checks a note of this keyset's namespace: enough release keys signed it.
    pub(crate) fn verify_release_keys(
        &self,
        kind: NoteKind,
        note: &SignedNote,
    ) -> Result<PublicKey, TrustError> {
        let keys: Vec<_> = self.release.iter().map(PublicKey::vkey).collect();
        let signers = note
            .verify(&keys, 1)
            .map_err(|source| TrustError::Signature { kind, source })?;
        let signed = |key: &&PublicKey| signers.contains(&key.vkey());
        Ok(self
            .release
            .iter()
            .find(signed)
            .expect("a signer is one of the keys given")
            .clone())
    }

    /// Checks that a statement was made for this registry, namespace and keyset.
    pub(crate) fn check_binding(
        &self,
        of: &str,
        registry: &Origin,
        namespace: &Namespace,
        keyset: &KeysetRef,
    ) -> Result<(), TrustError> {
        TrustError::check(of, "registry", &self.origin, registry)?;
        TrustError::check(of, "namespace", &self.namespace, namespace)?;
        TrustError::check(of, "keyset", &self.reference(), keyset)
    }
}

fn rule(fault: impl Into<String>) -> StatementError {
    StatementError::Rule {
        fault: fault.into(),
    }
}

/// Why a text is no reference to a keyset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysetRefError {
    /// Not two parts, or the second is no digest.
    #[error("`{0}` is not `<sequence>:sha256:<64 hex>`")]
    Form(String),
    /// The sequence is no number from 1.
    #[error("`{0}` does not start with the sequence of a keyset")]
    Sequence(String, #[source] Option<ParseIntError>),
}

impl FromStr for KeysetRef {
    type Err = KeysetRefError;

    fn from_str(text: &str) -> Result<Self, KeysetRefError> {
        let form = || KeysetRefError::Form(text.to_owned());
        let (sequence, digest) = text.split_once(':').ok_or_else(form)?;
        let digest = digest.parse().map_err(|_| form())?;
        let sequence: u64 = sequence
            .parse()
            .map_err(|error| KeysetRefError::Sequence(text.to_owned(), Some(error)))?;
        if sequence == 0 {
            return Err(KeysetRefError::Sequence(text.to_owned(), None));
        }
        Ok(Self { sequence, digest })
    }
}

impl fmt::Display for KeysetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, self.digest)
    }
}

serde_as_string!(KeysetRef);

#[cfg(test)]
#[path = "keyset_tests.rs"]
mod tests;
