//! How much an invocation may put on the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::bindings::wasi::filesystem::types::ErrorCode;

/// What a new file or folder takes before anything is in it: a block, on most file systems.
const ENTRY_BYTES: u64 = 4096;

/// Bytes that may still be written. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Quota(Arc<AtomicU64>);

impl Quota {
    pub(crate) fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    /// Takes bytes, or tells the guest that there is no space.
    pub(crate) fn charge(&self, bytes: u64) -> Result<(), ErrorCode> {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            })
            .map(drop)
            .map_err(|_| ErrorCode::InsufficientSpace)
    }

    /// Takes what a new file, folder or name needs.
    pub(crate) fn charge_entry(&self) -> Result<(), ErrorCode> {
        self.charge(ENTRY_BYTES)
    }
}
