//! Hears that somebody wants this process to end, so that what runs in it ends first.

use std::future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Kind;

/// Ctrl-C and the signal to terminate, heard from the moment that this is made.
pub(crate) struct Stop {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
}

impl Stop {
    /// Begins to listen, in a runtime. A signal that can't be heard does what it always did: it ends
    /// the process.
    pub(crate) fn listen() -> Self {
        Stop {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
        }
    }

    /// Waits for one of them, and says which it was.
    pub(crate) async fn asked(&mut self) -> Kind {
        tokio::select! {
            () = heard(&mut self.interrupt) => Kind::Interrupted,
            () = heard(&mut self.terminate) => Kind::Terminated,
        }
    }
}

async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => future::pending().await,
    }
}
