//! The entries of a folder, one at a time, without what is hidden.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use rustix::fs::{Dir, FileType};

use super::volume::Volume;
use super::walk::Refusal;
use super::{Folder, os};

/// A folder being listed: the resource `directory-entry-stream`.
#[expect(unreachable_pub, reason = "generated code re-exports it")]
pub struct Listing {
    entries: Dir,
    folder: Arc<OwnedFd>,
    volume: Arc<Volume>,
}

impl Listing {
    pub(super) fn open(folder: &Folder) -> Result<Self, Refusal> {
        let entries = Dir::new(os::open_for_listing(&folder.handle)?)?;
        let (handle, volume) = (Arc::clone(&folder.handle), Arc::clone(&folder.volume));
        Ok(Self {
            entries,
            folder: handle,
            volume,
        })
    }

    /// The next entry. Names that are no text are left out: no path a guest can write reaches them.
    pub(crate) fn next(&mut self) -> Result<Option<(String, FileType)>, Refusal> {
        while let Some(entry) = self.entries.read() {
            let entry = entry?;
            let bytes = entry.file_name().to_bytes();
            let Ok(name) = std::str::from_utf8(bytes) else {
                continue;
            };
            if name == "." || name == ".." {
                continue;
            }
            let mut kind = entry.file_type();
            let hideable = self.volume.hidden.exists() && kind == FileType::Directory;
            if hideable || kind == FileType::Unknown {
                // What is gone meanwhile is not listed.
                let Ok(stat) = os::stat_at(&self.folder, OsStr::from_bytes(bytes)) else {
                    continue;
                };
                if self.volume.hidden.is(stat.identity()) {
                    continue;
                }
                kind = stat.kind();
            }
            return Ok(Some((name.to_owned(), kind)));
        }
        Ok(None)
    }
}
