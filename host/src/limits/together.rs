//! The memory of all guests of one host together.
//!
//! Each has a limit of its own, but many of them at once may be more than the machine has. Whoever
//! would cross this budget ends; the others go on with what they have.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is used, and the most that may be.
#[derive(Debug)]
pub(crate) struct Together {
    bytes_max: u64,
    bytes: AtomicU64,
}

/// It was too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Together {
    pub(crate) fn new(bytes_max: u64) -> Self {
        Self {
            bytes_max,
            bytes: AtomicU64::new(0),
        }
    }

    pub(crate) fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    pub(super) fn take(&self, bytes: u64) -> Result<(), Full> {
        self.bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                let used = used.checked_add(bytes)?;
                (used <= self.bytes_max).then_some(used)
            })
            .map(drop)
            .map_err(|_| Full)
    }

    pub(super) fn give_back(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
