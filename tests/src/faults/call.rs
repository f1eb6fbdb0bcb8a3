//! What a call that waits for our answer would do, and to which file.

use std::fs::{self, File};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::filter::Notification;

/// What a call would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Writes bytes that the caller has in memory, at this address and of this length, here or where the file stands.
    Write {
        address: u64,
        length: u64,
        place: Option<u64>,
    },
    /// Changes what is in a file in another way.
    Resize,
    /// Opens a file that is there for writing, and changes nothing yet.
    Open,
    /// Makes a file, a folder, a link, or another name.
    Name,
    /// Takes a name away.
    Remove,
    /// Waits until bytes or names are on the disk.
    Sync,
    /// Lets files be changed without another call, or is none that a test knows how to follow.
    Unseen,
}

/// A call about something below the root.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) act: Act,
    /// The file that is open, for what has one.
    pub(super) descriptor: Option<i32>,
    /// The file's name.
    pub(super) path: PathBuf,
    /// The number of the file that gets this name in the place of another one.
    pub(super) moved: Option<u64>,
}

impl Call {
    /// Reads a call; none when it is about nothing below `root`, or changes nothing.
    pub(super) fn read(asked: &Notification, root: &Path) -> Option<Call> {
        let caller = Caller(asked.thread);
        let argument = |index: usize| asked.arguments[index];
        let open = |index: usize, act| {
            let descriptor = argument(index) as i32;
            Some((act, Some(descriptor), caller.opened(descriptor)?))
        };
        let named = |path: usize, act| {
            let path = caller.path(libc::AT_FDCWD, argument(path))?;
            Some((act, None, path))
        };
        let named_in = |folder: usize, path: usize, act| {
            let path = caller.path(argument(folder) as i32, argument(path))?;
            Some((act, None, path))
        };
        let (act, descriptor, path) = match asked.number {
            libc::SYS_write => open(0, bytes(argument(1), argument(2), None)),
            libc::SYS_pwrite64 => open(0, bytes(argument(1), argument(2), Some(argument(3)))),
            libc::SYS_writev
            | libc::SYS_pwritev
            | libc::SYS_pwritev2
            | libc::SYS_ftruncate
            | libc::SYS_fallocate
            | libc::SYS_sendfile => open(0, Act::Resize),
            libc::SYS_copy_file_range | libc::SYS_splice => open(2, Act::Resize),
            libc::SYS_truncate => named(0, Act::Resize),
            libc::SYS_fsync | libc::SYS_fdatasync => open(0, Act::Sync),
            libc::SYS_syncfs => open(0, Act::Unseen),
            libc::SYS_sync | libc::SYS_io_uring_setup => Some((Act::Unseen, None, root.into())),
            // The index of SQLite's log is rebuilt by whoever opens it first, and never synced.
            libc::SYS_mmap => open(4, Act::Unseen).filter(|(_, _, path)| !is_log_index(path)),
            libc::SYS_openat => opening(named_in(0, 1, Act::Name)?, argument(2)),
            libc::SYS_openat2 => opening(named_in(0, 1, Act::Name)?, caller.number(argument(2))?),
            libc::SYS_mkdirat => named_in(0, 1, Act::Name),
            libc::SYS_linkat | libc::SYS_renameat | libc::SYS_renameat2 => {
                named_in(2, 3, Act::Name)
            }
            libc::SYS_symlinkat => named_in(1, 2, Act::Name),
            libc::SYS_unlinkat => named_in(0, 1, Act::Remove),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => opening(named(0, Act::Name)?, argument(1)),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_creat | libc::SYS_mkdir => named(0, Act::Name),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_link | libc::SYS_symlink | libc::SYS_rename => named(1, Act::Name),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_unlink | libc::SYS_rmdir => named(0, Act::Remove),
            _ => Some((Act::Unseen, None, root.into())),
        }?;
        let source = match asked.number {
            libc::SYS_renameat | libc::SYS_renameat2 => named_in(0, 1, Act::Name),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_rename => named(0, Act::Name),
            _ => None,
        };
        let moved = source.and_then(|(_, _, path)| fs::symlink_metadata(path).ok());
        path.starts_with(root).then_some(Call {
            act,
            descriptor,
            path,
            moved: moved.map(|file| file.ino()),
        })
    }
}

fn bytes(address: u64, length: u64, place: Option<u64>) -> Act {
    Act::Write {
        address,
        length,
        place,
    }
}

/// Opening a file changes something when it makes or empties it, and nothing yet when it is only for writing.
fn opening(
    (_, descriptor, path): (Act, Option<i32>, PathBuf),
    flags: u64,
) -> Option<(Act, Option<i32>, PathBuf)> {
    let has = |flag: i32| flags & flag as u64 == flag as u64;
    let act = match fs::symlink_metadata(&path) {
        Ok(file) if has(libc::O_TRUNC) && file.len() > 0 => Act::Resize,
        // A file without a name is made in a folder.
        Ok(_) if has(libc::O_TMPFILE) => Act::Name,
        Ok(_) if flags & libc::O_ACCMODE as u64 != libc::O_RDONLY as u64 => Act::Open,
        Ok(_) => return None,
        Err(_) if !has(libc::O_CREAT) => return None,
        Err(_) => Act::Name,
    };
    Some((act, descriptor, path))
}

fn is_log_index(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".db-shm")
}

/// The thread that calls, as `/proc` shows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller(pub(super) u32);

impl Caller {
    /// The name of an open file.
    pub(super) fn opened(self, descriptor: i32) -> Option<PathBuf> {
        fs::read_link(self.link(descriptor)).ok()
    }

    /// What opens the same file again, even one that has no name any more.
    pub(super) fn link(self, descriptor: i32) -> PathBuf {
        format!("/proc/{}/fd/{descriptor}", self.0).into()
    }

    /// The process that the thread is of.
    pub(super) fn process(self) -> Option<i32> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("Tgid:"))?;
        line.trim().parse().ok()
    }

    /// Bytes in its memory.
    pub(super) fn bytes(self, address: u64, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        let memory = File::open(format!("/proc/{}/mem", self.0)).ok()?;
        memory.read_exact_at(&mut bytes, address).ok()?;
        Some(bytes)
    }

    fn number(self, address: u64) -> Option<u64> {
        let bytes = self.bytes(address, 8)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    /// The path at `address`, seen from an open folder.
    fn path(self, folder: i32, address: u64) -> Option<PathBuf> {
        let memory = File::open(format!("/proc/{}/mem", self.0)).ok()?;
        let mut bytes = vec![0; libc::PATH_MAX as usize];
        // The end of a path may be the end of a mapping: what there is, is read.
        let read = memory.read_at(&mut bytes, address).ok()?;
        bytes.truncate(read);
        bytes.truncate(bytes.iter().position(|byte| *byte == 0)?);
        let path = PathBuf::from(std::ffi::OsString::from_vec(bytes));
        if path.is_absolute() {
            return Some(path);
        }
        let folder = if folder == libc::AT_FDCWD {
            fs::read_link(format!("/proc/{}/cwd", self.0)).ok()?
        } else {
            self.opened(folder)?
        };
        Some(folder.join(path))
    }
}
