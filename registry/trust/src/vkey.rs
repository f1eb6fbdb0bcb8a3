//! The public half of any key that signs notes, as the C2SP line `name+id+base64`.
//!
//! Only Ed25519 is known. Keys of small order and other spellings of a point are refused here, at
//! the door, because such a key would "verify" texts that nobody signed. What a name means is not
//! this file's business: see [`KeyName`](crate::KeyName).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claw_package::Digest;
use ed25519_dalek::{Signature, VerifyingKey};

use crate::key::KeyError;

/// The type byte of Ed25519 signatures over the note's text.
const ED25519: u8 = 0x01;

/// A key that can check signatures of notes: its name, its id, and the Ed25519 point.
#[derive(Clone, PartialEq, Eq)]
pub struct Vkey {
    name: String,
    fingerprint: Digest,
    point: VerifyingKey,
}

impl Vkey {
    /// Names an Ed25519 public key.
    pub fn new(name: &str, point: &[u8; 32]) -> Result<Self, KeyError> {
        if let Some(fault) = name_fault(name) {
            return Err(KeyError::Name {
                name: name.to_owned(),
                fault,
            });
        }
        let weak = KeyError::Weak {
            name: name.to_owned(),
        };
        if !is_canonical(point) {
            return Err(weak);
        }
        let parsed = VerifyingKey::from_bytes(point).map_err(|_| KeyError::NoPoint {
            name: name.to_owned(),
        })?;
        if parsed.is_weak() {
            return Err(weak);
        }
        let identified = [name.as_bytes(), b"\n", &[ED25519], point].concat();
        Ok(Self {
            name: name.to_owned(),
            fingerprint: Digest::of(&identified),
            point: parsed,
        })
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's short id, the first four bytes of its fingerprint.
    pub fn id(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = *self.fingerprint.as_bytes();
        [a, b, c, d]
    }

    /// SHA-256 over name, line feed, type byte and point: what people compare.
    pub fn fingerprint(&self) -> Digest {
        self.fingerprint
    }

    /// The 32 bytes of the public key.
    pub fn point(&self) -> &[u8; 32] {
        self.point.as_bytes()
    }

    /// Whether `signature` is this key's, by the strict rules: one signature form per text, no
    /// points of small order.
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.point.verify_strict(text, &signature).is_ok())
    }
}

/// Says why `name` can't name a key in any note.
pub(crate) fn name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("has an empty key name");
    }
    if name.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control()) {
        return Some("has a space, a `+` or a control character in its key name");
    }
    None
}

/// Whether the y coordinate is below 2^255 - 19, so that the point has one spelling.
fn is_canonical(point: &[u8; 32]) -> bool {
    let top = point[31] & 0x7f == 0x7f && point[1..31].iter().all(|byte| *byte == 0xff);
    !(top && point[0] >= 0xed)
}

impl fmt::Display for Vkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = STANDARD.encode([&[ED25519][..], self.point()].concat());
        write!(
            f,
            "{}+{:08x}+{encoded}",
            self.name,
            u32::from_be_bytes(self.id())
        )
    }
}

impl fmt::Debug for Vkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vkey({self})")
    }
}

impl FromStr for Vkey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let malformed = |fault| KeyError::Malformed {
            text: text.to_owned(),
            fault,
        };
        // Base64 may hold `+`, a name or an id can't.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("it is not `name+id+base64`"));
        };
        let decoded = STANDARD
            .decode(encoded)
            .map_err(|_| malformed("it ends in no base64"))?;
        let [ED25519, point @ ..] = &decoded[..] else {
            return Err(malformed("it is not of the Ed25519 type"));
        };
        let point = point
            .try_into()
            .map_err(|_| malformed("its key is not 32 bytes long"))?;
        let key = Self::new(name, point)?;
        let actual = format!("{:08x}", u32::from_be_bytes(key.id()));
        if id != actual {
            return Err(KeyError::WrongId {
                name: name.to_owned(),
                expected: actual,
                actual: id.to_owned(),
            });
        }
        Ok(key)
    }
}

#[cfg(test)]
#[path = "vkey_tests.rs"]
mod tests;
