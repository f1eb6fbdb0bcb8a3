//! How much of a disk, and of the process's file handles, an invocation may take.
//!
//! Every part of it is charged before the act. What is given back is only what is held: a handle
//! that is closed may be opened again, a file that is removed was made all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::bindings::wasi::filesystem::types::ErrorCode;
use crate::limits::Limits;

/// What a new file or folder takes before anything is in it: a block, on most file systems.
const ENTRY_BYTES: u64 = 4096;

/// What is left. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Quota(Arc<Left>);

#[derive(Debug)]
struct Left {
    written_bytes: AtomicU64,
    created: AtomicU64,
    open: AtomicU64,
    listed: AtomicU64,
}

/// One file handle of this process, given back when it goes.
#[derive(Debug)]
pub(crate) struct Held(Quota);

impl Quota {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(Arc::new(Left {
            written_bytes: limits.written_bytes.into(),
            created: u64::from(limits.created_files).into(),
            open: u64::from(limits.open_files).into(),
            listed: u64::from(limits.listed_names).into(),
        }))
    }

    /// Takes bytes, or tells the guest that there is no space.
    pub(crate) fn charge(&self, bytes: u64) -> Result<(), ErrorCode> {
        take(&self.0.written_bytes, bytes, ErrorCode::InsufficientSpace)
    }

    /// Takes what a new file, folder or name needs.
    pub(crate) fn charge_entry(&self) -> Result<(), ErrorCode> {
        take(&self.0.created, 1, ErrorCode::Quota)?;
        self.charge(ENTRY_BYTES)
    }

    /// Takes one name of a listing.
    pub(crate) fn charge_name(&self) -> Result<(), ErrorCode> {
        take(&self.0.listed, 1, ErrorCode::Quota)
    }

    /// Takes a file handle. None left is what a process without any left is told, too.
    pub(crate) fn hold(&self) -> Result<Held, ErrorCode> {
        take(&self.0.open, 1, ErrorCode::InsufficientMemory)?;
        Ok(Held(self.clone()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.open.fetch_add(1, Ordering::Relaxed);
    }
}

fn take(left: &AtomicU64, amount: u64, error: ErrorCode) -> Result<(), ErrorCode> {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(amount)
    })
    .map(drop)
    .map_err(|_| error)
}
