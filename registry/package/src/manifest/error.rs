//! Why a manifest is not one, naming the field and what to write.

use crate::limits::MANIFEST_BYTES_MAX;
use crate::name::NameError;
use crate::permission::PermissionError;

/// Why a manifest is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not a file that holds manifests.
    #[error("`{0}` is not a manifest: expected `Cargo.toml`, `package.json` or `skill.toml`")]
    FileName(String),
    /// More bytes than anybody writes.
    #[error("the manifest is larger than {MANIFEST_BYTES_MAX} bytes")]
    TooLarge,
    /// Not TOML, or not JSON.
    #[error("`{file}` does not parse: {message}")]
    Syntax {
        /// Which file.
        file: &'static str,
        /// What its parser says.
        message: String,
    },
    /// The file is good and says nothing about a skill.
    #[error("`{file}` has no {table}")]
    NoTable {
        /// Which file.
        file: &'static str,
        /// What it should have.
        table: &'static str,
    },
    /// A field that must be there.
    #[error("`{0}` is missing")]
    Missing(String),
    /// A field that Cargo takes from a workspace whose manifest was not given.
    #[error("`{0}` is inherited from a workspace; write it out")]
    Inherited(String),
    /// A field that means nothing here.
    #[error("`{field}` is not a field of {place}{hint}")]
    UnknownField {
        /// The field.
        field: String,
        /// Where it stands.
        place: String,
        /// ` (did you mean …?)`, or nothing.
        hint: String,
    },
    /// A field with a value that it cannot have.
    #[error("`{field}` is wrong")]
    Field {
        /// The field.
        field: String,
        /// What is wrong with it.
        source: FieldFault,
    },
}

impl ManifestError {
    pub(super) fn field(field: &str, fault: impl Into<FieldFault>) -> Self {
        Self::Field {
            field: field.into(),
            source: fault.into(),
        }
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    /// A name, version or requirement that is not one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A permission that is not one.
    #[error(transparent)]
    Permission(#[from] PermissionError),
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl From<String> for FieldFault {
    fn from(words: String) -> Self {
        Self::Other(words)
    }
}

impl From<&str> for FieldFault {
    fn from(words: &str) -> Self {
        Self::Other(words.into())
    }
}
