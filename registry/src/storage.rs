//! The files of the registry: tarballs on their way in, staged, and published.
//!
//! ```text
//! incoming/            uploads under way; emptied on start
//! staging/<hex>        whole, verified and synced, named by no release; removed after a day
//! blobs/sha256/ab/<hex> named by a release, kept and served from then on
//! ```
//!
//! A tarball is published by a second name: it is linked among the blobs and synced before the
//! transaction commits, and leaves staging only afterwards. So whatever is in staging when the
//! process ends tells the next start everything it has to repair, however many blobs there are.
//!
//! Every function here waits for the disk: callers in asynchronous code hand it to a thread that may.
//! Nothing here decides what is published; that is the database's to say.

mod recovery;

pub use recovery::Standing;

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use claw_package::Digest;
use tempfile::NamedTempFile;

use crate::crash::{CrashPoint, Step};

/// How long a tarball that no release names is kept.
pub const STAGED_AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What is written to find out whether there is room: a block of most file systems.
const PROBE_BYTES: usize = 4096;

/// The folder that a registry keeps its files in.
#[derive(Debug, Clone)]
pub struct Storage {
    folder: Arc<Path>,
}

/// A tarball in staging.
#[derive(Debug, Clone)]
pub struct Staged {
    /// Its digest, by its name.
    pub digest: Digest,
    /// When it was put there.
    pub modified: SystemTime,
}

/// The lock on a folder that one server holds as long as it lives.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

impl Storage {
    /// The storage in `folder`, which is there.
    pub fn open(folder: &Path) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The storage in `folder`, made where it is not there. Only its owner can look into it.
    pub fn create(folder: &Path) -> io::Result<Self> {
        let storage = Self::open(folder);
        for each in [storage.incoming(), storage.staging(), storage.blobs()] {
            make_folders(&std::path::absolute(each)?)?;
        }
        Ok(storage)
    }

    /// Makes the folders themselves, and the names of what was made in them, survive a loss of power:
    /// the last start may have ended between making and syncing them.
    pub fn sync(&self) -> io::Result<()> {
        sync_folder(&self.folder.join("blobs"))?;
        sync_folder(&self.folder)?;
        match self.folder.canonicalize()?.parent() {
            Some(parent) => sync_folder(parent),
            None => Ok(()),
        }
    }

    /// Takes the lock that keeps a second server off this folder, or answers that one has it.
    pub fn lock(&self) -> io::Result<Option<ServerLock>> {
        let path = self.folder.join("serve.lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(ServerLock { _file: file })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// A new empty file for an upload. It is gone when it is dropped.
    pub fn new_upload(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(self.incoming())
    }

    /// Finds out whether there is room for anything new.
    pub fn probe(&self) -> io::Result<()> {
        let mut file = self.new_upload()?;
        file.write_all(&[0; PROBE_BYTES])?;
        // Some file systems find out only now.
        file.as_file().sync_all()
    }

    /// Gives a whole upload, whose digest the caller has checked, its name in staging. When this
    /// returns, it is on the disk.
    pub fn stage(
        &self,
        upload: NamedTempFile,
        digest: &Digest,
        crash: CrashPoint,
    ) -> io::Result<()> {
        crash.pass(Step::UploadReceived);
        upload.as_file().sync_all()?;
        crash.pass(Step::UploadSynced);
        upload
            .persist(self.staged_path(digest))
            .map_err(|error| error.error)?;
        sync_folder(&self.staging())?;
        crash.pass(Step::UploadStaged);
        Ok(())
    }

    /// What is in staging now. Files with other names than digests are not ours to judge here.
    pub fn staged(&self) -> io::Result<Vec<Staged>> {
        let mut staged = Vec::new();
        for entry in fs::read_dir(self.staging())? {
            let entry = entry?;
            let Some(digest) = entry.file_name().to_str().and_then(digest_of_name) else {
                continue;
            };
            match entry.metadata().and_then(|metadata| metadata.modified()) {
                Ok(modified) => staged.push(Staged { digest, modified }),
                // Published or removed since it was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(staged)
    }

    /// The tarball of that digest in staging.
    pub fn open_staged(&self, digest: &Digest) -> io::Result<Option<File>> {
        found(File::open(self.staged_path(digest)))
    }

    /// How many bytes the tarball of that digest in staging has.
    pub fn staged_size(&self, digest: &Digest) -> io::Result<Option<u64>> {
        Ok(found(fs::metadata(self.staged_path(digest)))?.map(|metadata| metadata.len()))
    }

    /// Takes a tarball out of staging.
    pub fn clear_staged(&self, digest: &Digest) -> io::Result<()> {
        found(fs::remove_file(self.staged_path(digest))).map(drop)
    }

    /// Gives a staged tarball its lasting name; false when it is not staged. When this returns, the
    /// name is on the disk. The caller commits the release that names it next.
    pub fn link_blob(&self, digest: &Digest, crash: CrashPoint) -> io::Result<bool> {
        let (staged, blob) = (self.staged_path(digest), self.blob_path(digest));
        let shard = blob.parent().expect("a blob is in a folder");
        match DirBuilder::new().mode(0o700).create(shard) {
            Ok(()) => sync_folder(&self.blobs())?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let linked = match fs::hard_link(&staged, &blob) {
            // Left by a transaction that failed after it had linked: no release names it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&blob)?;
                fs::hard_link(&staged, &blob)
            }
            other => other,
        };
        if found(linked)?.is_none() {
            return Ok(false);
        }
        crash.pass(Step::BlobLinked);
        sync_folder(shard)?;
        crash.pass(Step::BlobSynced);
        Ok(true)
    }

    /// Takes back the lasting name of a tarball that no release came to name.
    pub fn unlink_blob(&self, digest: &Digest) -> io::Result<()> {
        found(fs::remove_file(self.blob_path(digest))).map(drop)
    }

    /// A published tarball.
    pub fn open_blob(&self, digest: &Digest) -> io::Result<File> {
        File::open(self.blob_path(digest))
    }

    /// Where a published tarball is.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.blobs().join(&hex[..2]).join(hex)
    }

    /// Where a tarball in staging is.
    pub fn staged_path(&self, digest: &Digest) -> PathBuf {
        self.staging().join(digest.hex())
    }

    /// The folder of published tarballs.
    pub fn blobs(&self) -> PathBuf {
        self.folder.join("blobs").join("sha256")
    }

    /// The folder of tarballs that no release names yet.
    pub fn staging(&self) -> PathBuf {
        self.folder.join("staging")
    }

    fn incoming(&self) -> PathBuf {
        self.folder.join("incoming")
    }
}

/// The digest whose hexadecimal form is a file's name.
pub fn digest_of_name(name: &str) -> Option<Digest> {
    format!("sha256:{name}").parse().ok()
}

/// Makes a folder that only its owner can look into, and the missing ones above it. Each is a name in
/// the one above, which has to be synced for that name to stay.
fn make_folders(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let Some(above) = path.parent() else {
        return Ok(());
    };
    make_folders(above)?;
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        other => other?,
    }
    sync_folder(above)
}

/// Makes the names in a folder survive a loss of power.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Turns "no such file" into `None`.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
