//! `wasi:filesystem`, answered from the operator's grants.
//!
//! Nothing is open until the guest asks for its folders. Then each granted folder is opened beneath
//! the workspace, and every path from there on is walked by us ([`walk`]): the place where a file
//! really is decides, never the text that led there. What is not granted is shown as a folder that
//! denies everything, so that a guest learns why and the operator learns what was tried.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use crate::denial::DenialReason;
use crate::invocation::Invocation;

mod code;
mod convert;
mod file;
mod folder;
mod interface;
mod listing;
mod os;
mod place;
mod quota;
mod shown;
mod stream;
mod volume;
mod walk;

pub(crate) use file::OpenFile;
pub(crate) use interface::FsError;
#[expect(unreachable_pub, reason = "generated code re-exports it")]
pub use listing::Listing;
#[cfg(target_os = "linux")]
pub(crate) use place::is_protected_name;
use place::{Place, Rules};
use quota::{Held, Quota};
use shown::Shown;
use volume::Volume;
use walk::Refusal;

/// The files of one invocation.
pub(crate) struct Filesystem {
    setup: Setup,
    /// Opened when the guest first asks.
    shown: Option<Vec<Shown>>,
}

/// What there is to open, and what may be done with it.
struct Setup {
    workspace: Option<PathBuf>,
    home: Option<PathBuf>,
    assets: Option<PathBuf>,
    rules: Rules,
    quota: Quota,
}

/// What a guest holds: the resource `descriptor`.
#[derive(Clone)]
#[expect(unreachable_pub, reason = "generated code re-exports it")]
pub enum Descriptor {
    File(Arc<OpenFile>),
    Folder(Arc<Folder>),
    Closed(Arc<Closed>),
}

/// An open folder, and where it is.
#[derive(Debug)]
pub(crate) struct Folder {
    volume: Arc<Volume>,
    handle: Arc<OwnedFd>,
    place: Place,
    /// None for a folder that is shown: those are open as long as the invocation runs.
    held: Option<Arc<Held>>,
}

/// A folder that is shown and cannot be used.
#[derive(Debug)]
pub(crate) struct Closed {
    place: Place,
    why: Refusal,
}

impl Filesystem {
    pub(crate) fn new(invocation: &Invocation) -> Self {
        let setup = Setup {
            workspace: invocation.workspace.clone(),
            home: invocation.home.clone(),
            assets: invocation.assets.clone(),
            rules: Rules::granted(&invocation.grants),
            quota: Quota::new(&invocation.limits),
        };
        Self { setup, shown: None }
    }

    /// The folders that the guest starts from.
    fn shown(&mut self) -> &[Shown] {
        self.shown.get_or_insert_with(|| shown::open(&self.setup))
    }
}

impl From<DenialReason> for Refusal {
    fn from(reason: DenialReason) -> Self {
        Self::Denied(reason)
    }
}

#[cfg(test)]
mod tests;
