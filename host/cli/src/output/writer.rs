//! A writer that never keeps its callers waiting, for a server whose client may not read stderr.
//!
//! One thread writes; everybody else leaves what they have to say with it. What does not fit in
//! line is dropped and counted, and the count is told once there is room again.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::Duration;

/// How many texts may wait in line.
const TEXTS_MAX: usize = 1024;

/// How many bytes may wait before no more are taken.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// The calling side.
#[derive(Debug)]
pub(super) struct Writer {
    line: SyncSender<Waiting>,
    bytes: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

/// What waits in line.
enum Waiting {
    Text {
        /// Lines that found no room before this text did.
        dropped_before: usize,
        text: String,
    },
    /// Somebody wants to know when everything before this was written.
    Mark(SyncSender<()>),
}

impl Writer {
    /// Starts the thread, which is never joined: it may wait for a reader for ever.
    pub(super) fn start(sink: impl Write + Send + 'static) -> io::Result<Self> {
        let (line, waiting) = sync_channel(TEXTS_MAX);
        let writer = Writer {
            line,
            bytes: Arc::default(),
            dropped: Arc::default(),
        };
        let (bytes, dropped) = (Arc::clone(&writer.bytes), Arc::clone(&writer.dropped));
        thread::Builder::new()
            .name("stderr".to_owned())
            .spawn(move || drain(&waiting, sink, &bytes, &dropped))?;
        Ok(writer)
    }

    /// Leaves a text of whole lines with the thread, or drops it. Never waits.
    pub(super) fn write(&self, text: String) {
        let (length, lines) = (text.len(), text.lines().count());
        let dropped_before = self.dropped.swap(0, Ordering::Relaxed);
        let fits = self.bytes.fetch_add(length, Ordering::Relaxed) < BYTES_MAX;
        let waiting = Waiting::Text {
            dropped_before,
            text,
        };
        if !fits || self.line.try_send(waiting).is_err() {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
            self.dropped
                .fetch_add(dropped_before + lines, Ordering::Relaxed);
        }
    }

    /// Gives the thread a moment to write what is in line.
    pub(super) fn settle(&self, moment: Duration) {
        let (mark, reached) = sync_channel(1);
        if self.line.try_send(Waiting::Mark(mark)).is_ok() {
            let _ = reached.recv_timeout(moment);
        }
    }
}

fn drain(
    waiting: &Receiver<Waiting>,
    mut sink: impl Write,
    bytes: &AtomicUsize,
    dropped: &AtomicUsize,
) {
    // With the other end closed nobody is listening, which is no reason to stop.
    let mut put = |text: &str| drop(sink.write_all(text.as_bytes()));
    let notice = |lines: usize| format!("… {lines} lines were dropped\n");
    loop {
        let next = waiting.try_recv().or_else(|error| {
            // All is written: whoever was turned away last hears of it now.
            let lines = dropped.swap(0, Ordering::Relaxed);
            if error == TryRecvError::Empty && lines > 0 {
                put(&notice(lines));
            }
            waiting.recv()
        });
        match next {
            Ok(Waiting::Text {
                dropped_before,
                text,
            }) => {
                if dropped_before > 0 {
                    put(&notice(dropped_before));
                }
                put(&text);
                bytes.fetch_sub(text.len(), Ordering::Relaxed);
            }
            // Nobody is left to tell when the wait was too long.
            Ok(Waiting::Mark(mark)) => drop(mark.try_send(())),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// Hands each write to the test, and does not return before the test lets go of the gate.
    struct Stuck {
        written: Sender<String>,
        gate: Receiver<()>,
    }

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let _ = self.written.send(text);
            let _ = self.gate.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A writer whose thread is inside a write that does not return.
    fn stuck() -> (Writer, Receiver<String>, Sender<()>) {
        let (written, seen) = channel();
        let (open, gate) = channel();
        let writer = Writer::start(Stuck { written, gate }).unwrap();
        writer.write("first\n".to_owned());
        assert_eq!(seen.recv().unwrap(), "first\n");
        (writer, seen, open)
    }

    #[test]
    fn a_sink_that_never_returns_keeps_nobody_waiting_and_what_is_lost_is_counted() {
        let (writer, seen, gate) = stuck();
        for number in 0..TEXTS_MAX + 10 {
            writer.write(format!("{number}\nand more\n"));
        }
        writer.settle(Duration::from_secs(60));
        drop(gate);
        for number in 0..TEXTS_MAX {
            assert_eq!(seen.recv().unwrap(), format!("{number}\nand more\n"));
        }
        assert_eq!(seen.recv().unwrap(), "… 20 lines were dropped\n");
        writer.write("last\n".to_owned());
        assert_eq!(seen.recv().unwrap(), "last\n");
    }

    #[test]
    fn what_waits_is_bounded_in_bytes() {
        let (writer, seen, gate) = stuck();
        let large = "x".repeat(BYTES_MAX) + "\n";
        writer.write(large.clone());
        writer.write("no room\n".to_owned());
        drop(gate);
        assert!(seen.recv().unwrap() == large);
        assert_eq!(seen.recv().unwrap(), "… 1 lines were dropped\n");
    }

    #[test]
    fn the_end_waits_a_moment_and_no_longer() {
        let (writer, _seen, gate) = stuck();
        writer.settle(Duration::from_millis(1));
        drop(gate);
        writer.settle(Duration::from_secs(60));
    }
}
