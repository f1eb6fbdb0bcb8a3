//! stdout and stderr as lines of the log.

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use super::{Log, LogLevel, LogSource};

/// Taken from the guest at once. Each byte could be a line of its own, so it is also how far one
/// write can run ahead of the rate.
const WRITE_BYTES_MAX: usize = 4096;

/// A longer line is cut into records of this size.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// One of the two outputs.
pub(crate) struct Captured {
    pub(crate) log: Log,
    pub(crate) source: LogSource,
}

impl IsTerminal for Captured {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Captured {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this one, and none of it is linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Lines {
            log: self.log.clone(),
            source: self.source,
            pending: Vec::new(),
        })
    }
}

/// Cuts bytes into lines. What has no line break yet is written when the guest flushes or drops it,
/// at the latest when the invocation ends.
struct Lines {
    log: Log,
    source: LogSource,
    pending: Vec<u8>,
}

impl Lines {
    fn record(&mut self, line: &[u8]) -> StreamResult<()> {
        let level = match self.source {
            LogSource::Stderr => LogLevel::Warn,
            LogSource::Log | LogSource::Stdout => LogLevel::Info,
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.log
            .write(level, self.source, &String::from_utf8_lossy(line))
            .map_err(|stop| StreamError::Trap(stop.into()))
    }

    fn flush_pending(&mut self) -> StreamResult<()> {
        match std::mem::take(&mut self.pending) {
            pending if pending.is_empty() => Ok(()),
            pending => self.record(&pending),
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // The invocation is over or the stream is closed: there is nobody left to tell.
        let _ = self.flush_pending();
    }
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (line, complete) = match piece.strip_suffix(b"\n") {
                Some(line) => (line, true),
                None => (piece, false),
            };
            self.pending.extend_from_slice(line);
            if complete {
                let line = std::mem::take(&mut self.pending);
                self.record(&line)?;
            } else if self.pending.len() >= LINE_BYTES_MAX {
                self.flush_pending()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        // Runtimes flush after every write: a record is still a line.
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(if self.log.delay().is_some() {
            0
        } else {
            WRITE_BYTES_MAX
        })
    }
}

#[async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {
        self.log.ready().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::limits::Limits;
    use crate::stop::Stop;

    #[test]
    fn output_becomes_lines() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let log = Log::new(
            &Limits::default(),
            Some(Arc::new(move |record| sink.lock().unwrap().push(record))),
            None,
        );
        let mut stream = Captured {
            log,
            source: LogSource::Stderr,
        }
        .p2_stream();
        stream.write(Bytes::from_static(b"one\r\ntw")).unwrap();
        stream.flush().unwrap();
        stream.write(Bytes::from_static(b"o\n\x1b[2J")).unwrap();
        drop(stream);
        let seen = seen.lock().unwrap();
        let lines: Vec<_> = seen.iter().map(|record| record.message.as_str()).collect();
        assert_eq!(lines, ["one", "two", "\u{fffd}[2J"]);
        assert!(
            seen.iter()
                .all(|r| r.level == LogLevel::Warn && r.source == LogSource::Stderr)
        );
    }

    #[test]
    fn a_flood_ends_the_invocation() {
        let limits = Limits {
            log_bytes: 10,
            ..Limits::default()
        };
        let log = Log::new(&limits, None, None);
        let mut stream = Captured {
            log,
            source: LogSource::Stdout,
        }
        .p2_stream();
        stream.write(Bytes::from_static(b"12345678")).unwrap();
        let flood = stream.write(Bytes::from_static(b"\n\n\n"));
        let Err(StreamError::Trap(error)) = flood else {
            panic!("{flood:?}")
        };
        assert_eq!(error.downcast_ref(), Some(&Stop::LogTooLarge));
    }
}
