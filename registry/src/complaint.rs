//! What a person is told when a command did not do what they asked, and the exit code that goes with it.

use std::path::Path;
use std::process::ExitCode;

use claw_registry::db::DatabaseError;
use claw_registry::failure::{Failure, Refusal, is_storage_full};
use claw_registry_api::ErrorCode;

/// It could not be done.
pub(crate) const FAILED: u8 = 1;
/// It was asked for in a way that makes no sense.
pub(crate) const USAGE: u8 = 2;
/// Something is not what it was signed or recorded to be.
pub(crate) const UNVERIFIED: u8 = 4;
/// There is no such thing.
pub(crate) const NOT_FOUND: u8 = 5;

/// Why a command ends without having done what was asked.
#[derive(Debug)]
pub(crate) struct Complaint {
    error: anyhow::Error,
    hint: Option<String>,
    code: u8,
}

impl Complaint {
    /// A complaint with an exit code of its own.
    pub(crate) fn new(code: u8, error: impl Into<anyhow::Error>) -> Self {
        Self {
            error: error.into(),
            hint: None,
            code,
        }
    }

    /// The same, with what was being done.
    pub(crate) fn context(self, act: String) -> Self {
        Self {
            error: self.error.context(act),
            ..self
        }
    }

    /// The same, with the command that helps.
    pub(crate) fn hint(self, command: String) -> Self {
        Self {
            hint: Some(command),
            ..self
        }
    }

    /// A folder whose registry can't be worked on.
    pub(crate) fn of_folder(folder: &Path, error: DatabaseError) -> Self {
        let serve = format!("claw-registry serve --data {}", folder.display());
        match error {
            DatabaseError::Missing(_) => Self::new(NOT_FOUND, error).hint(format!(
                "name the folder that `claw-registry serve` uses with --data; to begin a registry in this one: {serve}"
            )),
            DatabaseError::Version { .. } => Self::new(FAILED, error).hint(serve),
            DatabaseError::ReadOnly(_) => Self::new(FAILED, error)
                .hint("copy the folder to where it can be written, and verify the copy".to_owned()),
            _ => Self::new(FAILED, error),
        }
    }

    /// Prints itself, and is the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let mut causes = self.error.chain().map(ToString::to_string);
        let mut said = causes.next().unwrap_or_default();
        eprintln!("error: {said}");
        for cause in causes {
            // Some libraries put the text of a cause into their own.
            if !said.ends_with(&cause) {
                eprintln!("  caused by: {cause}");
                said = cause;
            }
        }
        if let Some(hint) = self.hint {
            eprintln!("hint: {hint}");
        } else if is_storage_full(self.error.as_ref()) {
            eprintln!(
                "hint: free some space on that disk, and run this again: nothing was changed"
            );
        }
        ExitCode::from(self.code)
    }
}

impl From<Refusal> for Complaint {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.code {
            ErrorCode::BadNote | ErrorCode::BadSignature | ErrorCode::WrongRegistry => UNVERIFIED,
            ErrorCode::NotFound => NOT_FOUND,
            _ => FAILED,
        };
        Self::new(code, refusal)
    }
}

impl From<Failure> for Complaint {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            internal => Self::new(FAILED, internal),
        }
    }
}

impl From<DatabaseError> for Complaint {
    fn from(error: DatabaseError) -> Self {
        Self::new(FAILED, error)
    }
}

impl From<std::io::Error> for Complaint {
    fn from(error: std::io::Error) -> Self {
        Self::new(FAILED, error)
    }
}
