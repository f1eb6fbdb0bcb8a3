//! A terminal that does not show what is typed, and shows it again whatever ends the question.
//!
//! A process that a signal ends runs no destructor. So the first question sets up a thread that hears of the signals
//! by which processes are ended, puts the terminal back, and then lets the signal do what it always did.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// The keys that end a line while their signals are off.
const INTERRUPTS: [SpecialCodeIndex; 2] = [SpecialCodeIndex::VINTR, SpecialCodeIndex::VQUIT];

/// The one terminal of this process.
static TERMINAL: Mutex<State> = Mutex::new(State {
    before: None,
    is_watched: false,
});

struct State {
    /// What to put back, and where, while something is hidden.
    before: Option<(OwnedFd, Termios)>,
    is_watched: bool,
}

/// What is typed is not shown until this goes away.
pub(crate) struct Hidden {
    interrupts: Vec<u8>,
}

impl Hidden {
    pub(crate) fn begin(terminal: &OwnedFd) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let interrupts = INTERRUPTS.map(|key| before.special_codes[key]);
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ECHO | LocalModes::ISIG;
        modes.local_modes |= LocalModes::ICANON | LocalModes::IEXTEN;
        let ends = [SpecialCodeIndex::VEOL, SpecialCodeIndex::VEOL2];
        for (end, key) in ends.into_iter().zip(interrupts) {
            modes.special_codes[end] = key;
        }
        let mut state = state();
        state.watch()?;
        state.before = Some((terminal.as_fd().try_clone_to_owned()?, before));
        let hidden = Hidden {
            // A key that is 0 is switched off.
            interrupts: interrupts.into_iter().filter(|key| *key != 0).collect(),
        };
        // What was typed before the question was no answer to it.
        let set = tcsetattr(terminal, OptionalActions::Flush, &modes);
        drop(state);
        set?;
        Ok(hidden)
    }

    /// What the keys that interrupt send.
    pub(crate) fn interrupts(&self) -> &[u8] {
        &self.interrupts
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        state().put_back();
    }
}

impl State {
    /// Has the signals heard that end a process, from the first question on.
    fn watch(&mut self) -> io::Result<()> {
        if self.is_watched {
            return Ok(());
        }
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
        let name = thread::Builder::new().name("terminal".to_owned());
        name.spawn(move || {
            for signal in signals.forever() {
                // Held until the process is gone, so that nothing is hidden again.
                let mut state = state();
                state.put_back();
                // It fails for signals that have no default, which none of these is.
                let _ = emulate_default_handler(signal);
            }
        })?;
        self.is_watched = true;
        Ok(())
    }

    fn put_back(&mut self) {
        if let Some((terminal, before)) = self.before.take() {
            // A terminal that went away has nothing left to show.
            let _ = tcsetattr(terminal, OptionalActions::Flush, &before);
        }
    }
}

fn state() -> MutexGuard<'static, State> {
    // Nothing in here panics half-way.
    TERMINAL.lock().unwrap_or_else(PoisonError::into_inner)
}
