//! The thread that advances the engine's epoch, so that running guests look at the clock.
//!
//! One per host. It sleeps without waking while nothing runs, because an agent keeps `claw mcp`
//! open all day.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// How often a running guest is looked at. Ends are late by at most this.
const TICK: Duration = Duration::from_millis(10);

/// Ticks without any guest after which the thread goes to sleep. A busy host never pays for waking
/// it up again.
const IDLE_TICKS: u32 = 100;

/// The handle to the thread. Dropping it ends the thread.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    asleep: AtomicBool,
    ended: AtomicBool,
}

/// Epochs advance while one of these lives.
pub(crate) struct Running<'a>(&'a Ticker);

impl Ticker {
    /// Starts the thread. It holds the engine weakly: the host decides how long that lives.
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (engine, for_thread) = (engine.weak(), Arc::clone(&shared));
        let handle = thread::Builder::new()
            .name("claw-epoch".to_owned())
            .spawn(move || tick(&engine, &for_thread))?;
        Ok(Self {
            shared,
            thread: handle.thread().clone(),
        })
    }

    /// Counts one running guest, and wakes the thread when it sleeps.
    pub(crate) fn running(&self) -> Running<'_> {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.swap(false, Ordering::SeqCst) {
            self.thread.unpark();
        }
        Running(self)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.shared.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

fn tick(engine: &EngineWeak, shared: &Shared) {
    let mut idle = 0;
    while !shared.ended.load(Ordering::SeqCst) {
        if shared.running.load(Ordering::SeqCst) > 0 {
            idle = 0;
        } else {
            idle += 1;
        }
        if idle < IDLE_TICKS {
            thread::park_timeout(TICK);
        } else {
            idle = 0;
            shared.asleep.store(true, Ordering::SeqCst);
            // Whoever counted itself before it could see `asleep` is seen here instead.
            if shared.running.load(Ordering::SeqCst) == 0 {
                thread::park();
            }
            shared.asleep.store(false, Ordering::SeqCst);
        }
        let Some(engine) = engine.upgrade() else {
            return;
        };
        engine.increment_epoch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_ends_with_its_handle() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine).unwrap();
        let shared = Arc::downgrade(&ticker.shared);
        drop(ticker.running());
        drop(ticker);
        while shared.upgrade().is_some() {
            thread::yield_now();
        }
    }
}
