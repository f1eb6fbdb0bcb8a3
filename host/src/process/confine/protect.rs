//! Protected names in a folder that a child may write: read-only for the child too, at the level `full`.
//!
//! What is there when the child starts is covered, as far as the search goes: the folders nearest to the top first,
//! and no more than a bound. A name that is made later is not covered, nor is one whose folder is moved away whole.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, mkdirat, openat2};
use rustix::io::Errno;

use super::root::{DATA, PLAIN, copy, put};
use crate::filesystem::is_protected_name;

/// Names looked at in one granted folder: some 50 ms.
const NAMES_MAX: usize = 50_000;

/// Mounts of one child. A workspace with more nested repositories is not run in.
const MOUNTS_MAX: usize = 1_000;

/// What in a repository decides what runs, or where it leads: read-only while a program works on the rest of it.
const DECIDING: [&str; 8] = [
    "config",
    "config.worktree",
    "hooks",
    "info",
    "modules",
    "worktrees",
    "commondir",
    "gitdir",
];

/// Those of them that are made, empty, where they are not there: nobody must make them later.
const DECIDING_FOLDERS: [&str; 2] = ["hooks", "info"];

/// Covers the protected names below `folder`, in the new root.
pub(super) fn protect(root: &OwnedFd, folder: &Path, keeps_repository: bool) -> Result<(), Errno> {
    let mut search = Search {
        root,
        names_left: NAMES_MAX,
        folders: VecDeque::from([folder.to_owned()]),
        protected: Vec::new(),
    };
    while let Some(folder) = search.folders.pop_front() {
        search.look(&folder);
    }
    if search.protected.len() > MOUNTS_MAX {
        return Err(Errno::TOOBIG);
    }
    for path in &search.protected {
        let is_repository = path.file_name().is_some_and(|name| name == ".git");
        if keeps_repository && is_repository && open(root, &path.join("HEAD")).is_ok() {
            repository(root, path)?;
        } else {
            cover(root, path, DATA)?;
        }
    }
    Ok(())
}

struct Search<'a> {
    root: &'a OwnedFd,
    names_left: usize,
    folders: VecDeque<PathBuf>,
    protected: Vec<PathBuf>,
}

impl Search<'_> {
    /// What can't be listed can't be written by the child either.
    fn look(&mut self, folder: &Path) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(opened) = openat2(self.root, relative(folder), flags, Mode::empty(), RESOLVE) else {
            return;
        };
        let Ok(entries) = Dir::new(opened) else {
            return;
        };
        for entry in entries.flatten() {
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            self.names_left = match self.names_left.checked_sub(1) {
                Some(left) => left,
                None => return self.folders.clear(),
            };
            if is_protected_name(name) {
                self.protected.push(folder.join(name));
            } else if matches!(entry.file_type(), FileType::Directory | FileType::Unknown) {
                self.folders.push_back(folder.join(name));
            }
        }
    }
}

/// Never through a link, which may have come since.
const RESOLVE: ResolveFlags = ResolveFlags::NO_SYMLINKS.union(ResolveFlags::BENEATH);

fn relative(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

fn open(root: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat2(root, relative(path), flags, Mode::empty(), RESOLVE)
}

/// Mounts something over itself. A link with a protected name leads nowhere that could be covered here, and can
/// be neither changed nor covered.
fn cover(root: &OwnedFd, path: &Path, attributes: u64) -> Result<(), Errno> {
    let place = match open(root, path) {
        Ok(place) => place,
        Err(Errno::NOENT | Errno::LOOP) => return Ok(()),
        Err(error) => return Err(error),
    };
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&place)?.st_mode);
    if kind == FileType::Symlink {
        return Ok(());
    }
    put(&copy(&place, attributes)?, &place)
}

/// `.git`: mounted over itself so that it can't be moved away, and what decides in it over that.
fn repository(root: &OwnedFd, path: &Path) -> Result<(), Errno> {
    cover(root, path, PLAIN | libc::MOUNT_ATTR_NOEXEC)?;
    let opened = open(root, path)?;
    for name in DECIDING_FOLDERS {
        match mkdirat(&opened, name, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST | Errno::ROFS | Errno::ACCESS) => {}
            Err(error) => return Err(error),
        }
    }
    DECIDING
        .iter()
        .try_for_each(|name| cover(root, &path.join(name), DATA))
}
