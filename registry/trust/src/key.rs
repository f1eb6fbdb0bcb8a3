//! Publishers' keys: who may sign, by name, and the point that proves it.
//!
//! A key belongs to one namespace and says so in its name, `acme/alice`. The private half lives
//! in [`SigningKey`] and leaves it only as an OpenSSH private key.

mod signing;

use std::fmt;
use std::str::FromStr;

use claw_package::{Digest, Namespace};

pub use signing::SigningKey;

use crate::vkey::Vkey;

/// The longest word of a key name, like that of a package name.
const WORD_BYTES_MAX: usize = 64;

/// The name of a publisher's key: a namespace and one word, such as `acme/alice`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    namespace: Namespace,
    word: String,
}

/// The public half of a publisher's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: KeyName,
    vkey: Vkey,
}

/// Why a key or a key's name is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A name that can't stand in a note or in a keyset.
    #[error("the key `{name}` {fault}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A text that is no public key line.
    #[error("`{text}` is no public key: {fault}")]
    Malformed {
        /// The text.
        text: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The id in a public key line is not the id of its key.
    #[error("the key `{name}` has the id `{expected}`, found `{actual}`")]
    WrongId {
        /// The key's name.
        name: String,
        /// The id that its bytes give.
        expected: String,
        /// The id as written.
        actual: String,
    },
    /// Thirty-two bytes that are not on the curve.
    #[error("the key `{name}` is no point of Ed25519")]
    NoPoint {
        /// The key's name.
        name: String,
    },
    /// A point of small order, or another spelling of a point.
    #[error("the key `{name}` is a weak point, under which anybody could seem to sign")]
    Weak {
        /// The key's name.
        name: String,
    },
    /// The operating system gave no randomness.
    #[error("could not get randomness for a new key")]
    NoRandomness(#[source] getrandom::Error),
    /// The private key is locked and no passphrase was given.
    #[error("the private key is locked with a passphrase, and none was given")]
    PassphraseMissing,
    /// The private key does not open with this passphrase.
    #[error("the passphrase does not open the private key")]
    PassphraseWrong,
    /// A text that is no OpenSSH private key, or a damaged one.
    #[error("it is no OpenSSH private key")]
    NotOpenSsh(#[source] ssh_key::Error),
    /// A private key of another algorithm.
    #[error("expected an Ed25519 private key, found `{algorithm}`")]
    NotEd25519 {
        /// The algorithm found.
        algorithm: String,
    },
    /// A private key whose stored public half belongs to another key.
    #[error("the private key `{name}` does not belong to the public key stored with it")]
    HalvesDiffer {
        /// The key's name.
        name: String,
    },
    /// The private key could not be written as OpenSSH has it.
    #[error("could not write the private key `{name}`")]
    Write {
        /// The key's name.
        name: String,
        /// Why.
        source: ssh_key::Error,
    },
}

impl KeyName {
    /// The namespace that the key may sign for.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The word after the namespace: a person, a machine.
    pub fn word(&self) -> &str {
        &self.word
    }
}

impl FromStr for KeyName {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let refuse = |fault| KeyError::Name {
            name: text.to_owned(),
            fault,
        };
        let (namespace, word) = text
            .split_once('/')
            .ok_or(refuse("is not named `namespace/word`"))?;
        let namespace = namespace
            .parse()
            .map_err(|_| refuse("does not start with the name of a namespace"))?;
        if word.len() > WORD_BYTES_MAX {
            return Err(refuse("has more than 64 bytes after the `/`"));
        }
        let is_part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_lowercase())
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        if !word.split('-').all(is_part) {
            return Err(refuse(
                "needs lower-case letters and digits after the `/`, in words joined by single `-`",
            ));
        }
        Ok(Self {
            namespace,
            word: word.to_owned(),
        })
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.word)
    }
}

impl PublicKey {
    fn new(name: KeyName, point: &[u8; 32]) -> Result<Self, KeyError> {
        let vkey = Vkey::new(&name.to_string(), point)?;
        Ok(Self { name, vkey })
    }

    /// The key's name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key as any reader of signed notes knows it.
    pub fn vkey(&self) -> &Vkey {
        &self.vkey
    }

    /// What people compare, as [`fingerprint_words`](crate::fingerprint_words) spells it.
    pub fn fingerprint(&self) -> Digest {
        self.vkey.fingerprint()
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let vkey: Vkey = text.parse()?;
        Ok(Self {
            name: vkey.name().parse()?,
            vkey,
        })
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.vkey.fmt(f)
    }
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
