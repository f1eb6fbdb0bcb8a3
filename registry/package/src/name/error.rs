//! Why a text is not a name, a version, a requirement or a spec.

use crate::limits::{REQUIREMENT_BYTES_MAX, VERSION_BYTES_MAX, VERSION_PART_MAX};

/// Somebody else's text inside an error: short, and without characters that deceive.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .take(80)
        .flat_map(|c| c.escape_debug())
        .collect()
}

/// Why a text is not a name, a version, a requirement or a spec.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is no `/` between namespace and name, or more than one.
    #[error("`{0}` is not a package name: expected `namespace/name`")]
    NotTwoParts(String),
    /// A character or a shape that names do not have.
    #[error(
        "`{0}` is not a name: expected words of a-z and 0-9 that begin with a letter, joined by single `-`"
    )]
    Alphabet(String),
    /// More bytes than a name may have.
    #[error("`{name}` is longer than {bytes_max} bytes")]
    TooLong {
        /// The beginning of it.
        name: String,
        /// How long it may be.
        bytes_max: usize,
    },
    /// WIT could not name it.
    #[error("`{0}` is a word of WIT and cannot name a package")]
    WitKeyword(String),
    /// Windows could not store it.
    #[error("`{0}` is a device on Windows and cannot name a package")]
    WindowsDevice(String),
    /// Kept for claw and its registries.
    #[error("the namespace `{0}` is reserved")]
    Reserved(String),
    /// Not a semantic version.
    #[error("`{text}` is not a version such as `1.2.3`")]
    Version {
        /// What was given.
        text: String,
        /// What the semver parser says.
        source: SemverError,
    },
    /// A version with `+…`.
    #[error("`{0}` has build metadata (`+…`), which versions here do not have")]
    BuildMetadata(String),
    /// A version longer than an index wants to hold.
    #[error("the version `{0}…` is longer than {VERSION_BYTES_MAX} bytes")]
    VersionTooLong(String),
    /// A number in a version that not every language holds exactly.
    #[error("`{0}` has a number over {VERSION_PART_MAX}")]
    VersionPart(String),
    /// Not a version requirement.
    #[error("`{text}` is not a version requirement such as `^1.2`, `~1.2.3`, `=1.0.0` or `*`")]
    Requirement {
        /// What was given.
        text: String,
        /// What the semver parser says.
        source: SemverError,
    },
    /// A requirement too long to be meant.
    #[error("the version requirement `{0}…` is longer than {REQUIREMENT_BYTES_MAX} bytes")]
    RequirementTooLong(String),
}

/// What the semver parser says, comparable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SemverError(String);

impl From<semver::Error> for SemverError {
    fn from(error: semver::Error) -> Self {
        Self(error.to_string())
    }
}
