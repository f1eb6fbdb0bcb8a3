//! One ustar header: 512 bytes that have exactly one form for each entry.
//!
//! Read field by field to name the fault, then written again and compared, so that nothing can hide
//! in a field nobody looks at. PAX, GNU and every other extension is a fault: two readers that
//! disagree about one are how archives lie.

use super::error::EntryFault;
use super::path::PathFault;

/// The size of a header, and what contents are padded to.
pub(super) const BLOCK: usize = 512;

const NAME: std::ops::Range<usize> = 0..100;
const MODE: std::ops::Range<usize> = 100..108;
const UID: std::ops::Range<usize> = 108..116;
const GID: std::ops::Range<usize> = 116..124;
const SIZE: std::ops::Range<usize> = 124..136;
const TIME: std::ops::Range<usize> = 136..148;
const CHECKSUM: std::ops::Range<usize> = 148..156;
const TYPE: usize = 156;
const LINK: std::ops::Range<usize> = 157..257;
const MAGIC: std::ops::Range<usize> = 257..265;
const OWNERS: std::ops::Range<usize> = 265..329;
const DEVICES: std::ops::Range<usize> = 329..345;
const PREFIX: std::ops::Range<usize> = 345..500;

const USTAR: &[u8] = b"ustar\x0000";

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    File { executable: bool },
}

/// One entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// With the root folder, and without a slash at the end.
    pub(super) path: String,
    pub(super) kind: Kind,
    pub(super) size: u64,
}

impl Header {
    /// The path as it is stored: a folder's ends in a slash.
    pub(super) fn stored_path(&self) -> String {
        match self.kind {
            Kind::Folder => format!("{}/", self.path),
            Kind::File { .. } => self.path.clone(),
        }
    }

    /// The one form of this header. Nothing where the path fits in no way.
    pub(super) fn encode(&self) -> Option<[u8; BLOCK]> {
        let stored = self.stored_path();
        let (prefix, name) = split(&stored)?;
        let (mode, kind) = match self.kind {
            Kind::Folder => (0o755, b'5'),
            Kind::File { executable: true } => (0o755, b'0'),
            Kind::File { executable: false } => (0o644, b'0'),
        };
        let mut block = [0; BLOCK];
        block[NAME][..name.len()].copy_from_slice(name.as_bytes());
        block[PREFIX][..prefix.len()].copy_from_slice(prefix.as_bytes());
        octal(&mut block[MODE], mode);
        octal(&mut block[UID], 0);
        octal(&mut block[GID], 0);
        octal(&mut block[SIZE], self.size);
        octal(&mut block[TIME], 0);
        block[TYPE] = kind;
        block[MAGIC].copy_from_slice(USTAR);
        let sum = checksum(&block);
        block[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        Some(block)
    }

    /// Reads a header, or says what it does that headers here do not.
    pub(super) fn parse(block: &[u8; BLOCK]) -> Result<Self, EntryFault> {
        if number(&block[CHECKSUM]) != Some(checksum(block)) {
            return Err(EntryFault::Checksum);
        }
        let mode = number(&block[MODE]);
        let kind = match (block[TYPE], mode) {
            (b'0', Some(0o644)) => Kind::File { executable: false },
            (b'0', Some(0o755)) => Kind::File { executable: true },
            (b'5', Some(0o755)) => Kind::Folder,
            (b'0' | b'5', _) => return Err(EntryFault::Mode),
            (other, _) => return Err(EntryFault::of_type(other)),
        };
        if block[MAGIC] != *USTAR {
            return Err(EntryFault::NotUstar);
        }
        if number(&block[TIME]) != Some(0) {
            return Err(EntryFault::Time);
        }
        let owned = block[OWNERS].iter().any(|b| *b != 0);
        if owned || number(&block[UID]) != Some(0) || number(&block[GID]) != Some(0) {
            return Err(EntryFault::Owner);
        }
        if block[LINK].iter().chain(&block[DEVICES]).any(|b| *b != 0) {
            return Err(EntryFault::Form);
        }
        let size = number(&block[SIZE]).ok_or(EntryFault::Form)?;
        if kind == Kind::Folder && size != 0 {
            return Err(EntryFault::Form);
        }
        let (prefix, name) = (text(&block[PREFIX])?, text(&block[NAME])?);
        let stored = if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}/{name}")
        };
        let path = match (kind, stored.strip_suffix('/')) {
            (Kind::Folder, Some(path)) => path.to_owned(),
            (Kind::File { .. }, None) => stored,
            _ => return Err(EntryFault::TrailingSlash),
        };
        super::path::check(&path)?;
        let header = Self { path, kind, size };
        if header.encode().as_ref() != Some(block) {
            return Err(EntryFault::Form);
        }
        Ok(header)
    }

    /// The path of a header that may be a lie in every other field, for naming it.
    pub(super) fn shown_path(block: &[u8; BLOCK]) -> String {
        let until_nul = |field: &[u8]| {
            let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
            String::from_utf8_lossy(&field[..end]).into_owned()
        };
        let (prefix, name) = (until_nul(&block[PREFIX]), until_nul(&block[NAME]));
        let path = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}/{name}")
        };
        path.chars().flat_map(char::escape_debug).collect()
    }
}

/// Splits a path into ustar's prefix and name: no prefix where none is needed, else the shortest.
fn split(stored: &str) -> Option<(&str, &str)> {
    if stored.len() <= NAME.len() {
        return Some(("", stored));
    }
    stored
        .match_indices('/')
        .map(|(at, _)| (&stored[..at], &stored[at + 1..]))
        .find(|(_, name)| name.len() <= NAME.len())
        .filter(|(prefix, name)| prefix.len() <= PREFIX.len() && !name.is_empty())
}

/// Writes a number as octal digits with one NUL.
fn octal(field: &mut [u8], number: u64) {
    let digits = field.len() - 1;
    field[..digits].copy_from_slice(format!("{number:0digits$o}").as_bytes());
}

/// Reads octal digits up to a NUL or space. Base-256 and signs are no numbers here.
fn number(field: &[u8]) -> Option<u64> {
    let end = field.iter().position(|b| *b == 0 || *b == b' ')?;
    let digits = std::str::from_utf8(&field[..end]).ok()?;
    if digits.is_empty() || !digits.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return None;
    }
    u64::from_str_radix(digits, 8).ok()
}

/// Reads text up to a NUL, with only NULs after it.
fn text(field: &[u8]) -> Result<&str, EntryFault> {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    if field[end..].iter().any(|b| *b != 0) {
        return Err(EntryFault::Nul);
    }
    std::str::from_utf8(&field[..end]).map_err(|_| PathFault::NotUtf8.into())
}

/// The sum of all bytes, those of the checksum counted as spaces.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    let all: u64 = block.iter().map(|b| u64::from(*b)).sum();
    let own: u64 = block[CHECKSUM].iter().map(|b| u64::from(*b)).sum();
    all - own + CHECKSUM.len() as u64 * u64::from(b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_header_is_read_back_and_known_to_another_reader() {
        let long = format!("{}/{}/c", "a".repeat(70), "b".repeat(60));
        for (path, kind, size) in [
            ("x-1.0.0/skill.json", Kind::File { executable: false }, 0),
            (
                "x-1.0.0/assets/run",
                Kind::File { executable: true },
                0o7777_7777,
            ),
            ("x-1.0.0/assets", Kind::Folder, 0),
            (long.as_str(), Kind::File { executable: false }, 1),
            (long.as_str(), Kind::Folder, 0),
        ] {
            let header = Header {
                path: path.into(),
                kind,
                size,
            };
            let block = header.encode().unwrap();
            assert_eq!(Header::parse(&block), Ok(header.clone()));
            let oracle = tar::Header::from_byte_slice(&block);
            assert_eq!(oracle.path_bytes(), header.stored_path().as_bytes());
            assert_eq!(oracle.size().unwrap(), size);
            assert_eq!(oracle.cksum().unwrap() as u64, checksum(&block));
            assert!(oracle.as_ustar().is_some());
        }
    }

    #[test]
    fn a_path_that_fits_in_no_way_has_no_header() {
        let file = |path: String| Header {
            path,
            kind: Kind::File { executable: false },
            size: 0,
        };
        assert!(file("a".repeat(100)).encode().is_some());
        assert!(file("a".repeat(101)).encode().is_none());
        assert!(file(format!("{}/b", "a".repeat(155))).encode().is_some());
        assert!(file(format!("{}/b", "a".repeat(156))).encode().is_none());
        let folder = Header {
            path: "a".repeat(100),
            kind: Kind::Folder,
            size: 0,
        };
        assert!(folder.encode().is_none());
    }

    #[test]
    fn no_byte_of_a_header_is_free() {
        let header = Header {
            path: "x-1.0.0/a".into(),
            kind: Kind::File { executable: false },
            size: 7,
        };
        let good = header.encode().unwrap();
        for at in 0..BLOCK {
            for flip in [1, 0x20, 0x80] {
                let mut block = good;
                block[at] ^= flip;
                assert_ne!(Header::parse(&block), Ok(header.clone()), "byte {at}");
                // And not with a checksum made to fit either, unless it says something else.
                let sum = checksum(&block);
                block[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
                if let Ok(other) = Header::parse(&block) {
                    assert_eq!(block == good, other == header, "byte {at}");
                }
            }
        }
    }
}
