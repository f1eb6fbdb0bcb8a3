//! Which entries an archive has had so far, and whether the next one may follow them.
//!
//! One root folder, known places, sorted, nothing twice in any spelling that some file system holds
//! for the same.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::error::{EntryFault, ReadError};
use super::header::{Header, Kind};
use super::path;
use crate::limits::ENTRIES_MAX;

/// Why the walk stops at an entry.
pub(super) enum Stop {
    Fault(EntryFault),
    Error(ReadError),
}

impl Stop {
    pub(super) fn at(self, path: String) -> ReadError {
        match self {
            Self::Fault(fault) => ReadError::Entry { path, fault },
            Self::Error(error) => error,
        }
    }
}

impl<F: Into<EntryFault>> From<F> for Stop {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

/// The paths that were there already.
#[derive(Default)]
pub(super) struct Seen {
    root: Option<String>,
    last: String,
    folded: HashMap<String, (String, Kind)>,
}

impl Seen {
    /// The root folder; empty where there was no entry.
    pub(super) fn into_root(self) -> String {
        self.root.unwrap_or_default()
    }

    /// The path below the root folder, which is the first entry's.
    pub(super) fn relative(&mut self, header: &Header) -> Result<String, EntryFault> {
        let (root, relative) = header.path.split_once('/').ok_or(EntryFault::Place)?;
        let expected = self.root.get_or_insert_with(|| root.to_owned());
        if expected != root {
            return Err(EntryFault::Root(expected.clone()));
        }
        let place = match header.kind {
            Kind::Folder => path::is_folder_place(relative),
            Kind::File { .. } => path::is_file_place(relative),
        };
        if !place {
            return Err(EntryFault::Place);
        }
        let stored = header.stored_path();
        match stored.as_bytes().cmp(self.last.as_bytes()) {
            Ordering::Less => Err(EntryFault::Order),
            Ordering::Equal => Err(EntryFault::Duplicate),
            Ordering::Greater => {
                self.last = stored;
                Ok(relative.to_owned())
            }
        }
    }

    /// Remembers a path and the folders above it, and returns the folders that are new.
    pub(super) fn add(&mut self, relative: &str, kind: Kind) -> Result<Vec<String>, Stop> {
        let mut folders = Vec::new();
        for (at, _) in relative.match_indices('/') {
            if self.remember(&relative[..at], Kind::Folder)? {
                folders.push(relative[..at].to_owned());
            }
        }
        if self.remember(relative, kind)? && kind == Kind::Folder {
            folders.push(relative.to_owned());
        }
        Ok(folders)
    }

    /// Whether a path is new. A folder may be met again; a file, or another spelling, may not.
    fn remember(&mut self, path: &str, kind: Kind) -> Result<bool, Stop> {
        let folded = path::folded(path);
        if let Some((other, before)) = self.folded.get(&folded) {
            let again = other == path && kind == Kind::Folder && *before == Kind::Folder;
            return if again {
                Ok(false)
            } else {
                Err(EntryFault::Collision(other.clone()).into())
            };
        }
        if self.folded.len() >= ENTRIES_MAX {
            return Err(Stop::Error(ReadError::TooManyEntries));
        }
        self.folded.insert(folded, (path.to_owned(), kind));
        Ok(true)
    }
}
