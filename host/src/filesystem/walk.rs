//! Finds out where a path really leads, one name at a time.
//!
//! Each name is looked up in a folder that is already open, and links are read and followed here
//! and not by the kernel. So whatever somebody swaps meanwhile, the walk never leaves the folder it
//! started in, and knows every folder it went through.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::Arc;

use rustix::fs::FileType;
use rustix::io::Errno;

use super::Folder;
use super::os::{self, Stat};
use super::place::Place;
use crate::bindings::wasi::filesystem::types::ErrorCode;
use crate::denial::DenialReason;

/// A path from a guest. Linux takes no longer ones either.
pub(crate) const PATH_BYTES_MAX: usize = 4096;

/// Folders open at once during a walk.
const DEPTH_MAX: usize = 128;

/// Links followed in one walk: as many as Linux follows.
const LINKS_MAX: usize = 40;

/// Names looked up in one walk, with those that links add.
const NAMES_MAX: usize = 2048;

/// Why an operation is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not allowed. This is recorded.
    Denied(DenialReason),
    /// It cannot be done.
    Code(ErrorCode),
}

/// Whether a link at the very end of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    Follow,
    Keep,
}

/// Where a path leads.
#[derive(Debug)]
pub(crate) struct Found {
    /// The name, and the folder it is in. None for the folder that the walk started in.
    pub(crate) entry: Option<Entry>,
    /// The names down to it.
    pub(crate) place: Place,
    /// What is there, if anything is.
    pub(crate) target: Option<Target>,
    /// Whether a link on the way has a protected name.
    pub(crate) alias: bool,
    /// Whether the path insists on a folder, by a slash at its end.
    pub(crate) slash: bool,
}

/// A name in an open folder.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) parent: Arc<OwnedFd>,
    pub(crate) name: OsString,
}

/// What a name stands for.
#[derive(Debug)]
pub(crate) enum Target {
    Folder(Arc<OwnedFd>, Stat),
    File(Stat),
    Link(Stat),
    /// A pipe, a socket or a device.
    Special(Stat),
}

impl Target {
    pub(crate) fn stat(&self) -> &Stat {
        match self {
            Self::Folder(_, stat) | Self::File(stat) | Self::Link(stat) | Self::Special(stat) => {
                stat
            }
        }
    }
}

/// Walks from a folder along a guest's path.
pub(crate) fn walk(base: &Folder, path: &str, last: Last) -> Result<Found, Refusal> {
    check_text(path)?;
    let mut walk = Walk {
        base,
        folders: Vec::new(),
        pending: Vec::new(),
        names: 0,
        links: 0,
        alias: false,
    };
    walk.push(path.as_bytes())?;
    while let Some(name) = walk.pending.pop() {
        match name.as_bytes() {
            b"" | b"." => {}
            b".." => {
                walk.folders
                    .pop()
                    .ok_or(Refusal::Denied(DenialReason::Escape))?;
            }
            _ => {
                if let Some(found) = walk.step(name, last)? {
                    return Ok(found);
                }
            }
        }
    }
    walk.folder()
}

fn check_text(path: &str) -> Result<(), Refusal> {
    match path {
        "" => Err(Refusal::Code(ErrorCode::NoEntry)),
        _ if path.len() > PATH_BYTES_MAX => Err(Refusal::Code(ErrorCode::NameTooLong)),
        _ if path.contains('\0') => Err(Refusal::Code(ErrorCode::Invalid)),
        _ if path.starts_with('/') => Err(Refusal::Denied(DenialReason::Escape)),
        _ => Ok(()),
    }
}

struct Walk<'a> {
    base: &'a Folder,
    /// The folders entered below the base, with their names.
    folders: Vec<(OsString, Arc<OwnedFd>, Stat)>,
    /// Names still to be looked up, the next one last.
    pending: Vec<OsString>,
    names: usize,
    links: usize,
    alias: bool,
}

impl Walk<'_> {
    fn push(&mut self, path: &[u8]) -> Result<(), Refusal> {
        let names: Vec<_> = path.split(|byte| *byte == b'/').collect();
        self.names += names.len();
        if self.names > NAMES_MAX {
            return Err(Refusal::Code(ErrorCode::NameTooLong));
        }
        self.pending.extend(
            names
                .into_iter()
                .rev()
                .map(|name| OsStr::from_bytes(name).to_owned()),
        );
        Ok(())
    }

    fn here(&self) -> &Arc<OwnedFd> {
        self.folders
            .last()
            .map_or(&self.base.handle, |(_, handle, _)| handle)
    }

    fn place(&self) -> Place {
        self.folders
            .iter()
            .fold(self.base.place.clone(), |place, (name, ..)| {
                place.child(name)
            })
    }

    /// Looks up one name. A result ends the walk.
    fn step(&mut self, name: OsString, last: Last) -> Result<Option<Found>, Refusal> {
        let is_last = self
            .pending
            .iter()
            .all(|rest| rest.is_empty() || rest == ".");
        let slash = is_last && !self.pending.is_empty();
        let stat = match os::stat_at(self.here(), &name) {
            Ok(stat) => stat,
            Err(Errno::NOENT) if is_last => return Ok(Some(self.found(name, None, slash))),
            Err(error) => return Err(error.into()),
        };
        let target = match stat.kind() {
            FileType::Directory => {
                self.enter(name)?;
                return Ok(None);
            }
            FileType::Symlink if !is_last || slash || last == Last::Follow => {
                self.follow(&name)?;
                return Ok(None);
            }
            FileType::Symlink => Target::Link(stat),
            FileType::RegularFile => Target::File(stat),
            _ => Target::Special(stat),
        };
        if !is_last || slash {
            return Err(Refusal::Code(ErrorCode::NotDirectory));
        }
        Ok(Some(self.found(name, Some(target), slash)))
    }

    fn enter(&mut self, name: OsString) -> Result<(), Refusal> {
        let handle = os::open_folder(self.here(), &name)?;
        let stat = os::stat(&handle)?;
        if self.base.volume.hidden.is(stat.identity()) {
            return Err(Refusal::Denied(DenialReason::Hidden));
        }
        if os::is_kernel(&handle)? {
            return Err(Refusal::Denied(DenialReason::Special));
        }
        if self.folders.len() == DEPTH_MAX {
            return Err(Refusal::Code(ErrorCode::NameTooLong));
        }
        self.folders.push((name, Arc::new(handle), stat));
        Ok(())
    }

    fn follow(&mut self, name: &OsStr) -> Result<(), Refusal> {
        self.links += 1;
        if self.links > LINKS_MAX {
            return Err(Refusal::Code(ErrorCode::Loop));
        }
        self.alias |= self.place().child(name).is_protected();
        let text = os::read_link(self.here(), name)?;
        if text.starts_with(b"/") {
            return Err(Refusal::Denied(DenialReason::Escape));
        }
        self.push(&text)
    }

    fn found(&self, name: OsString, target: Option<Target>, slash: bool) -> Found {
        Found {
            place: self.place().child(&name),
            entry: Some(Entry {
                parent: Arc::clone(self.here()),
                name,
            }),
            target,
            alias: self.alias,
            slash,
        }
    }

    /// The path ended in a folder.
    fn folder(mut self) -> Result<Found, Refusal> {
        let place = self.place();
        let (entry, target) = match self.folders.pop() {
            Some((name, handle, stat)) => {
                let parent = Arc::clone(self.here());
                (Some(Entry { parent, name }), Target::Folder(handle, stat))
            }
            None => {
                let stat = os::stat(&self.base.handle)?;
                (None, Target::Folder(Arc::clone(&self.base.handle), stat))
            }
        };
        Ok(Found {
            entry,
            place,
            target: Some(target),
            alias: self.alias,
            slash: true,
        })
    }
}

/// The text of a link, as the guest may see it.
pub(crate) fn link_text(entry: &Entry) -> Result<String, Refusal> {
    let text = os::read_link(&entry.parent, &entry.name)?;
    if text.starts_with(b"/") {
        return Err(Refusal::Denied(DenialReason::Escape));
    }
    OsString::from_vec(text)
        .into_string()
        .map_err(|_| Refusal::Code(ErrorCode::IllegalByteSequence))
}
