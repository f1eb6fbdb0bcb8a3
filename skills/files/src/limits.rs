//! How much one call takes in and gives back.
//!
//! The host has limits of its own; these are lower, so that a call that asks for too much ends with words
//! that help instead of being stopped.

use claw_sdk::{Error, Result};

/// Nothing that a person wrote is longer, and it fits the memory of a skill several times.
pub const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// A result may have 1 MiB, and JSON can need several bytes for one of these.
pub const READ_BYTES_MAX: usize = 256 * 1024;

/// More than any file an agent writes in one go.
pub const WRITE_BYTES_MAX: usize = 1024 * 1024;

/// Deeper folders than any real project has.
pub const DEPTH_MAX: u32 = 32;

/// What a reader can still take in.
pub const ENTRIES_DEFAULT: u32 = 200;

/// Far below what fits a result.
pub const ENTRIES_MAX: u32 = 1_000;

/// Enough entries to find every file of a large project, few enough to walk within the time of a call.
pub const VISITED_MAX: u32 = 100_000;

/// What a reader can still take in.
pub const HITS_DEFAULT: u32 = 100;

/// With lines of at most [`LINE_BYTES_MAX`], below what fits a result.
pub const HITS_MAX: u32 = 1_000;

/// Enough to see what a line is about; minified files have lines of megabytes.
pub const LINE_BYTES_MAX: usize = 240;

/// A longer expression is no longer one that somebody wrote by hand.
pub const QUERY_BYTES_MAX: usize = 1_000;

/// The number given for `name`, or `default`; refuses 0 and more than `max`.
pub fn bounded(name: &str, given: Option<u32>, default: u32, max: u32) -> Result<u32> {
    match given.unwrap_or(default) {
        number @ 1.. if number <= max => Ok(number),
        number => Err(Error::new(format!(
            "`{name}` is {number}: it has to be between 1 and {max}"
        ))),
    }
}
