//! The text inside our notes: a first line that names its kind, then `field value` lines in a fixed
//! order, ASCII, nothing else.
//!
//! A value is accepted only in the spelling that its type prints, so `encode(parse(x)) == x` holds
//! for every statement by construction.

use std::error::Error;
use std::fmt::{self, Display};
use std::str::{FromStr, Lines};

/// The kinds of notes that change what is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// Which keys may sign for a namespace.
    Keyset,
    /// One version of a package.
    Release,
    /// Hides a release from new resolution.
    Yank,
    /// Shows a yanked release again.
    Unyank,
}

impl NoteKind {
    /// The first line of such a note.
    pub fn header(self) -> &'static str {
        match self {
            Self::Keyset => "claw keyset v1",
            Self::Release => "claw release v1",
            Self::Yank => "claw yank v1",
            Self::Unyank => "claw unyank v1",
        }
    }

    /// The kind that a note's text claims by its first line.
    pub fn of(text: &str) -> Option<Self> {
        let first = text.lines().next()?;
        [Self::Keyset, Self::Release, Self::Yank, Self::Unyank]
            .into_iter()
            .find(|kind| kind.header() == first)
    }
}

impl Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keyset => "keyset",
            Self::Release => "release",
            Self::Yank => "yank",
            Self::Unyank => "unyank",
        })
    }
}

/// Why a text is no statement.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// A character outside ASCII.
    #[error("it is not ASCII at byte {at}")]
    NotAscii {
        /// Where the character is.
        at: usize,
    },
    /// Another line where a certain one has to be.
    #[error("expected the line `{expected}`, found `{actual}`")]
    WrongLine {
        /// What has to stand there.
        expected: String,
        /// What does.
        actual: String,
    },
    /// The text ends too early.
    #[error("it ends before the line `{expected}`")]
    Ended {
        /// What should have followed.
        expected: String,
    },
    /// A line after the last one.
    #[error("`{line}` follows after its last line")]
    TooMuch {
        /// The line.
        line: String,
    },
    /// A value that its field can't have.
    #[error("`{value}` is no value of `{field}`")]
    Value {
        /// The field.
        field: &'static str,
        /// The value.
        value: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A value in another spelling than the one that is written.
    #[error("`{field}` is written as `{actual}` instead of `{expected}`")]
    Spelling {
        /// The field.
        field: &'static str,
        /// The one spelling of the value.
        expected: String,
        /// The spelling found.
        actual: String,
    },
    /// Lines that are right one by one but not together.
    #[error("{fault}")]
    Rule {
        /// The rule that is broken.
        fault: String,
    },
}

/// Reads a statement line by line.
pub(crate) struct StatementReader<'t> {
    lines: Lines<'t>,
}

impl<'t> StatementReader<'t> {
    /// Starts after the first line, which has to be `kind`'s.
    pub(crate) fn new(kind: NoteKind, text: &'t str) -> Result<Self, StatementError> {
        if let Some(at) = text.bytes().position(|byte| !byte.is_ascii()) {
            return Err(StatementError::NotAscii { at });
        }
        let mut lines = text.lines();
        match lines.next() {
            Some(line) if line == kind.header() => Ok(Self { lines }),
            first => Err(StatementError::WrongLine {
                expected: kind.header().to_owned(),
                actual: first.unwrap_or_default().to_owned(),
            }),
        }
    }

    /// The value of the next line, which has to be `field`'s.
    pub(crate) fn field<T>(&mut self, field: &'static str) -> Result<T, StatementError>
    where
        T: FromStr<Err: Error + Send + Sync + 'static> + Display,
    {
        match self.optional(field)? {
            Some(value) => Ok(value),
            None => Err(self.unexpected(field)),
        }
    }

    /// The value of the next line if it is `field`'s; else the line stays to be read.
    pub(crate) fn optional<T>(&mut self, field: &'static str) -> Result<Option<T>, StatementError>
    where
        T: FromStr<Err: Error + Send + Sync + 'static> + Display,
    {
        let mut ahead = self.lines.clone();
        let Some(raw) = ahead
            .next()
            .and_then(|line| line.strip_prefix(field)?.strip_prefix(' '))
        else {
            return Ok(None);
        };
        self.lines = ahead;
        let value: T = raw.parse().map_err(|error: T::Err| StatementError::Value {
            field,
            value: raw.to_owned(),
            source: error.into(),
        })?;
        let expected = value.to_string();
        if expected != raw {
            return Err(StatementError::Spelling {
                field,
                expected,
                actual: raw.to_owned(),
            });
        }
        Ok(Some(value))
    }

    /// Refuses anything that is left.
    pub(crate) fn end(mut self) -> Result<(), StatementError> {
        match self.lines.next() {
            Some(line) => Err(StatementError::TooMuch {
                line: line.to_owned(),
            }),
            None => Ok(()),
        }
    }

    fn unexpected(&mut self, field: &str) -> StatementError {
        let expected = format!("{field} …");
        match self.lines.next() {
            Some(line) => StatementError::WrongLine {
                expected,
                actual: line.to_owned(),
            },
            None => StatementError::Ended { expected },
        }
    }
}

/// A value that may be absent, written as `none`.
pub(crate) struct OrNone<T>(pub(crate) Option<T>);

impl<T: FromStr> FromStr for OrNone<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        match text {
            "none" => Ok(Self(None)),
            _ => text.parse().map(|value| Self(Some(value))),
        }
    }
}

impl<T: Display> Display for OrNone<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("none"),
        }
    }
}
