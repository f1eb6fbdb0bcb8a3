//! The resource `descriptor`: files and folders that the guest holds.

use std::sync::Arc;

use rustix::fs::Timestamps;
use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};

use super::{Attempt, Fd, FsResult};
use crate::DenialReason;
use crate::bindings::wasi::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, ErrorCode, Filesize, HostDescriptor,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use crate::filesystem::folder::Opening;
use crate::filesystem::stream::{Reader, Writer};
use crate::filesystem::walk::Last;
use crate::filesystem::{Descriptor, Folder, Listing, convert, os};
use crate::state::State;

impl HostDescriptor for State {
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
        let opened = self.on_folder(&fd, attempt, |folder| folder.open_at(&path, opening))?;
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

    fn symlink_at(&mut self, fd: Fd, target: String, path: String) -> FsResult<()> {
        // Other programs would follow it to wherever it says.
        let attempt = Attempt::write("create link", &path).to(&target);
        self.on_folder(&fd, attempt, |_| Err(DenialReason::SymbolicLink.into()))
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
