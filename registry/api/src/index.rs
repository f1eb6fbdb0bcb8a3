//! Index files: every release of one package, one JSON object per line, in the order of their
//! entries.
//!
//! A line is a hint: it says which note to fetch and repeats a part of it so that versions can be
//! chosen without fetching them all. [`IndexLine::check_release`] compares the two afterwards. Lines
//! of a version that we don't know are skipped; a file or a line that makes no sense is refused.

use std::collections::HashSet;

use claw_package::limits::{PACKED_BYTES_MAX, PERMISSIONS_MAX};
use claw_package::{Digest, PackageName, Permission, PermissionSet, Requirement, Version};
use claw_trust::{TrustError, VerifiedRelease};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::time::Timestamp;

/// The version of lines that this crate writes and understands.
pub const VERSION: u64 = 1;

/// The longest line: the most permissions a package can have, twice over for escapes.
pub const LINE_BYTES_MAX: usize = 256 * 1024;

/// The longest file: more than ten thousand releases of a usual size.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One release in an index file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndexLine {
    /// The version of this line's form.
    pub v: u64,
    /// The package.
    #[schema(value_type = String)]
    pub name: PackageName,
    /// Its version.
    #[schema(value_type = String)]
    pub version: Version,
    /// The digest of the release note, which is the blob of that digest.
    #[schema(value_type = String)]
    pub note: Digest,
    /// The digest of the tarball.
    #[schema(value_type = String)]
    pub tarball: Digest,
    /// The length of the tarball.
    pub size: u64,
    /// The digest of the component.
    #[schema(value_type = String)]
    pub component: Digest,
    /// What the skill asks for, in normal form.
    #[serde(deserialize_with = "normal_form")]
    #[schema(value_type = Vec<String>)]
    pub permissions: PermissionSet,
    /// The versions of `claw:skill` that it works with.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub host: Option<Requirement>,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    pub published: Timestamp,
    /// The number of its entry.
    pub leaf: u64,
    /// The digest of the yank note, while it is yanked.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub yanked: Option<Digest>,
}

/// Reads a value that may be null but not left out: a renamed `yanked` must not unhide a release.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

/// Reads permissions in the form that is written, and no more than a package can have: bringing
/// others into normal form takes time that grows with their square.
pub(crate) fn normal_form<'de, D: Deserializer<'de>>(from: D) -> Result<PermissionSet, D::Error> {
    let list = Vec::<Permission>::deserialize(from)?;
    if list.len() > PERMISSIONS_MAX {
        return Err(D::Error::custom(format!("{} permissions", list.len())));
    }
    let set = PermissionSet::new(list.iter().cloned());
    if !set.iter().eq(&list) {
        return Err(D::Error::custom("permissions that are not in normal form"));
    }
    Ok(set)
}

/// Why bytes are no index file.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Longer than [`FILE_BYTES_MAX`].
    #[error("the index is {actual} bytes long, more than {FILE_BYTES_MAX}")]
    FileTooLong {
        /// Its length.
        actual: usize,
    },
    /// The last line has no end, so something is missing.
    #[error("the index ends in the middle of line {line}")]
    CutShort {
        /// The line, from 1.
        line: usize,
    },
    /// Longer than [`LINE_BYTES_MAX`].
    #[error("line {line} of the index is {actual} bytes long, more than {LINE_BYTES_MAX}")]
    LineTooLong {
        /// The line, from 1.
        line: usize,
        /// Its length.
        actual: usize,
    },
    /// No JSON object, or one without the fields that its version has.
    #[error("line {line} of the index is malformed")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A value that no registry can mean.
    #[error("line {line} of the index {fault}")]
    Absurd {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: String,
    },
}

/// Reads an index file. An empty one has no releases.
pub fn parse(bytes: &[u8]) -> Result<Vec<IndexLine>, IndexError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(IndexError::FileTooLong {
            actual: bytes.len(),
        });
    }
    let mut lines: Vec<IndexLine> = Vec::new();
    let mut versions = HashSet::new();
    for (index, raw) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line = index + 1;
        let raw = raw
            .strip_suffix(b"\n")
            .ok_or(IndexError::CutShort { line })?;
        let Some(read) = parse_line(raw, line)? else {
            continue;
        };
        let absurd = |fault| Err(IndexError::Absurd { line, fault });
        if let Some(previous) = lines.last() {
            if previous.name != read.name {
                return absurd(format!(
                    "is of `{}` among those of `{}`",
                    read.name, previous.name
                ));
            }
            if previous.leaf >= read.leaf {
                return absurd(format!(
                    "has leaf {} after leaf {}",
                    read.leaf, previous.leaf
                ));
            }
        }
        if !versions.insert(read.version.clone()) {
            return absurd(format!("has `{}` again", read.version));
        }
        lines.push(read);
    }
    Ok(lines)
}

fn parse_line(raw: &[u8], line: usize) -> Result<Option<IndexLine>, IndexError> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u64,
    }

    if raw.len() > LINE_BYTES_MAX {
        return Err(IndexError::LineTooLong {
            line,
            actual: raw.len(),
        });
    }
    let malformed = |source| IndexError::Malformed { line, source };
    let read = match serde_json::from_slice::<IndexLine>(raw) {
        Ok(read) if read.v == VERSION => read,
        // A line of another version may hold anything, as long as it says which it is of.
        other => {
            let Versioned { v } = serde_json::from_slice(raw).map_err(malformed)?;
            return match other {
                _ if v == 0 => Err(IndexError::Absurd {
                    line,
                    fault: "has version 0".to_owned(),
                }),
                Err(source) if v == VERSION => Err(malformed(source)),
                _ => Ok(None),
            };
        }
    };
    if read.size == 0 || read.size > PACKED_BYTES_MAX {
        let fault = format!("has a tarball of {} bytes", read.size);
        return Err(IndexError::Absurd { line, fault });
    }
    Ok(Some(read))
}

impl IndexLine {
    /// The line of a release as it is accepted.
    pub fn of(
        release: &VerifiedRelease,
        permissions: PermissionSet,
        host: Option<Requirement>,
        published: Timestamp,
        leaf: u64,
    ) -> Self {
        let said = release.release();
        Self {
            v: VERSION,
            name: said.package.clone(),
            version: said.version.clone(),
            note: release.note_digest(),
            tarball: said.tarball.digest,
            size: said.tarball.size,
            component: said.component.digest,
            permissions,
            host,
            published,
            leaf,
            yanked: None,
        }
    }

    /// The line as it stands in the file, line feed included.
    pub fn to_json_line(&self) -> String {
        let json = serde_json::to_string(self).expect("strings, numbers and lists always are JSON");
        format!("{json}\n")
    }

    /// Checks that the line repeats what the note says, and names the first field that differs.
    pub fn check_release(&self, release: &VerifiedRelease) -> Result<(), TrustError> {
        let signed = release.release();
        let of = format!("the index line of {}@{}", self.name, self.version);
        TrustError::check(&of, "note", &release.note_digest(), &self.note)?;
        TrustError::check(&of, "name", &signed.package, &self.name)?;
        TrustError::check(&of, "version", &signed.version, &self.version)?;
        TrustError::check(&of, "tarball", &signed.tarball.digest, &self.tarball)?;
        TrustError::check(&of, "size", &signed.tarball.size, &self.size)?;
        TrustError::check(&of, "component", &signed.component.digest, &self.component)?;
        TrustError::check(
            &of,
            "permissions",
            &signed.permissions,
            &self.permissions.digest(),
        )
    }
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
