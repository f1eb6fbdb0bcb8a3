//! The few system calls that everything else is built from: each acts on one name in one open
//! folder, and follows no link.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, Timestamps};
use rustix::io::{Errno, retry_on_intr};

/// A folder is held only to look up names in it, which on Linux needs no right to list it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const FOLDER: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const FOLDER: OFlags = OFlags::RDONLY;

/// Never waits for the other end of a pipe, never becomes a terminal's owner, never follows.
const CAREFUL: OFlags = OFlags::NOFOLLOW
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);

/// Whoever has this name on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// For hashing.
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.device.to_le_bytes());
        bytes[8..].copy_from_slice(&self.inode.to_le_bytes());
        bytes
    }
}

/// What is known about a file without opening it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat(fs::Stat);

/// A moment as file systems have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
}

#[expect(
    clippy::useless_conversion,
    clippy::unnecessary_cast,
    reason = "the width of these fields differs between systems"
)]
impl Stat {
    /// Which file it is, whatever it is called.
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            device: self.0.st_dev as u64,
            inode: self.0.st_ino as u64,
        }
    }

    pub(crate) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.0.st_mode)
    }

    pub(crate) fn links(&self) -> u64 {
        self.0.st_nlink.into()
    }

    pub(crate) fn size(&self) -> u64 {
        self.0.st_size as u64
    }

    pub(crate) fn accessed(&self) -> Moment {
        Moment {
            seconds: self.0.st_atime.into(),
            nanoseconds: self.0.st_atime_nsec as u32,
        }
    }

    pub(crate) fn modified(&self) -> Moment {
        Moment {
            seconds: self.0.st_mtime.into(),
            nanoseconds: self.0.st_mtime_nsec as u32,
        }
    }

    pub(crate) fn changed(&self) -> Moment {
        Moment {
            seconds: self.0.st_ctime.into(),
            nanoseconds: self.0.st_ctime_nsec as u32,
        }
    }
}

/// Opens a folder that the operator named, following links as the operator would.
pub(crate) fn open_root(path: &Path) -> Result<OwnedFd, Errno> {
    fs::open(
        path,
        FOLDER | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
}

/// Opens the folder of this name.
pub(crate) fn open_folder(parent: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    fs::openat(
        parent,
        name,
        FOLDER | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW,
        Mode::empty(),
    )
}

/// Opens the folder above. Only for looking, never for a guest.
pub(crate) fn open_above(folder: impl AsFd) -> Result<OwnedFd, Errno> {
    fs::openat(
        folder,
        "..",
        FOLDER | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
}

/// Opens a folder again so that it can be listed or synced.
pub(crate) fn open_for_listing(folder: impl AsFd) -> Result<OwnedFd, Errno> {
    fs::openat(
        folder,
        ".",
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenFor {
    Read,
    Write,
    Both,
}

impl OpenFor {
    fn flags(self) -> OFlags {
        match self {
            Self::Read => OFlags::RDONLY,
            Self::Write => OFlags::WRONLY,
            Self::Both => OFlags::RDWR,
        }
    }
}

/// Opens what has this name. The caller looks at what it got: only then it is known.
pub(crate) fn open_file(parent: impl AsFd, name: &OsStr, wanted: OpenFor) -> Result<File, Errno> {
    fs::openat(parent, name, wanted.flags() | CAREFUL, Mode::empty()).map(File::from)
}

/// Creates a file of this name, where there is nothing yet.
pub(crate) fn create_file(parent: impl AsFd, name: &OsStr, wanted: OpenFor) -> Result<File, Errno> {
    let flags = wanted.flags() | CAREFUL | OFlags::CREATE | OFlags::EXCL;
    fs::openat(parent, name, flags, Mode::from_raw_mode(0o666)).map(File::from)
}

/// Creates a folder of this name.
pub(crate) fn create_folder(parent: impl AsFd, name: &OsStr) -> Result<(), Errno> {
    fs::mkdirat(parent, name, Mode::from_raw_mode(0o777))
}

/// What has this name: of a link, the link itself.
pub(crate) fn stat_at(parent: impl AsFd, name: &OsStr) -> Result<Stat, Errno> {
    fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW).map(Stat)
}

/// What is open.
pub(crate) fn stat(file: impl AsFd) -> Result<Stat, Errno> {
    fs::fstat(file).map(Stat)
}

/// Whether it lies where the kernel shows itself and its processes as files. Those are devices in
/// all but name: the memory and the environment of this very process are among them.
pub(crate) fn is_kernel(file: impl AsFd) -> Result<bool, Errno> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        const PROC: u32 = 0x9fa0;
        const SYSFS: u32 = 0x6265_6572;
        const DEBUGFS: u32 = 0x6462_6720;
        const TRACEFS: u32 = 0x7472_6163;
        const SECURITYFS: u32 = 0x7363_6673;
        const CGROUP: u32 = 0x0027_e0eb;
        const CGROUP2: u32 = 0x6367_7270;
        // The width of this field differs between systems; every number of a kind has 32 bits.
        let kind = fs::fstatfs(file)?.f_type as u32;
        Ok(matches!(
            kind,
            PROC | SYSFS | DEBUGFS | TRACEFS | SECURITYFS | CGROUP | CGROUP2
        ))
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = file;
        Ok(false)
    }
}

/// The text of the link of this name.
pub(crate) fn read_link(parent: impl AsFd, name: &OsStr) -> Result<Vec<u8>, Errno> {
    fs::readlinkat(parent, name, Vec::new()).map(std::ffi::CString::into_bytes)
}

/// Removes the file or link of this name.
pub(crate) fn remove_file(parent: impl AsFd, name: &OsStr) -> Result<(), Errno> {
    fs::unlinkat(parent, name, AtFlags::empty())
}

/// Removes the empty folder of this name.
pub(crate) fn remove_folder(parent: impl AsFd, name: &OsStr) -> Result<(), Errno> {
    fs::unlinkat(parent, name, AtFlags::REMOVEDIR)
}

/// Moves a name.
pub(crate) fn rename(
    from: impl AsFd,
    name: &OsStr,
    to: impl AsFd,
    new: &OsStr,
) -> Result<(), Errno> {
    fs::renameat(from, name, to, new)
}

/// Gives a file another name.
pub(crate) fn link(from: impl AsFd, name: &OsStr, to: impl AsFd, new: &OsStr) -> Result<(), Errno> {
    fs::linkat(from, name, to, new, AtFlags::empty())
}

/// Sets the times of what has this name: of a link, the link's own.
pub(crate) fn set_times_at(
    parent: impl AsFd,
    name: &OsStr,
    times: &Timestamps,
) -> Result<(), Errno> {
    fs::utimensat(parent, name, times, AtFlags::SYMLINK_NOFOLLOW)
}

/// Reads from a position.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    Ok(retry_on_intr(|| {
        rustix::io::pread(file, &mut *buffer, position)
    })?)
}

/// Writes all of it at a position.
pub(crate) fn write_at(file: &File, mut bytes: &[u8], mut position: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = retry_on_intr(|| rustix::io::pwrite(file, bytes, position))?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        position += written as u64;
    }
    Ok(())
}

/// Writes all of it behind what is there.
pub(crate) fn append(file: &File, bytes: &[u8]) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::io::ReadWriteFlags;
        let mut bytes = bytes;
        while !bytes.is_empty() {
            let slice = [io::IoSlice::new(bytes)];
            // The position is not used: the kernel finds the end and writes in one step.
            let written =
                retry_on_intr(|| rustix::io::pwritev2(file, &slice, 0, ReadWriteFlags::APPEND))?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[written..];
        }
        Ok(())
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    write_at(file, bytes, file.metadata()?.len())
}
