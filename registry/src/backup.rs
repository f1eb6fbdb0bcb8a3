//! Copies a registry into another folder: the database as it is at one moment, then every tarball that
//! it names, and last the database gets its name there.
//!
//! A backup is taken while the registry serves, and is a registry's folder itself: `verify` checks it,
//! and what it holds already is not copied again. Ended at any point, it holds what it held before,
//! and perhaps tarballs that the draft of the new database names, which the next backup takes over.
//! Nothing here overwrites a registry: `restore` refuses a folder that has one, `backup` a folder that
//! holds anything but an earlier state of the same one.

mod tarballs;

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use claw_package::Digest;
use claw_trust::Origin;

use crate::db::copies::{self, CopyError};
use crate::db::{self, Connection, DatabaseError, entries, registry};
use crate::failure::is_storage_full;
use crate::storage::{ServerLock, Storage};
use tarballs::Way;

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// How many notes the copy holds.
    pub entries: u64,
    /// How many tarballs it holds.
    pub tarballs: u64,
    /// How many of them it did not hold before.
    pub new: u64,
}

/// Why a registry was not copied.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no registry to copy, or none of this version.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The database could not be copied.
    #[error("could not copy the database")]
    Copy(#[source] CopyError),
    /// One folder in the other.
    #[error("`{to}` and `{from}` are not two folders beside each other")]
    SameFolder {
        /// What should be copied.
        from: PathBuf,
        /// Where to.
        to: PathBuf,
    },
    /// A folder with something else in it.
    #[error("`{folder}` is no backup: it holds `{file}`")]
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// What is in it.
        file: PathBuf,
    },
    /// Another backup, or a server, works on it.
    #[error("`{0}` is in use by another `claw-registry`")]
    InUse(PathBuf),
    /// A registry is never overwritten.
    #[error("there is a registry in `{0}` already")]
    Exists(PathBuf),
    /// The backup of another registry.
    #[error("`{folder}` holds a backup of `{theirs}`, this is `{ours}`")]
    OtherRegistry {
        /// The folder.
        folder: PathBuf,
        /// The origin of the backup.
        theirs: Origin,
        /// The origin of the registry.
        ours: Origin,
    },
    /// The backup knows more than the registry, which was restored from an older one.
    #[error("the backup in `{folder}` has an entry {entry} that this registry does not have")]
    OtherHistory {
        /// The folder.
        folder: PathBuf,
        /// The last entry of the backup.
        entry: u64,
    },
    /// A tarball is not what its name says.
    #[error("the tarball `{digest}` in `{folder}` has other bytes or is cut short")]
    Altered {
        /// Its digest.
        digest: Digest,
        /// The folder that was copied from.
        folder: PathBuf,
    },
    /// A tarball that a release names is not there.
    #[error("the tarball `{digest}` is not in `{folder}`")]
    Absent {
        /// Its digest.
        digest: Digest,
        /// The folder that was copied from.
        folder: PathBuf,
    },
    /// A file or a folder could not be read or written.
    #[error("could not copy to `{folder}`")]
    Files {
        /// Where to.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Copies the registry in `from`, which may be served meanwhile, to the folder `to`, which holds
/// nothing or an earlier backup of it.
pub async fn backup(from: &Path, to: &Path) -> Result<Copied, BackupError> {
    let mut source = copies::open(from).await?;
    let (storage, _lock) = open_target(from, to)?;
    let copied = async {
        if db::file(to).exists() {
            check_earlier(&mut source, from, to).await?;
        }
        copy(source, from, &storage, to, Way::LinkOrCopy).await
    };
    copied.await.map_err(|error| explained(error, &storage, to))
}

/// Copies the backup in `from` to the folder `to`, where no registry is. Every tarball is read again.
pub async fn restore(from: &Path, to: &Path) -> Result<Copied, BackupError> {
    let source = copies::open(from).await?;
    if db::file(to).exists() {
        return Err(BackupError::Exists(to.to_path_buf()));
    }
    let (storage, _lock) = open_target(from, to)?;
    let copied = copy(source, from, &storage, to, Way::CopyChecked).await;
    copied.map_err(|error| explained(error, &storage, to))
}

/// A database that can't make a file does not say that it is for want of room: the folder does.
fn explained(error: BackupError, storage: &Storage, to: &Path) -> BackupError {
    let of_the_database = matches!(error, BackupError::Database(_) | BackupError::Copy(_));
    match storage.probe() {
        Err(source) if of_the_database && is_storage_full(&source) => BackupError::Files {
            folder: to.to_path_buf(),
            source,
        },
        _ => error,
    }
}

async fn copy(
    mut source: Connection,
    from: &Path,
    storage: &Storage,
    to: &Path,
    way: Way,
) -> Result<Copied, BackupError> {
    let broken = |source| BackupError::Files {
        folder: to.to_path_buf(),
        source,
    };
    let written = copies::write(&mut source, to).await;
    written.map_err(BackupError::Copy)?;
    drop(source);
    let mut snapshot = copies::open_file(&copies::draft(to)).await?;
    let count = entries::count(&mut snapshot).await?;
    let (tarballs, new) =
        tarballs::copy(&mut snapshot, &Storage::open(from), from, storage, to, way).await?;
    drop(snapshot);
    storage.sync().map_err(broken)?;
    copies::put(to).map_err(broken)?;
    Ok(Copied {
        entries: count,
        tarballs,
        new,
    })
}

/// The folder to copy to, made where it is not there, and kept from others meanwhile.
fn open_target(from: &Path, to: &Path) -> Result<(Storage, ServerLock), BackupError> {
    let broken = |source| BackupError::Files {
        folder: to.to_path_buf(),
        source,
    };
    let (source, target) = (whole(from).map_err(broken)?, whole(to).map_err(broken)?);
    if source.starts_with(&target) || target.starts_with(&source) {
        return Err(BackupError::SameFolder {
            from: from.to_path_buf(),
            to: to.to_path_buf(),
        });
    }
    check_files(to)?;
    let storage = Storage::create(to).map_err(broken)?;
    let lock = storage.lock().map_err(broken)?;
    let lock = lock.ok_or_else(|| BackupError::InUse(to.to_path_buf()))?;
    Ok((storage, lock))
}

/// The one name of a folder, which may not be there yet.
fn whole(folder: &Path) -> io::Result<PathBuf> {
    let folder = std::path::absolute(folder)?;
    match (folder.canonicalize(), folder.parent(), folder.file_name()) {
        (Err(error), Some(parent), Some(name)) if error.kind() == io::ErrorKind::NotFound => {
            Ok(whole(parent)?.join(name))
        }
        (found, ..) => found,
    }
}

/// Refuses a folder with files that are not a registry's.
fn check_files(folder: &Path) -> Result<(), BackupError> {
    let broken = |source| BackupError::Files {
        folder: folder.to_path_buf(),
        source,
    };
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        listed => listed.map_err(broken)?,
    };
    for file in listed {
        let file = file.map_err(broken)?;
        let is_ours = |name: &OsStr| {
            let folders = ["blobs", "incoming", "staging", "serve.lock", "lost+found"];
            let database = name
                .to_str()
                .is_some_and(|name| name.starts_with("registry.db"));
            database || folders.iter().any(|folder| name == *folder)
        };
        if !is_ours(&file.file_name()) {
            return Err(BackupError::Foreign {
                folder: folder.to_path_buf(),
                file: file.file_name().into(),
            });
        }
    }
    Ok(())
}

/// Refuses to replace what is no earlier state of this registry.
async fn check_earlier(source: &mut Connection, from: &Path, to: &Path) -> Result<(), BackupError> {
    let folder = to.to_path_buf();
    let missing = |folder: &Path| DatabaseError::Missing(folder.to_path_buf());
    let mut backup = copies::open(to).await?;
    let ours = registry::origin(source)
        .await?
        .ok_or_else(|| missing(from))?;
    let theirs = registry::origin(&mut backup).await?;
    let theirs = theirs.ok_or_else(|| missing(to))?;
    if ours != theirs {
        return Err(BackupError::OtherRegistry {
            folder,
            theirs,
            ours,
        });
    }
    let Some(entry) = entries::count(&mut backup).await?.checked_sub(1) else {
        return Ok(());
    };
    let theirs = entries::at(&mut backup, entry)
        .await?
        .map(|entry| entry.digest);
    let ours = entries::at(source, entry).await?.map(|entry| entry.digest);
    if ours != theirs {
        return Err(BackupError::OtherHistory { folder, entry });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
