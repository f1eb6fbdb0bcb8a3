//! The functions of `wasi:filesystem` as the guest calls them.
//!
//! Each finds what the guest holds, lets it do the work, and records a denial on the way out.

use std::io;
use std::sync::Arc;

use rustix::fs::Timestamps;
use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTableError};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, IoError};

use super::folder::Opening;
use super::stream::{Reader, Writer};
use super::walk::{Last, Refusal};
use super::{Descriptor, Folder, Listing, OpenFile, convert, os};
use crate::bindings::wasi::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, Filesize,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use crate::bindings::wasi::filesystem::{preopens, types};
use crate::state::State;

mod attempt;

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

impl types::HostDescriptor for State {
    fn read_via_stream(&mut self, fd: Fd, offset: Filesize) -> FsResult<Resource<DynInputStream>> {
        let file = self.on_file(&fd, Attempt::read("read", ""), |file| {
            file.check_readable()?;
            Ok(Arc::clone(file))
        })?;
        let stream: DynInputStream = Box::new(Reader {
            file,
            position: offset,
        });
        Ok(self.table.push(stream)?)
    }

    fn write_via_stream(
        &mut self,
        fd: Fd,
        offset: Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        self.writer(&fd, Some(offset))
    }

    fn append_via_stream(&mut self, fd: Fd) -> FsResult<Resource<DynOutputStream>> {
        self.writer(&fd, None)
    }

    fn advise(&mut self, fd: Fd, _: Filesize, _: Filesize, _: Advice) -> FsResult<()> {
        // Advice may be ignored, and the page cache is not the guest's to steer.
        match self.table.get(&fd)? {
            Descriptor::File(_) => Ok(()),
            _ => Err(ErrorCode::BadDescriptor.into()),
        }
    }

    async fn sync_data(&mut self, fd: Fd) -> FsResult<()> {
        self.synced(&fd, true).await
    }

    async fn sync(&mut self, fd: Fd) -> FsResult<()> {
        self.synced(&fd, false).await
    }

    fn get_flags(&mut self, fd: Fd) -> FsResult<DescriptorFlags> {
        Ok(match self.table.get(&fd)? {
            Descriptor::File(file) => match (file.readable, file.writable) {
                (true, true) => DescriptorFlags::READ | DescriptorFlags::WRITE,
                (false, true) => DescriptorFlags::WRITE,
                _ => DescriptorFlags::READ,
            },
            Descriptor::Folder(folder) if folder.may_write() => {
                DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY
            }
            Descriptor::Folder(_) | Descriptor::Closed(_) => DescriptorFlags::READ,
        })
    }

    fn get_type(&mut self, fd: Fd) -> FsResult<DescriptorType> {
        Ok(match self.table.get(&fd)? {
            Descriptor::File(_) => DescriptorType::RegularFile,
            Descriptor::Folder(_) | Descriptor::Closed(_) => DescriptorType::Directory,
        })
    }

    fn set_size(&mut self, fd: Fd, size: Filesize) -> FsResult<()> {
        self.on_file(&fd, Attempt::write("resize", ""), |file| {
            file.set_size(size)
        })
    }

    fn set_times(
        &mut self,
        fd: Fd,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let times = convert::times(accessed, modified)?;
        match self.table.get(&fd)? {
            Descriptor::File(_) => {
                self.on_file(&fd, Attempt::write("set the times of", ""), |file| {
                    file.set_times(&times)
                })
            }
            _ => self.times_at(&fd, Last::Follow, ".", times),
        }
    }

    fn read(&mut self, fd: Fd, length: Filesize, offset: Filesize) -> FsResult<(Vec<u8>, bool)> {
        let bytes = self.on_file(&fd, Attempt::read("read", ""), |file| {
            file.read(length, offset)
        })?;
        let end = bytes.is_empty() && length > 0;
        Ok((bytes, end))
    }

    fn write(&mut self, fd: Fd, buffer: Vec<u8>, offset: Filesize) -> FsResult<Filesize> {
        self.on_file(&fd, Attempt::write("write", ""), |file| {
            file.write(&buffer, offset)
        })
    }

    fn read_directory(&mut self, fd: Fd) -> FsResult<Resource<Listing>> {
        let listing = self.on_folder(&fd, Attempt::read("list", ".").folder(), Folder::list)?;
        Ok(self.table.push(listing)?)
    }

    fn create_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        let attempt = Attempt::write("create folder", &path);
        self.on_folder(&fd, attempt, |folder| folder.create_folder_at(&path))
    }

    fn stat(&mut self, fd: Fd) -> FsResult<DescriptorStat> {
        let stat = match self.table.get(&fd)? {
            Descriptor::File(_) => {
                self.on_file(&fd, Attempt::read("look at", ""), |file| file.stat())?
            }
            _ => {
                let attempt = Attempt::read("look at", ".").folder();
                self.on_folder(&fd, attempt, |folder| folder.stat_at(".", Last::Follow))?
            }
        };
        Ok(convert::stat(&stat))
    }

    fn stat_at(&mut self, fd: Fd, flags: PathFlags, path: String) -> FsResult<DescriptorStat> {
        let attempt = Attempt::read("look at", &path);
        let stat = self.on_folder(&fd, attempt, |folder| folder.stat_at(&path, last(flags)))?;
        Ok(convert::stat(&stat))
    }

    fn set_times_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        self.times_at(&fd, last(flags), &path, convert::times(accessed, modified)?)
    }

    fn link_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        new_fd: Fd,
        new_path: String,
    ) -> FsResult<()> {
        let attempt = Attempt::write("link", &path).to(&new_path);
        self.on_folders(&fd, &new_fd, attempt, |from, to| {
            from.link_at(&path, last(flags), to, &new_path)
        })
    }

    fn open_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        open: OpenFlags,
        wanted: DescriptorFlags,
    ) -> FsResult<Fd> {
        let opening = Opening {
            last: last(flags),
            open,
            wanted,
        };
        let mut attempt = match opening.changes() {
            true => Attempt::write("write", &path),
            false => Attempt::read("open", &path),
        };
        attempt.folder = open.contains(OpenFlags::DIRECTORY);
        let quota = self.filesystem.quota.clone();
        let opened = self.on_folder(&fd, attempt, |folder| {
            folder.open_at(&path, opening, &quota)
        })?;
        Ok(self.table.push(opened)?)
    }

    fn readlink_at(&mut self, fd: Fd, path: String) -> FsResult<String> {
        let attempt = Attempt::read("read link", &path);
        self.on_folder(&fd, attempt, |folder| folder.read_link_at(&path))
    }

    fn remove_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        let attempt = Attempt::write("remove folder", &path);
        self.on_folder(&fd, attempt, |folder| folder.remove_folder_at(&path))
    }

    fn rename_at(&mut self, fd: Fd, path: String, new_fd: Fd, new_path: String) -> FsResult<()> {
        let attempt = Attempt::write("rename", &path).to(&new_path);
        self.on_folders(&fd, &new_fd, attempt, |from, to| {
            from.rename_at(&path, to, &new_path)
        })
    }

    fn symlink_at(&mut self, fd: Fd, _target: String, path: String) -> FsResult<()> {
        // Other programs would follow it to wherever it says.
        let attempt = Attempt::write("create link", &path);
        self.on_folder(&fd, attempt, |_| {
            Err(crate::DenialReason::SymbolicLink.into())
        })
    }

    fn unlink_file_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        let attempt = Attempt::write("remove", &path);
        self.on_folder(&fd, attempt, |folder| folder.remove_file_at(&path))
    }

    fn is_same_object(&mut self, fd: Fd, other: Fd) -> Result<bool> {
        let identity = |fd: &Fd| -> Result<Option<os::Identity>> {
            Ok(match self.table.get(fd)? {
                Descriptor::File(file) => file.stat().ok().map(|stat| stat.identity()),
                Descriptor::Folder(folder) => {
                    os::stat(&folder.handle).ok().map(|stat| stat.identity())
                }
                Descriptor::Closed(_) => None,
            })
        };
        let (one, other) = (identity(&fd)?, identity(&other)?);
        Ok(one.is_some() && one == other)
    }

    fn metadata_hash(&mut self, fd: Fd) -> FsResult<MetadataHashValue> {
        let stat = match self.table.get(&fd)? {
            Descriptor::File(_) => {
                self.on_file(&fd, Attempt::read("look at", ""), |file| file.stat())?
            }
            _ => {
                let attempt = Attempt::read("look at", ".").folder();
                self.on_folder(&fd, attempt, |folder| folder.stat_at(".", Last::Follow))?
            }
        };
        Ok(convert::hash(stat.identity()))
    }

    fn metadata_hash_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        let attempt = Attempt::read("look at", &path);
        let stat = self.on_folder(&fd, attempt, |folder| folder.stat_at(&path, last(flags)))?;
        Ok(convert::hash(stat.identity()))
    }

    fn drop(&mut self, fd: Fd) -> Result<()> {
        self.table.delete(fd)?;
        Ok(())
    }
}

impl State {
    fn writer(&mut self, fd: &Fd, position: Option<u64>) -> FsResult<Resource<DynOutputStream>> {
        let file = self.on_file(fd, Attempt::write("write", ""), |file| {
            file.check_writable()?;
            Ok(Arc::clone(file))
        })?;
        let stream: DynOutputStream = Box::new(Writer { file, position });
        Ok(self.table.push(stream)?)
    }

    fn times_at(&mut self, fd: &Fd, last: Last, path: &str, times: Timestamps) -> FsResult<()> {
        let attempt = Attempt::write("set the times of", path);
        self.on_folder(fd, attempt, |folder| {
            folder.set_times_at(path, last, &times)
        })
    }
}

fn last(flags: PathFlags) -> Last {
    match flags.contains(PathFlags::SYMLINK_FOLLOW) {
        true => Last::Follow,
        false => Last::Keep,
    }
}
