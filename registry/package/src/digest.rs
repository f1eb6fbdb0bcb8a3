//! SHA-256 digests of exact bytes, and how they are written.
//!
//! One algorithm, one spelling: `sha256:` and 64 lower-case hexadecimal digits. Anything else is
//! refused, so that two texts are equal exactly when the digests are.

use std::fmt;
use std::io;
use std::str::FromStr;

use sha2::Digest as _;

use crate::text::serde_as_string;

const PREFIX: &str = "sha256:";

/// The SHA-256 digest of some exact bytes, written `sha256:<64 hex>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// A digest computed or stored elsewhere.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 hexadecimal digits, without the algorithm.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let malformed = || DigestError::Malformed(text.chars().take(100).collect());
        let digits = text.strip_prefix(PREFIX).ok_or_else(malformed)?;
        if digits.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(malformed());
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| malformed())?;
        Ok(Self(bytes))
    }
}

serde_as_string!(Digest);

/// Bytes as a signed statement names them: their digest and how many there are, written
/// `sha256:<64 hex> <size>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Measured {
    /// What the bytes hash to.
    pub digest: Digest,
    /// How many bytes there are.
    pub size: u64,
}

impl Measured {
    /// Measures bytes that are at hand.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.digest, self.size)
    }
}

impl FromStr for Measured {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let malformed = || DigestError::Unmeasured(text.chars().take(120).collect());
        let (digest, digits) = text.split_once(' ').ok_or_else(malformed)?;
        let size: u64 = digits.parse().map_err(|_| malformed())?;
        if size.to_string() != digits {
            return Err(malformed());
        }
        Ok(Self {
            digest: digest.parse()?,
            size,
        })
    }
}

serde_as_string!(Measured);

/// Hashes bytes as they arrive.
#[derive(Clone, Default)]
pub struct Hasher {
    sha256: sha2::Sha256,
    bytes: u64,
}

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// The digest of everything added.
    pub fn finish(self) -> Digest {
        self.measure().digest
    }

    /// The digest and the number of everything added.
    pub fn measure(self) -> Measured {
        Measured {
            digest: Digest(self.sha256.finalize().into()),
            size: self.bytes,
        }
    }
}

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Not `sha256:` and 64 lower-case hexadecimal digits.
    #[error("`{0}` is not a digest: expected `sha256:` and 64 lower-case hexadecimal digits")]
    Malformed(String),
    /// Not a digest, one space and a size.
    #[error("`{0}` is not a digest followed by one space and a size in bytes")]
    Unmeasured(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn nothing_hashes_to_the_published_value() {
        assert_eq!(Digest::of(b"").to_string(), EMPTY);
        assert_eq!(EMPTY.parse(), Ok(Digest::of(b"")));
        assert_eq!(Hasher::new().finish(), Digest::of(b""));
    }

    #[test]
    fn pieces_hash_like_the_whole() {
        let mut hasher = Hasher::new();
        hasher.update(b"one ");
        hasher.update(b"two");
        assert_eq!(hasher.measure(), Measured::of(b"one two"));
    }

    #[test]
    fn only_one_spelling_is_read() {
        for text in [
            "",
            "sha256:",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
            &EMPTY.to_uppercase(),
            &EMPTY.replace("e3b0", "E3B0"),
            &EMPTY[..EMPTY.len() - 1],
            &format!("{EMPTY} "),
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
        for size in ["", "007", "+7", "-1", "1 ", "18446744073709551616"] {
            assert!(
                format!("{EMPTY} {size}").parse::<Measured>().is_err(),
                "{size}"
            );
        }
        let measured: Measured = format!("{EMPTY} 0").parse().unwrap();
        assert_eq!(measured, Measured::of(b""));
        assert_eq!(measured.to_string(), format!("{EMPTY} 0"));
    }
}
