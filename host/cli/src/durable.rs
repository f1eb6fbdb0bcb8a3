//! Files that survive a crash at any moment, and locks that keep two claw processes from losing
//! each other's writes.
//!
//! A file is either the old one or the new one, never half of either: written beside its place,
//! synced, renamed, and its folder synced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::failure::{Kind, OrFail, Outcome};
use crate::output;

/// Who may read what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Only this user: everything in the home folder.
    Owner,
    /// Whoever the umask lets: files of a project.
    Everyone,
}

/// Replaces `path` by `bytes`, durably.
pub(crate) fn write(path: &Path, bytes: &[u8], audience: Audience) -> Outcome {
    write_inner(path, bytes, audience)
        .or_fail(Kind::Io, format!("could not write `{}`", path.display()))
}

fn write_inner(path: &Path, bytes: &[u8], audience: Audience) -> io::Result<()> {
    // A link is followed by hand, so that the file it points to is replaced and the link stays.
    let path = match fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::path::absolute(path)?,
        Err(error) => return Err(error),
    };
    let folder = path
        .parent()
        .ok_or_else(|| io::Error::other("the path has no folder"))?;
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::other("the path has no file name"))?;
    let mut temporary = name.to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = folder.join(temporary);
    let mode = match audience {
        Audience::Owner => 0o600,
        Audience::Everyone => 0o666,
    };
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&temporary)?;
        if let (Audience::Everyone, Ok(old)) = (audience, fs::metadata(&path)) {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)
    })();
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder)
}

/// Makes renames and removals inside `folder` durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Syncs every file and folder below `folder`, and the folder itself.
pub(crate) fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_folder(folder)
}

/// Makes a folder that only this user may enter, and the missing ones above it.
pub(crate) fn make_private_folder(path: &Path) -> Outcome {
    if path.is_dir() {
        return Ok(());
    }
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path);
    let synced = made.and_then(|()| path.parent().map_or(Ok(()), sync_folder));
    synced.or_fail(
        Kind::Io,
        format!("could not make the folder `{}`", path.display()),
    )
}

/// Reads a file of at most `bytes_max` bytes; `None` if there is none.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Outcome<Option<Vec<u8>>> {
    let act = || format!("could not read `{}`", path.display());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).or_fail(Kind::Io, act()),
    };
    read_open(file, bytes_max)
        .or_fail(Kind::Io, act())
        .map(Some)
}

fn read_open(mut file: File, bytes_max: u64) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let size = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(bytes_max)).unwrap_or(0));
    (&mut file)
        .take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::other(format!(
            "it is larger than {bytes_max} bytes"
        )));
    }
    Ok(bytes)
}

/// The same, as text.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> Outcome<Option<String>> {
    let Some(bytes) = read(path, bytes_max)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes);
    text.or_fail(
        Kind::Usage,
        format!("`{}` is not UTF-8 text", path.display()),
    )
    .map(Some)
}

/// Held while files of one folder are read, changed and written back.
#[derive(Debug)]
pub(crate) struct FolderLock {
    /// The lock lives as long as the open folder; no file is left behind.
    _folder: File,
}

impl FolderLock {
    /// Waits for its turn, saying so if there is a wait.
    pub(crate) fn take(folder: PathBuf) -> Outcome<Self> {
        let act = || format!("could not lock `{}`", folder.display());
        let file = File::open(&folder).or_fail(Kind::Io, act())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                output::say(format!(
                    "waiting for another claw to finish with `{}`",
                    folder.display()
                ));
                file.lock().or_fail(Kind::Io, act())?;
            }
            Err(fs::TryLockError::Error(error)) => return Err(error).or_fail(Kind::Io, act()),
        }
        Ok(FolderLock { _folder: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_the_whole_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        write(&path, b"first, and longer", Audience::Owner).unwrap();
        write(&path, b"second", Audience::Owner).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, b"new", Audience::Everyone).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn a_file_over_its_bound_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big");
        fs::write(&path, [b'x'; 11]).unwrap();
        assert!(read(&path, 11).unwrap().is_some());
        assert!(
            read(&path, 10)
                .unwrap_err()
                .one_line()
                .contains("larger than 10 bytes")
        );
    }
}
