//! Why the host ended an invocation.
//!
//! A `Stop` travels through Wasmtime as an error and comes out of the call again, where it becomes
//! an outcome. It is never about permission: a denial is an answer to the guest, not an end.

/// What was exceeded, or who asked for the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("out of time")]
    OutOfTime,
    #[error("out of memory")]
    OutOfMemory,
    #[error("out of memory for all skills together: {0} bytes")]
    HostOutOfMemory(u64),
    #[error("too much was logged")]
    LogTooLarge,
    #[error("too many host calls")]
    TooManyHostCalls,
    #[error("cancelled")]
    Cancelled,
}
