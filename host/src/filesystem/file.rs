//! An open file.

use std::fs::File;
use std::sync::Arc;

use rustix::fs::Timestamps;

use super::os::{self, Stat};
use super::place::Place;
use super::walk::Refusal;
use super::{Held, Quota};
use crate::bindings::wasi::filesystem::types::ErrorCode;

/// Moved at once between a file and the guest: small enough that it never holds up anything else.
pub(crate) const TRANSFER_BYTES_MAX: usize = 64 * 1024;

/// An open file, and what may be done with it.
#[derive(Debug)]
pub(crate) struct OpenFile {
    pub(super) file: Arc<File>,
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// Whether its times may be set, which needs no handle for writing.
    pub(super) change: Result<(), Refusal>,
    pub(super) place: Place,
    pub(super) quota: Quota,
    pub(super) _held: Held,
}

impl OpenFile {
    pub(crate) fn stat(&self) -> Result<Stat, Refusal> {
        Ok(os::stat(&*self.file)?)
    }

    /// At most [`TRANSFER_BYTES_MAX`]; nothing at the end of the file.
    pub(crate) fn read(&self, length: u64, position: u64) -> Result<Vec<u8>, Refusal> {
        self.check_readable()?;
        let length = usize::try_from(length)
            .unwrap_or(usize::MAX)
            .min(TRANSFER_BYTES_MAX);
        let mut buffer = vec![0; length];
        let read = os::read_at(&self.file, &mut buffer, position)?;
        buffer.truncate(read);
        Ok(buffer)
    }

    /// Writes some of it, at most [`TRANSFER_BYTES_MAX`], and says how much.
    pub(crate) fn write(&self, bytes: &[u8], position: u64) -> Result<u64, Refusal> {
        self.check_writable()?;
        let bytes = &bytes[..bytes.len().min(TRANSFER_BYTES_MAX)];
        self.charge(bytes.len() as u64, position)?;
        os::write_at(&self.file, bytes, position)?;
        Ok(bytes.len() as u64)
    }

    /// What is written, or by how much the file grows: a hole before it counts too.
    pub(super) fn charge(&self, bytes: u64, position: u64) -> Result<(), Refusal> {
        let end = position.saturating_add(bytes);
        let growth = match bytes {
            0 => 0,
            _ => end.saturating_sub(self.stat()?.size()),
        };
        Ok(self.quota.charge(bytes.max(growth))?)
    }

    pub(crate) fn set_size(&self, size: u64) -> Result<(), Refusal> {
        self.check_writable()?;
        self.quota
            .charge(size.saturating_sub(self.stat()?.size()))?;
        Ok(self.file.set_len(size)?)
    }

    pub(crate) fn set_times(&self, times: &Timestamps) -> Result<(), Refusal> {
        self.change?;
        Ok(rustix::fs::futimens(&*self.file, times)?)
    }

    pub(crate) fn check_readable(&self) -> Result<(), Refusal> {
        if self.readable {
            Ok(())
        } else {
            Err(ErrorCode::BadDescriptor.into())
        }
    }

    pub(crate) fn check_writable(&self) -> Result<(), Refusal> {
        if self.writable {
            Ok(())
        } else {
            Err(ErrorCode::BadDescriptor.into())
        }
    }
}
