//! A disk that fills up, breaks, or loses its power at any chosen moment, under a real program.
//!
//! The kernel stops the program before each call that could change a file and asks us
//! (`seccomp` user notification), so nothing is missed: neither calls that go past the C library, as
//! those of `rustix` do, nor those of SQLite. What would change files without such a call (a shared
//! writable mapping, `io_uring`) is listed in [`Disk::unseen`], and a test fails on it. Only files
//! below one folder are touched; everything else the program does as ever. Needs Linux 5.11.

mod call;
mod filter;
mod image;
mod shadow;
mod supervisor;

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use image::Image;
use shadow::Shadow;

/// How the disk fails. Calls are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    None,
    /// From the `n`-th call that needs room, it has none: that call writes half of its bytes, if it
    /// writes bytes, and all that follow fail.
    Full(usize),
    /// From the `n`-th on, each sync answers that the disk is broken.
    Broken(usize),
    /// From the `n`-th call that would change or sync something on, each answers that the disk is broken.
    Failing(usize),
    /// Nothing can be written, as on a file system that is mounted to be read.
    ReadOnly,
    /// The process is killed at the `n`-th call that would change something.
    Killed(usize),
}

/// What may be on the disk after its power failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Only what was synced: names by a sync of their folder, bytes by a sync of their file.
    Unsynced,
    /// The same, but that names are gone that were taken away: of what was made and what was removed without a
    /// sync, the disk has seen the one and not the other.
    Removed,
    /// Every name, and only those bytes that were synced.
    Bytes,
    /// Every name, and of the bytes that were not synced the first half, with zeros for the others.
    Torn,
    /// Nothing: as if the process alone was killed.
    Nothing,
}

/// The disk below one folder.
#[derive(Debug, Clone)]
pub struct Disk {
    state: Arc<Mutex<State>>,
}

/// What is known of the disk, and what is to become of it.
#[derive(Debug)]
struct State {
    root: PathBuf,
    fault: Fault,
    changes: usize,
    needs: usize,
    syncs: usize,
    struck: bool,
    unseen: Vec<String>,
    shadow: Option<Shadow>,
    neglected: Option<Neglected>,
}

/// Which syncs the disk forgets, by the path below its root.
type Neglected = fn(&Path) -> bool;

impl Disk {
    /// The disk below `root`, which is there and so far does not fail.
    pub fn below(root: &Path) -> Disk {
        let root = root.canonicalize().expect("the folder is there");
        let state = State {
            root,
            fault: Fault::None,
            changes: 0,
            needs: 0,
            syncs: 0,
            struck: false,
            unseen: Vec::new(),
            shadow: None,
            neglected: None,
        };
        Disk {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Starts a program, and everything it will start, on this disk.
    pub fn spawn(&self, command: Command) -> Child {
        supervisor::spawn(Arc::clone(&self.state), command)
    }

    /// Fails as `fault` says from now on, counting from now on.
    pub fn fail(&self, fault: Fault) {
        let mut state = self.state();
        (state.changes, state.needs, state.syncs) = (0, 0, 0);
        state.struck = false;
        state.fault = fault;
    }

    /// There is room again; the answer is whether anything had failed.
    pub fn heal(&self) -> bool {
        let mut state = self.state();
        state.fault = Fault::None;
        std::mem::take(&mut state.struck)
    }

    /// From now on, remembers what the disk might hold if the power failed. What is there now counts as synced.
    pub fn record(&self) {
        let mut state = self.state();
        state.shadow = Some(Shadow::of(&state.root));
    }

    /// From now on, does as if the program left out those syncs of files and folders below the root.
    pub fn neglect(&self, which: fn(&Path) -> bool) {
        self.state().neglected = Some(which);
    }

    /// Says that somebody was told that one more thing is done: what is lost later must not be it.
    pub fn acknowledge(&self) {
        if let Some(shadow) = &mut self.state().shadow {
            shadow.acknowledge();
        }
    }

    /// Everything that the disk might have held at any moment since [`Disk::record`], each once.
    pub fn recorded(&self) -> Vec<Image> {
        let mut state = self.state();
        state.neglected = None;
        let shadow = state.shadow.take();
        shadow.map(Shadow::into_images).unwrap_or_default()
    }

    /// Calls that change files in a way that is not seen, and so must not be there.
    pub fn unseen(&self) -> Vec<String> {
        self.state().unseen.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
