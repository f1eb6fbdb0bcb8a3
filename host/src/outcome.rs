//! How an invocation ended.

use std::time::Duration;

use serde_json::Value;
use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::imports::NotEnforced;
use crate::limits::Limits;
use crate::stop::Stop;
use crate::text;

/// How an invocation ended. Each is something a caller tells apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The action's result.
    Ok(Value),
    /// The action ran and answered with its own error.
    ActionError(Value),
    /// The input does not fit the action. The guest was not entered.
    InvalidInput {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What is wrong there.
        message: String,
    },
    /// There is no such action.
    UnknownAction {
        /// What was asked for.
        name: String,
        /// The known one most like it.
        nearest: Option<String>,
    },
    /// The action exists, but JSON cannot call it.
    NotCallable {
        /// Why.
        reason: String,
    },
    /// It needs a power that this version does not control, so it was never loaded: for callers
    /// that answer for such a skill as for any other.
    NotEnforced(NotEnforced),
    /// The guest broke the rules of WebAssembly, or gave up.
    Trap(String),
    /// It took too long.
    OutOfTime {
        /// The limit.
        limit: Duration,
    },
    /// It wanted too much memory.
    OutOfMemory {
        /// The limit, in bytes.
        limit: u64,
    },
    /// All skills that run in this host have too much memory together, and it wanted more. It may
    /// work when others have ended.
    HostOutOfMemory {
        /// The limit, in bytes.
        limit: u64,
    },
    /// It produced too much.
    OutputTooLarge {
        /// What was too large.
        output: Output,
        /// The limit, in bytes.
        limit: u64,
    },
    /// It called the host too often.
    TooManyHostCalls {
        /// The limit.
        limit: u64,
    },
    /// Whoever called it does not want the answer any more.
    Cancelled,
    /// The host itself failed. This is a bug in claw.
    Internal(String),
}

/// What can be too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The action's result.
    Result,
    /// What it logged, stdout and stderr included.
    Log,
}

impl Outcome {
    /// A stable word for receipts, metrics and JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ok(_) => "ok",
            Self::ActionError(_) => "action-error",
            Self::InvalidInput { .. } => "invalid-input",
            Self::UnknownAction { .. } => "unknown-action",
            Self::NotCallable { .. } => "not-callable",
            Self::NotEnforced(_) => "not-enforced",
            Self::Trap(_) => "trap",
            Self::OutOfTime { .. } => "out-of-time",
            Self::OutOfMemory { .. } => "out-of-memory",
            Self::HostOutOfMemory { .. } => "host-out-of-memory",
            Self::OutputTooLarge { .. } => "output-too-large",
            Self::TooManyHostCalls { .. } => "too-many-host-calls",
            Self::Cancelled => "cancelled",
            Self::Internal(_) => "internal",
        }
    }

    pub(crate) fn of_stop(stop: Stop, limits: &Limits) -> Self {
        match stop {
            Stop::OutOfTime => Self::OutOfTime {
                limit: limits.timeout,
            },
            Stop::OutOfMemory => Self::OutOfMemory {
                limit: limits.memory_bytes,
            },
            Stop::HostOutOfMemory(limit) => Self::HostOutOfMemory { limit },
            Stop::LogTooLarge => Self::OutputTooLarge {
                output: Output::Log,
                limit: limits.log_bytes,
            },
            Stop::TooManyHostCalls => Self::TooManyHostCalls {
                limit: limits.host_calls,
            },
            Stop::Cancelled => Self::Cancelled,
        }
    }

    /// What an error that came out of Wasmtime means.
    pub(crate) fn of_error(error: &wasmtime::Error, limits: &Limits) -> Self {
        if let Some(stop) = error.downcast_ref::<Stop>() {
            return Self::of_stop(*stop, limits);
        }
        if let Some(exit) = error.downcast_ref::<I32Exit>() {
            return Self::Trap(format!(
                "the skill called `exit({})` instead of returning",
                exit.0
            ));
        }
        if let Some(trap) = error.downcast_ref::<Trap>() {
            return Self::Trap(match trap {
                Trap::StackOverflow => {
                    "the skill's calls nest too deeply: its stack is full".to_owned()
                }
                Trap::UnreachableCodeReached => {
                    "the skill panicked or aborted; its log may say why".to_owned()
                }
                trap => text::line(&trap.to_string()),
            });
        }
        if let Some(ResourceTableError::Full) = error.downcast_ref() {
            let max = limits.handles;
            return Self::Trap(format!(
                "the skill holds more than {max} descriptors, streams and timers"
            ));
        }
        if error.is::<PoolConcurrencyLimitError>() {
            return Self::Internal(
                "more invocations at once than the pool has room for".to_owned(),
            );
        }
        let cause = error.root_cause().to_string();
        match (cause.contains(COPIED_TOO_MUCH), error.is::<WasmBacktrace>()) {
            // Outside of guest code there is only the result to copy.
            (true, false) => Self::OutputTooLarge {
                output: Output::Result,
                limit: limits.result_bytes,
            },
            (true, true) => Self::Trap("the skill passed too much to the host at once".to_owned()),
            (false, _) => Self::Trap(text::line(&cause)),
        }
    }
}

/// Wasmtime's error for crossing `set_hostcall_fuel` has no public type; a test holds its text.
const COPIED_TOO_MUCH: &str = "fuel allocated for hostcalls has been exhausted";
