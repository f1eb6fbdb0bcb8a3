//! What a guest says to the people who run it: `claw:skill/log`, stdout and stderr.
//!
//! All three share one budget. Records beyond the rate wait, so that a chatty skill is slow and not
//! wrong; bytes beyond the limit end the invocation, so that a flood is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::bindings::claw::skill::log as wit;
use crate::invocation::LogSink;
use crate::limits::Limits;
use crate::secrets::Held;
use crate::state::State;
use crate::stop::Stop;
use crate::text;

mod stream;

pub(crate) use stream::Captured;

/// One message, or one line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// How much it matters. Lines of stdout are [`LogLevel::Info`], of stderr [`LogLevel::Warn`].
    pub level: LogLevel,
    /// Where it came from.
    pub source: LogSource,
    /// The text, without terminal controls.
    pub message: String,
}

/// How much a record matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Each step.
    Trace,
    /// What helps to find a fault.
    Debug,
    /// What an operator wants to know of a call that went well.
    Info,
    /// Something unexpected that the skill could handle.
    Warn,
    /// Something that kept the skill from doing what it was asked.
    Error,
}

impl LogLevel {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Where a record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// `claw:skill/log`.
    Log,
    /// A line of standard output.
    Stdout,
    /// A line of standard error.
    Stderr,
}

/// The log of one invocation. Clones are the same log.
#[derive(Clone)]
pub(crate) struct Log(Arc<Mutex<Budget>>);

struct Budget {
    sink: Option<LogSink>,
    secrets: Option<Arc<Held>>,
    bytes_left: u64,
    records_per_second: f64,
    /// Records that may be written at once. Below zero it is how many were written too early.
    records_left: f64,
    counted_at: Instant,
}

impl Log {
    pub(crate) fn new(limits: &Limits, sink: Option<LogSink>, secrets: Option<Arc<Held>>) -> Self {
        let records_per_second = f64::from(limits.log_records_per_second.max(1));
        Self(Arc::new(Mutex::new(Budget {
            sink,
            secrets,
            bytes_left: limits.log_bytes,
            records_per_second,
            records_left: records_per_second,
            counted_at: Instant::now(),
        })))
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        // Only the sink could have panicked, and it holds none of this.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Charges bytes and each line as a record, and passes the record on.
    fn write(&self, level: LogLevel, source: LogSource, message: &str) -> Result<(), Stop> {
        let (sink, secrets) = {
            let mut budget = self.budget();
            let bytes = message.len() as u64 + 1;
            budget.bytes_left = budget
                .bytes_left
                .checked_sub(bytes)
                .ok_or(Stop::LogTooLarge)?;
            budget.records_left -= lines(message) as f64;
            (budget.sink.clone(), budget.secrets.clone())
        };
        if let Some(sink) = sink {
            let masked = secrets.and_then(|secrets| secrets.masked(message));
            let message = masked.as_deref().unwrap_or(message);
            sink(LogRecord {
                level,
                source,
                message: text::block(message),
            });
        }
        Ok(())
    }

    /// More lines than this are not one record.
    fn lines_max(&self) -> usize {
        self.budget().records_per_second as usize
    }

    /// How long to wait until the rate allows another record.
    fn delay(&self) -> Option<Duration> {
        self.budget().delay(Instant::now())
    }

    /// Waits until the rate allows another record.
    async fn ready(&self) {
        while let Some(delay) = self.delay() {
            tokio::time::sleep(delay).await;
        }
    }
}

impl Budget {
    fn delay(&mut self, now: Instant) -> Option<Duration> {
        let earned = (now - self.counted_at).as_secs_f64() * self.records_per_second;
        self.counted_at = now;
        self.records_left = (self.records_left + earned).min(self.records_per_second);
        (self.records_left < 0.0)
            .then(|| Duration::from_secs_f64(-self.records_left / self.records_per_second))
    }
}

impl wit::Host for State {
    async fn log(&mut self, level: wit::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            wit::Level::Trace => LogLevel::Trace,
            wit::Level::Debug => LogLevel::Debug,
            wit::Level::Info => LogLevel::Info,
            wit::Level::Warn => LogLevel::Warn,
            wit::Level::Error => LogLevel::Error,
        };
        let lines_max = self.log.lines_max();
        let mut rest = Some(message.as_str());
        while let Some(text) = rest {
            let (piece, next) = cut(text, lines_max);
            self.log.ready().await;
            self.log.write(level, LogSource::Log, piece)?;
            rest = next;
        }
        Ok(())
    }
}

/// Whoever shows a record shows so many lines.
fn lines(message: &str) -> usize {
    1 + message.bytes().filter(|byte| *byte == b'\n').count()
}

/// As many lines as may be written in a second, and those after them.
fn cut(text: &str, lines_max: usize) -> (&str, Option<&str>) {
    match text.match_indices('\n').nth(lines_max.saturating_sub(1)) {
        Some((at, _)) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            log_bytes: 10,
            log_records_per_second: 2,
            ..Limits::default()
        }
    }

    #[test]
    fn bytes_run_out() {
        let log = Log::new(&limits(), None, None);
        let write = |message| log.write(LogLevel::Info, LogSource::Log, message);
        assert_eq!(write("1234"), Ok(()));
        assert_eq!(write("12345"), Err(Stop::LogTooLarge));
        assert_eq!(write("1234"), Ok(()));
        assert_eq!(write(""), Err(Stop::LogTooLarge));
    }

    #[test]
    fn records_beyond_the_rate_wait() {
        let log = Log::new(
            &Limits {
                log_bytes: 1_000,
                ..limits()
            },
            None,
            None,
        );
        let start = log.budget().counted_at;
        let mut waited = Duration::ZERO;
        for _ in 0..7 {
            while let Some(delay) = log.budget().delay(start + waited) {
                waited += delay;
            }
            log.write(LogLevel::Info, LogSource::Log, "x").unwrap();
        }
        // Two at once and one ahead, then two each second.
        let expected = Duration::from_secs(2);
        assert!(
            waited.abs_diff(expected) < Duration::from_millis(1),
            "{waited:?}"
        );
    }

    #[test]
    fn each_line_of_a_message_is_charged() {
        let log = Log::new(
            &Limits {
                log_bytes: 1_000,
                ..limits()
            },
            None,
            None,
        );
        let start = log.budget().counted_at;
        log.write(LogLevel::Info, LogSource::Log, "1\n2\n3\n4\n5\n6")
            .unwrap();
        // Two at once, the other four take two seconds.
        let delay = log.budget().delay(start);
        assert_eq!(delay, Some(Duration::from_secs(2)));
    }

    #[test]
    fn a_message_is_cut_where_a_second_is_full() {
        assert_eq!(cut("1\n2\n3\n4\n", 2), ("1\n2", Some("3\n4\n")));
        assert_eq!(cut("3\n4\n", 2), ("3\n4", Some("")));
        assert_eq!(cut("", 2), ("", None));
        assert_eq!(cut("1\n2", 2), ("1\n2", None));
    }
}
