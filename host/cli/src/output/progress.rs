//! Says what takes long, on a terminal and nowhere else.
//!
//! Nothing is said in the first second, so that quick commands stay quiet. What is said stands in one
//! line that everything else that is printed takes the place of; a pipe never sees any of it.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::show;

/// How long something may take before it is worth a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line is written again.
const TICK: Duration = Duration::from_millis(200);

/// Goes to the beginning of the line and takes away what stands in it.
const CLEAR: &str = "\r\u{1b}[K";

/// Whether the line stands on the terminal now. Held while anything is written there.
static SHOWN: Mutex<bool> = Mutex::new(false);

/// What this process is busy with, until it is dropped.
#[derive(Debug)]
pub(crate) struct Busy(Option<Arc<Task>>);

#[derive(Debug)]
struct Task {
    what: String,
    /// What there is to do, where that is known, and how much of it is done.
    bytes: Option<u64>,
    bytes_done: AtomicU64,
    ended: Mutex<bool>,
    end: Condvar,
}

/// Begins something that may take long. `may_show` is false where nobody is to be told.
pub(super) fn begin(what: String, bytes: Option<u64>, may_show: bool) -> Busy {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if !may_show || is_dumb || !io::stderr().is_terminal() {
        return Busy(None);
    }
    let task = Arc::new(Task {
        what: super::tame(&what),
        bytes,
        bytes_done: AtomicU64::new(0),
        ended: Mutex::new(false),
        end: Condvar::new(),
    });
    let shown = Arc::clone(&task);
    let thread = thread::Builder::new().name("progress".to_owned());
    // Without a thread it is only not told.
    match thread.spawn(move || shown.show(&mut io::stderr(), PATIENCE)) {
        Ok(_) => Busy(Some(task)),
        Err(_) => Busy(None),
    }
}

impl Busy {
    /// Counts what was done.
    pub(crate) fn advance(&self, bytes: u64) {
        if let Busy(Some(task)) = self {
            task.bytes_done.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Busy(Some(task)) = self {
            *lock(&task.ended) = true;
            task.end.notify_all();
            take_away(&mut io::stderr(), &mut lock(&SHOWN));
        }
    }
}

/// Takes the line away, so that something else can be written in its place. It comes back by itself
/// once the guard is dropped.
pub(super) fn make_room() -> MutexGuard<'static, bool> {
    let mut shown = lock(&SHOWN);
    take_away(&mut io::stderr(), &mut shown);
    shown
}

fn take_away(terminal: &mut impl Write, shown: &mut bool) {
    if std::mem::take(shown) {
        // With the terminal gone nobody is listening.
        let _ = terminal.write_all(CLEAR.as_bytes());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Task {
    /// Writes the line again and again, after the first wait and until the end.
    fn show(&self, terminal: &mut impl Write, first: Duration) {
        let began = Instant::now();
        let mut wait = first;
        let mut ended = lock(&self.ended);
        loop {
            let waited = self.end.wait_timeout_while(ended, wait, |ended| !*ended);
            (ended, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if *ended {
                return;
            }
            let mut shown = lock(&SHOWN);
            let line = self.line(began.elapsed());
            let written = terminal.write_all(format!("{CLEAR}{line}").as_bytes());
            *shown = written.and_then(|()| terminal.flush()).is_ok();
            wait = TICK;
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let (what, seconds) = (&self.what, elapsed.as_secs());
        match self.bytes {
            Some(bytes) => {
                let done = self.bytes_done.load(Ordering::Relaxed);
                let (done, bytes) = (show::size(done), show::size(bytes));
                format!("{what}: {done} of {bytes} … {seconds} s")
            }
            None => format!("{what} … {seconds} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(bytes: Option<u64>) -> Task {
        Task {
            what: "downloading acme/x@1.0.0".to_owned(),
            bytes,
            bytes_done: AtomicU64::new(1_536),
            ended: Mutex::new(false),
            end: Condvar::new(),
        }
    }

    #[test]
    fn a_line_says_what_how_much_and_how_long() {
        let elapsed = Duration::from_millis(2_900);
        assert_eq!(task(None).line(elapsed), "downloading acme/x@1.0.0 … 2 s");
        assert_eq!(
            task(Some(3 * 1_048_576)).line(elapsed),
            "downloading acme/x@1.0.0: 1.5 KiB of 3.0 MiB … 2 s"
        );
    }

    #[test]
    fn what_ends_in_time_is_never_told() {
        let task = task(None);
        *lock(&task.ended) = true;
        let mut screen = Vec::new();
        task.show(&mut screen, Duration::from_secs(60));
        assert!(screen.is_empty());
    }

    #[test]
    fn nobody_is_told_without_a_terminal() {
        assert!(begin("compiling".to_owned(), None, false).0.is_none());
    }
}
