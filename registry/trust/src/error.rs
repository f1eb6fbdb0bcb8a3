//! The one error of verification. It never says "invalid": it says what did not match what.

use std::fmt::Display;

use claw_package::SkillJsonError;

use crate::note::NoteError;
use crate::statement::{NoteKind, StatementError};

/// Why something is not believed.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Bytes that are no signed note.
    #[error("the {kind} note is malformed")]
    Malformed {
        /// What the note should have been.
        kind: NoteKind,
        /// What is wrong with it.
        source: NoteError,
    },
    /// A note that those who have to sign it did not sign, or whose text was changed afterwards.
    #[error("the {kind} note is not signed by its keyset")]
    Signature {
        /// What the note is.
        kind: NoteKind,
        /// Which signature is wrong or missing.
        source: NoteError,
    },
    /// A note whose text is not a statement in its one form.
    #[error("the {kind} note does not say what such a note has to say")]
    Statement {
        /// What the note should have been.
        kind: NoteKind,
        /// Which line is wrong.
        source: StatementError,
    },
    /// Two things that should be the same are not.
    #[error("the {field} of {of} does not match: expected `{expected}`, found `{actual}`")]
    Mismatch {
        /// What was checked, for example `acme/x@1.0.0`.
        of: String,
        /// The first field that differs.
        field: &'static str,
        /// What was promised or asked for.
        expected: String,
        /// What was found.
        actual: String,
    },
    /// The manifest of an installed skill can't be read, although its digest is right.
    #[error("the manifest of {of} can't be read")]
    Manifest {
        /// The release.
        of: String,
        /// What is wrong with it.
        source: SkillJsonError,
    },
}

impl TrustError {
    /// Passes when both values are the same, else names the field and shows both.
    pub fn check<T: PartialEq + Display>(
        of: impl Display,
        field: &'static str,
        expected: &T,
        actual: &T,
    ) -> Result<(), Self> {
        if expected == actual {
            return Ok(());
        }
        let (expected, actual) = (expected.to_string(), actual.to_string());
        Err(Self::Mismatch {
            of: of.to_string(),
            field,
            expected,
            actual,
        })
    }
}
