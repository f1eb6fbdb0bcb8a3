//! How a command ends when it does not end well: one kind per exit code, a chain of causes, and the
//! next command.
//!
//! Only `main` prints a failure and only `main` exits; everything else hands one up.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use claw_host::NoTurn;
use rustix::io::Errno;
use serde_json::{Value, json};

use crate::output;

/// What a command hands up.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not do what it was asked. Each kind has one exit code, and one stable word for
/// programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The action returned an error of its own.
    Action,
    /// A bad flag, spec or setting, or input that does not fit the action's schema.
    Usage,
    /// This machine would not let a file be read or written.
    Io,
    /// A disk has no room. What was there stands.
    StorageFull,
    /// A disk does not do what it is told to.
    StorageBroken,
    /// No grant, no consent, or a denial that the outcome suffered from.
    Refused,
    /// Something did not match what was signed, pinned or locked.
    Verification,
    /// No such skill, version or action.
    NotFound,
    /// A limit was reached, or the guest broke the rules of wasm.
    Limit,
    /// Too much runs already. It may work later.
    Busy,
    /// A registry could not be reached, or answered with a server error.
    Registry,
    /// Ctrl-C.
    Interrupted,
    /// The signal that asks a process to end.
    Terminated,
    /// A bug in claw.
    Bug,
}

impl Kind {
    /// The exit code that scripts rely on.
    pub(crate) fn exit(self) -> u8 {
        match self {
            Kind::Action => 1,
            Kind::Usage | Kind::Io => 2,
            Kind::Refused => 3,
            Kind::Verification => 4,
            Kind::NotFound => 5,
            Kind::Limit | Kind::Busy => 6,
            Kind::Registry => 7,
            Kind::Bug => 70,
            // As `sysexits.h` has it for input and output that failed.
            Kind::StorageFull | Kind::StorageBroken => 74,
            // What a shell reports for a program that SIGINT ended.
            Kind::Interrupted => 130,
            // The same for SIGTERM.
            Kind::Terminated => 143,
        }
    }

    /// The word in `--json`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Kind::Action => "action-error",
            Kind::Usage => "usage",
            Kind::Io => "io",
            Kind::StorageFull => "storage-full",
            Kind::StorageBroken => "storage-broken",
            Kind::Refused => "refused",
            Kind::Verification => "verification-failed",
            Kind::NotFound => "not-found",
            Kind::Limit => "limit",
            Kind::Busy => "too-busy",
            Kind::Registry => "registry-unreachable",
            Kind::Interrupted => "interrupted",
            Kind::Terminated => "terminated",
            Kind::Bug => "bug",
        }
    }
}

/// A kind, the chain of what went wrong, and what to type next.
#[derive(Debug)]
pub struct Failure {
    /// What kind it is.
    pub kind: Kind,
    pub(crate) error: anyhow::Error,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Display) -> Self {
        Failure {
            kind,
            error: anyhow::Error::msg(message.to_string()),
            hint: None,
        }
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Failure::new(Kind::Usage, message)
    }

    pub(crate) fn refused(message: impl Display) -> Self {
        Failure::new(Kind::Refused, message)
    }

    pub(crate) fn verification(message: impl Display) -> Self {
        Failure::new(Kind::Verification, message)
    }

    pub(crate) fn not_found(message: impl Display) -> Self {
        Failure::new(Kind::NotFound, message)
    }

    /// Adds the next command, in place of any earlier hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the act that failed in front of the chain.
    pub(crate) fn during(mut self, act: impl Display) -> Self {
        self.error = self.error.context(act.to_string());
        self
    }

    /// The kind that people and programs are told: a disk without room, or a broken one, is the reason
    /// for whatever it made fail.
    fn shown_kind(&self) -> Kind {
        let mut causes = self.error.chain();
        causes
            .find_map(|cause| of_the_disk(cause.downcast_ref::<io::Error>()?))
            .unwrap_or(self.kind)
    }

    fn shown_hint(&self) -> Option<&str> {
        match self.shown_kind() {
            Kind::StorageFull => Some(
                "free some space on that disk, and run the same command again: \
                 what was there stands",
            ),
            Kind::StorageBroken => Some(
                "look at the disk and at what the system logs of it, and run the same command again",
            ),
            _ => self.hint.as_deref(),
        }
    }

    /// The chain in one line, for lists that name several failures.
    pub fn one_line(&self) -> String {
        self.error
            .chain()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": ")
    }

    /// In how many seconds it may work, where that is known.
    pub(crate) fn retry_after_s(&self) -> Option<u64> {
        let mut causes = self.error.chain();
        causes.find_map(|cause| match cause.downcast_ref()? {
            NoTurn::TooBusy { retry_after } => Some(retry_after.as_secs()),
            NoTurn::Cancelled => None,
        })
    }

    /// For a program.
    fn to_json(&self) -> Value {
        let (code, message) = (self.shown_kind().code(), self.one_line());
        let mut error = json!({"code": code, "message": message, "hint": self.shown_hint()});
        if let Some(seconds) = self.retry_after_s() {
            error["retry_after_s"] = seconds.into();
        }
        json!({ "error": error })
    }

    /// Prints to stderr, for a person or for a program.
    pub(crate) fn print(&self, json: bool) {
        let mut text = String::new();
        if json {
            text.push_str(&output::escape(&self.to_json().to_string()));
            text.push('\n');
        } else {
            for (index, cause) in self.error.chain().enumerate() {
                text.push_str(if index == 0 {
                    "error: "
                } else {
                    "  caused by: "
                });
                text.push_str(&output::continued(&cause.to_string()));
                text.push('\n');
            }
            if let Some(hint) = self.shown_hint() {
                text.push_str(&format!("hint: {}\n", output::continued(hint)));
            }
        }
        if !json {
            text = output::tame(&text);
        }
        output::to_stderr(text);
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.shown_kind().exit())
    }
}

fn of_the_disk(error: &io::Error) -> Option<Kind> {
    let broken = io::Error::from(Errno::IO);
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Kind::StorageFull),
        // Where a library has added the path to an error, the number is in its text alone.
        _ if error.to_string().starts_with(&broken.to_string()) => Some(Kind::StorageBroken),
        _ => None,
    }
}

/// Turns an error of a library into a failure, saying what kind it is and what was being done.
pub(crate) trait OrFail<T> {
    fn or_fail(self, kind: Kind, act: impl Display) -> Outcome<T>;
}

impl<T, E: Into<anyhow::Error>> OrFail<T> for Result<T, E> {
    fn or_fail(self, kind: Kind, act: impl Display) -> Outcome<T> {
        self.map_err(|error| Failure {
            kind,
            error: error.into().context(act.to_string()),
            hint: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_keeps_act_before_cause() {
        let inner: Result<(), std::io::Error> = Err(std::io::Error::other("disk on fire"));
        let failure = inner
            .or_fail(Kind::Io, "could not write `x`")
            .unwrap_err()
            .during("could not add `acme/x`");
        assert_eq!(
            failure.one_line(),
            "could not add `acme/x`: could not write `x`: disk on fire"
        );
        assert_eq!(failure.kind.exit(), 2);
    }

    #[test]
    fn who_is_to_come_again_is_told_when() {
        let retry_after = std::time::Duration::from_secs(7);
        let no: Result<(), _> = Err(NoTurn::TooBusy { retry_after });
        let failure = no.or_fail(Kind::Busy, "can't call `x`").unwrap_err();
        assert_eq!(failure.to_json()["error"]["retry_after_s"], 7);
        let other = Failure::usage("no").to_json();
        assert_eq!(
            other,
            json!({"error": {"code": "usage", "message": "no", "hint": null}})
        );
    }

    #[test]
    fn a_full_disk_is_named_whatever_it_made_fail() {
        let full: Result<(), io::Error> = Err(io::ErrorKind::StorageFull.into());
        let failure = full
            .or_fail(Kind::Verification, "the package does not hold")
            .unwrap_err()
            .hint("claw install");
        assert_eq!(failure.shown_kind(), Kind::StorageFull);
        assert!(failure.shown_hint().unwrap().contains("free some space"));
    }
}
