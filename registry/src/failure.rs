//! Why something was not done: refused, which is the asker's to know, or failed, which is ours.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use claw_package::ReadError;
use claw_registry_api::ErrorCode;
use claw_trust::TrustError;

use crate::db::DatabaseError;

/// A no, with the reason that the asker is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub detail: String,
    /// After how long it may be a yes, where that is known.
    pub wait: Option<Duration>,
}

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The asker has to change something.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The registry could not. The asker is not told why.
    #[error("the registry failed")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl Refusal {
    /// A no.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            wait: None,
        }
    }

    /// A no to whoever asks too often.
    pub fn limited(wait: Duration, detail: impl Into<String>) -> Self {
        Self {
            wait: Some(wait),
            ..Self::new(ErrorCode::TooManyRequests, detail)
        }
    }

    /// A no whose reason is an error and all that caused it.
    pub fn because(code: ErrorCode, error: &dyn Error) -> Self {
        Self::new(code, chain(error))
    }
}

impl Failure {
    /// A fault of the registry.
    pub fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// Whether it failed because the disk has no room.
    pub fn is_storage_full(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Internal(cause) => is_storage_full(cause.as_ref()),
        }
    }
}

/// Whether an error, or what caused it, is a disk that has no room, or none for this user.
pub fn is_storage_full(error: &(dyn Error + 'static)) -> bool {
    /// `SQLITE_FULL`, and `SQLITE_IOERR_SHMSIZE`, which a database answers that finds no room for
    /// the index of its log.
    const FULL: [&str; 2] = ["13", "4874"];

    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>()
            && matches!(
                error.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            )
        {
            return true;
        }
        let code = error
            .downcast_ref::<sqlx::Error>()
            .and_then(|error| error.as_database_error()?.code());
        if code.is_some_and(|code| FULL.contains(&&*code)) {
            return true;
        }
        next = error.source();
    }
    false
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::internal(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error)
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::internal(error)
    }
}

/// A note that is not believed.
impl From<TrustError> for Refusal {
    fn from(error: TrustError) -> Self {
        let code = match &error {
            TrustError::Signature { .. } => ErrorCode::BadSignature,
            _ => ErrorCode::BadNote,
        };
        Self::because(code, &error)
    }
}

/// Bytes that are no package, unless it was the disk that failed.
impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Source(error) => error.into(),
            fault => Refusal::because(ErrorCode::BadPackage, &fault).into(),
        }
    }
}

/// An error and all that caused it, in one line. What an error has said of its cause is not said again.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            write!(text, ": {said}").expect("writing to a string does not fail");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is full")]
    struct Full;

    /// As errors of some libraries are.
    #[derive(Debug, thiserror::Error)]
    #[error("the database said: {0}")]
    struct Repeating(#[source] Full);

    #[derive(Debug, thiserror::Error)]
    #[error("nothing was written")]
    struct Outer(#[source] Repeating);

    #[test]
    fn a_cause_is_said_once() {
        let error = Outer(Repeating(Full));
        assert_eq!(
            chain(&error),
            "nothing was written: the database said: the disk is full"
        );
    }
}
