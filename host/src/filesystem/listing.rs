//! The entries of a folder, one at a time, without what is hidden.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use rustix::fs::{Dir, FileType};

use super::volume::Volume;
use super::walk::Refusal;
use super::{Folder, Held, os};
use crate::bindings::wasi::filesystem::types::ErrorCode;
use crate::limits::FOLDER_NAMES_MAX;

/// A folder being listed: the resource `directory-entry-stream`.
#[expect(unreachable_pub, reason = "generated code re-exports it")]
pub struct Listing {
    entries: Dir,
    folder: Arc<OwnedFd>,
    volume: Arc<Volume>,
    /// Names read so far, those that are not shown included.
    names: u64,
    _own: Held,
    /// Of the folder, which the guest may let go of first.
    _folders: Option<Arc<Held>>,
}

impl Listing {
    pub(super) fn open(folder: &Folder) -> Result<Self, Refusal> {
        let own = folder.volume.quota.hold()?;
        let entries = Dir::new(os::open_for_listing(&folder.handle)?)?;
        let (handle, volume) = (Arc::clone(&folder.handle), Arc::clone(&folder.volume));
        Ok(Self {
            entries,
            folder: handle,
            volume,
            names: 0,
            _own: own,
            _folders: folder.held.clone(),
        })
    }

    /// The next entry. Names that are no text are left out: no path a guest can write reaches them.
    pub(crate) fn next(&mut self) -> Result<Option<(String, FileType)>, Refusal> {
        while let Some(entry) = self.entries.read() {
            let entry = entry?;
            let bytes = entry.file_name().to_bytes();
            if bytes == b"." || bytes == b".." {
                continue;
            }
            // A name that is left out costs the host as much as one that is not.
            self.names += 1;
            if self.names > FOLDER_NAMES_MAX {
                return Err(ErrorCode::Quota.into());
            }
            self.volume.quota.charge_name()?;
            let Ok(name) = std::str::from_utf8(bytes) else {
                continue;
            };
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
