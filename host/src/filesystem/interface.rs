//! The functions of `wasi:filesystem` as the guest calls them.
//!
//! Each finds what the guest holds, lets it do the work, and records a denial on the way out.

use std::io;
use std::sync::Arc;

use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTableError};
use wasmtime_wasi::p2::IoError;

use super::walk::Refusal;
use super::{Descriptor, Folder, Listing, OpenFile, convert, os};
use crate::bindings::wasi::filesystem::types::{DirectoryEntry, ErrorCode};
use crate::bindings::wasi::filesystem::{preopens, types};
use crate::state::State;

mod attempt;
mod descriptor;

use attempt::Attempt;

type Fd = Resource<Descriptor>;
type FsResult<T> = Result<T, FsError>;

/// An answer that the guest can handle, or the end of the invocation.
pub(crate) enum FsError {
    Code(ErrorCode),
    Trap(wasmtime::Error),
}

impl From<ErrorCode> for FsError {
    fn from(code: ErrorCode) -> Self {
        Self::Code(code)
    }
}

impl From<ResourceTableError> for FsError {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

impl State {
    fn on_folder<T>(
        &mut self,
        fd: &Fd,
        attempt: Attempt<'_>,
        act: impl FnOnce(&Folder) -> Result<T, Refusal>,
    ) -> FsResult<T> {
        attempt.check()?;
        let (place, rules, why) = match self.table.get(fd)? {
            Descriptor::File(_) => return Err(ErrorCode::NotDirectory.into()),
            Descriptor::Closed(closed) => (closed.place.clone(), None, closed.why),
            Descriptor::Folder(folder) => match act(folder) {
                Ok(value) => return Ok(value),
                Err(why) => (folder.place.clone(), Some(&folder.volume.rules), why),
            },
        };
        let (code, denial) = attempt.refused(&place, rules, why);
        denial
            .into_iter()
            .for_each(|denial| self.denials.add(denial));
        Err(code.into())
    }

    /// An operation between two folders.
    fn on_folders(
        &mut self,
        from: &Fd,
        to: &Fd,
        attempt: Attempt<'_>,
        act: impl FnOnce(&Folder, &Folder) -> Result<(), Refusal>,
    ) -> FsResult<()> {
        attempt.check()?;
        let to = match self.table.get(to)? {
            Descriptor::Folder(folder) => Arc::clone(folder),
            _ => return self.on_folder(to, attempt, |_| Err(ErrorCode::NotDirectory.into())),
        };
        self.on_folder(from, attempt, |from| act(from, &to))
    }

    fn on_file<T>(
        &mut self,
        fd: &Fd,
        attempt: Attempt<'_>,
        act: impl FnOnce(&Arc<OpenFile>) -> Result<T, Refusal>,
    ) -> FsResult<T> {
        let (place, why) = match self.table.get(fd)? {
            Descriptor::File(file) => match act(file) {
                Ok(value) => return Ok(value),
                Err(why) => (file.place.clone(), why),
            },
            Descriptor::Folder(_) => return Err(ErrorCode::IsDirectory.into()),
            Descriptor::Closed(closed) => (closed.place.clone(), closed.why),
        };
        let (code, denial) = attempt.refused(&place, None, why);
        denial
            .into_iter()
            .for_each(|denial| self.denials.add(denial));
        Err(code.into())
    }

    /// Syncing waits for the disk, so it happens elsewhere.
    async fn synced(&mut self, fd: &Fd, data_only: bool) -> FsResult<()> {
        let file = match self.table.get(fd)? {
            Descriptor::File(file) => Arc::clone(&file.file),
            Descriptor::Folder(folder) => {
                let handle = os::open_for_listing(&folder.handle).map_err(ErrorCode::from)?;
                Arc::new(handle.into())
            }
            Descriptor::Closed(_) => {
                return self.on_folder(fd, Attempt::write("sync", "."), |_| Ok(()));
            }
        };
        let sync = move || {
            if data_only {
                file.sync_data()
            } else {
                file.sync_all()
            }
        };
        match tokio::task::spawn_blocking(sync).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(ErrorCode::from(&error).into()),
            Err(error) => Err(FsError::Trap(wasmtime::Error::new(error))),
        }
    }
}

impl preopens::Host for State {
    fn get_directories(&mut self) -> Result<Vec<(Fd, String)>> {
        let mut directories = Vec::new();
        for shown in self.filesystem.shown() {
            let fd = self.table.push(shown.descriptor.clone())?;
            directories.push((fd, shown.name.clone()));
        }
        Ok(directories)
    }
}

impl types::Host for State {
    fn filesystem_error_code(&mut self, error: Resource<IoError>) -> Result<Option<ErrorCode>> {
        Ok(self
            .table
            .get(&error)?
            .downcast_ref::<io::Error>()
            .map(ErrorCode::from))
    }

    fn convert_error_code(&mut self, error: FsError) -> Result<ErrorCode> {
        match error {
            FsError::Code(code) => Ok(code),
            FsError::Trap(error) => Err(error),
        }
    }
}

impl types::HostDirectoryEntryStream for State {
    fn read_directory_entry(
        &mut self,
        stream: Resource<Listing>,
    ) -> FsResult<Option<DirectoryEntry>> {
        match self.table.get_mut(&stream)?.next() {
            Ok(entry) => Ok(entry.map(|(name, kind)| DirectoryEntry {
                type_: convert::kind(kind),
                name,
            })),
            Err(Refusal::Code(code)) => Err(code.into()),
            Err(Refusal::Denied(_)) => Err(ErrorCode::NotPermitted.into()),
        }
    }

    fn drop(&mut self, stream: Resource<Listing>) -> Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}
