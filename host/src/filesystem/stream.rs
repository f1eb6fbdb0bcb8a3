//! File contents as streams.
//!
//! Each step moves a bounded number of bytes at once and returns when it is done, so a stream is
//! always ready.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use rustix::io::Errno;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::file::{OpenFile, TRANSFER_BYTES_MAX};
use super::os;

/// Reads on from a position.
pub(super) struct Reader {
    pub(super) file: Arc<OpenFile>,
    pub(super) position: u64,
}

/// Writes on from a position, or at the end.
pub(super) struct Writer {
    pub(super) file: Arc<OpenFile>,
    /// None appends.
    pub(super) position: Option<u64>,
}

#[async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {}
}

#[async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {}
}

impl InputStream for Reader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if size == 0 {
            return Ok(Bytes::new());
        }
        let mut buffer = vec![0; size.min(TRANSFER_BYTES_MAX)];
        let read = os::read_at(&self.file.file, &mut buffer, self.position).map_err(failed)?;
        if read == 0 {
            return Err(StreamError::Closed);
        }
        buffer.truncate(read);
        self.position += read as u64;
        Ok(buffer.into())
    }
}

impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        // What is appended leaves no hole.
        self.file
            .charge(bytes.len() as u64, self.position.unwrap_or(0))
            .map_err(|_| failed(Errno::NOSPC.into()))?;
        match &mut self.position {
            Some(position) => {
                os::write_at(&self.file.file, &bytes, *position).map_err(failed)?;
                *position = position.saturating_add(bytes.len() as u64);
            }
            None => os::append(&self.file.file, &bytes).map_err(failed)?,
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(TRANSFER_BYTES_MAX)
    }
}

fn failed(error: io::Error) -> StreamError {
    StreamError::LastOperationFailed(error.into())
}
