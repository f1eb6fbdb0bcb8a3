//! Files that survive a crash at any moment, and locks that keep two claw processes from losing
//! each other's writes.
//!
//! A file is either the old one or the new one, never half of either: written beside its place,
//! synced, renamed, and its folder synced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::output;
use crate::owned;

/// Whose file it is: who may read what is written, and who may have written what is read.
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
    let path = std::path::absolute(path)?;
    let path = match (audience, fs::canonicalize(&path)) {
        // An operator may keep these files elsewhere and link to them: the link stays.
        (Audience::Owner, Ok(real)) => real,
        (Audience::Owner, Err(error)) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error);
        }
        // A project is a stranger's: a link in it is replaced, and what it points to is left alone.
        _ => path,
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
        // Whatever has this name was left by a crash, or put there to be written through.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temporary)?;
        if let (Audience::Everyone, Ok(old)) = (audience, fs::symlink_metadata(&path))
            && old.is_file()
        {
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
    make_folders(path).or_fail(
        Kind::Io,
        format!("could not make the folder `{}`", path.display()),
    )
}

/// Each new folder is a name in the one above it, which has to be synced for that name to stay.
fn make_folders(path: &Path) -> io::Result<()> {
    let above = match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    if !above.is_dir() {
        make_folders(above)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(path) {
        // Somebody else was faster, and may not have come to sync it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        other => other?,
    }
    sync_folder(above)
}

/// Reads a regular file of at most `bytes_max` bytes; `None` if there is none. Anything else of
/// that name is refused unopened, since opening a pipe would wait for somebody to write. What is
/// the owner's must be nobody else's to change.
pub(crate) fn read(path: &Path, bytes_max: u64, audience: Audience) -> Outcome<Option<Vec<u8>>> {
    let act = || format!("could not read `{}`", path.display());
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).or_fail(Kind::Io, act()),
    };
    if !metadata.is_file() {
        return Err(Failure::new(Kind::Io, "it is not a regular file").during(act()));
    }
    let file = File::open(path).or_fail(Kind::Io, act())?;
    if audience == Audience::Owner {
        let metadata = file.metadata().or_fail(Kind::Io, act())?;
        owned::check_metadata(path, &metadata)?;
    }
    // As long as it is, and some more, in which its end is seen without another try.
    let bytes = Vec::with_capacity(metadata.len().min(bytes_max) as usize + 64);
    let read = read_into(bytes, file, bytes_max);
    read.or_fail(Kind::Io, act()).map(Some)
}

/// Reads to the end, or to one byte more than `bytes_max`, which is an error.
pub(crate) fn read_bounded(from: impl Read, bytes_max: u64) -> io::Result<Vec<u8>> {
    read_into(Vec::new(), from, bytes_max)
}

fn read_into(mut bytes: Vec<u8>, from: impl Read, bytes_max: u64) -> io::Result<Vec<u8>> {
    from.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::other(format!(
            "it is larger than {bytes_max} bytes"
        )));
    }
    Ok(bytes)
}

/// The same, as text.
pub(crate) fn read_text(
    path: &Path,
    bytes_max: u64,
    audience: Audience,
) -> Outcome<Option<String>> {
    let Some(bytes) = read(path, bytes_max, audience)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes);
    text.or_fail(
        Kind::Usage,
        format!("`{}` is not UTF-8 text", path.display()),
    )
    .map(Some)
}

/// How old a temporary file is before nobody is writing it any more: writing takes seconds.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);

/// Removes what writers that were killed left in `folder`: files with the names that [`write()`] and the
/// compile cache give theirs. Only tidiness depends on it.
pub(crate) fn clear_leftovers(folder: &Path, is_ours: impl Fn(&str) -> bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_temporary = |name: &str| {
            let stem = name
                .strip_suffix(".tmp")
                .and_then(|stem| stem.rsplit_once('.'));
            stem.is_some_and(|(stem, writer)| {
                is_ours(stem) && writer.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        };
        let is_old = |file: fs::Metadata| {
            let age = file.modified().ok().and_then(|time| time.elapsed().ok());
            file.is_file() && age.is_some_and(|age| age > LEFT_BEHIND)
        };
        if name.to_str().is_some_and(is_temporary) && entry.metadata().is_ok_and(is_old) {
            // Somebody else may have removed it.
            let _ = fs::remove_file(entry.path());
        }
    }
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
    fn what_a_killed_writer_left_is_removed_once_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let old = [
            "a.toml.12.tmp",
            "a.toml.00ff.tmp",
            "a.toml",
            "b.toml.12.tmp",
            "a.toml.x.tmp",
        ];
        let hours_ago = std::time::SystemTime::now() - 2 * LEFT_BEHIND;
        for name in old {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(hours_ago).unwrap();
        }
        File::create(folder.path().join("a.toml.13.tmp")).unwrap();
        clear_leftovers(folder.path(), |name| name == "a.toml");
        let names = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(
            names,
            ["a.toml", "a.toml.13.tmp", "a.toml.x.tmp", "b.toml.12.tmp"]
        );
    }

    #[test]
    fn the_operators_links_stay_and_a_projects_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, b"new", Audience::Owner).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
        write(&link, b"newer", Audience::Everyone).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn a_link_in_the_way_of_a_write_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        let trap = format!("claw.lock.{}.tmp", std::process::id());
        std::os::unix::fs::symlink(&victim, folder.path().join(trap)).unwrap();
        write(
            &folder.path().join("claw.lock"),
            b"lock",
            Audience::Everyone,
        )
        .unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
    }

    #[test]
    fn the_owners_file_is_not_read_when_others_may_write_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trust.toml");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
        assert!(read(&path, 10, Audience::Owner).is_err());
        assert!(read(&path, 10, Audience::Everyone).unwrap().is_some());
    }

    #[test]
    fn a_file_over_its_bound_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big");
        fs::write(&path, [b'x'; 11]).unwrap();
        assert!(read(&path, 11, Audience::Owner).unwrap().is_some());
        assert!(read(folder.path(), 10, Audience::Owner).is_err());
        assert!(
            read(&path, 10, Audience::Owner)
                .unwrap_err()
                .one_line()
                .contains("larger than 10 bytes")
        );
    }
}
