//! Copies the tarballs that a copied database names.
//!
//! They never change, so one that is there with its whole length is not copied again; and on one file
//! system a second name for the same bytes is as good as a copy, since nobody writes to them.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use claw_package::{Digest, Hasher};

use super::BackupError;
use crate::db::{Connection, releases};
use crate::storage::Storage;

/// Tarballs looked up at once.
const PAGE: u32 = 1024;

/// How a tarball gets to the other folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// As it is, without reading it where the file system can do that.
    LinkOrCopy,
    /// Byte for byte, compared with its name; one that is there is compared as well.
    CopyChecked,
}

/// One folder to another.
#[derive(Debug, Clone)]
struct Route {
    from: Storage,
    from_folder: PathBuf,
    to: Storage,
    to_folder: PathBuf,
    way: Way,
}

/// Copies every tarball that `snapshot` names; answers how many there are, and how many are new. When
/// this returns, they are on the disk.
pub(super) async fn copy(
    snapshot: &mut Connection,
    from: &Storage,
    from_folder: &Path,
    to: &Storage,
    to_folder: &Path,
    way: Way,
) -> Result<(u64, u64), BackupError> {
    let route = Route {
        from: from.clone(),
        from_folder: from_folder.to_path_buf(),
        to: to.clone(),
        to_folder: to_folder.to_path_buf(),
        way,
    };
    let (mut next, mut count, mut new) = (0, 0, 0);
    let mut shards = BTreeSet::new();
    loop {
        let page = releases::tarballs(snapshot, next, PAGE).await?;
        let Some((last, ..)) = page.last() else {
            break;
        };
        next = last + 1;
        count += page.len() as u64;
        let route = route.clone();
        let copied = tokio::task::spawn_blocking(move || route.copy_all(&page)).await;
        let copied = copied.map_err(|error| BackupError::Files {
            folder: to_folder.to_path_buf(),
            source: error.into(),
        })??;
        new += copied.len() as u64;
        shards.extend(
            copied
                .into_iter()
                .filter_map(|path| path.parent().map(PathBuf::from)),
        );
    }
    let synced = shards
        .iter()
        .try_for_each(|shard| File::open(shard)?.sync_all());
    let synced = synced.and_then(|()| File::open(to.blobs())?.sync_all());
    synced.map_err(|source| BackupError::Files {
        folder: to_folder.to_path_buf(),
        source,
    })?;
    Ok((count, new))
}

impl Route {
    /// The paths of those that were not there.
    fn copy_all(&self, page: &[(u64, Digest, u64)]) -> Result<Vec<PathBuf>, BackupError> {
        let mut new = Vec::new();
        for (_, digest, size) in page {
            let broken = |source| BackupError::Files {
                folder: self.to_folder.clone(),
                source,
            };
            if self.is_there(digest, *size).map_err(broken)? {
                continue;
            }
            self.copy_one(digest, *size)?;
            new.push(self.to.blob_path(digest));
        }
        Ok(new)
    }

    fn is_there(&self, digest: &Digest, size: u64) -> io::Result<bool> {
        let path = self.to.blob_path(digest);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.len() != size => Ok(false),
            Ok(_) if self.way == Way::LinkOrCopy => Ok(true),
            Ok(_) => Ok(copy_hashed(&mut File::open(path)?, &mut io::sink())? == *digest),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn copy_one(&self, digest: &Digest, size: u64) -> Result<(), BackupError> {
        let (folder, digest_of) = (self.from_folder.clone(), *digest);
        let altered = || BackupError::Altered {
            digest: digest_of,
            folder: folder.clone(),
        };
        let broken = |source| BackupError::Files {
            folder: self.to_folder.clone(),
            source,
        };
        let (source, target) = (self.from.blob_path(digest), self.to.blob_path(digest));
        let found = match fs::metadata(&source) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BackupError::Absent {
                    digest: *digest,
                    folder: folder.clone(),
                });
            }
            found => found.map_err(broken)?,
        };
        if found.len() != size {
            return Err(altered());
        }
        let shard = target.parent().expect("a blob is in a folder");
        match DirBuilder::new().mode(0o700).create(shard) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(broken(error));
            }
            _ => {}
        }
        if self.way == Way::LinkOrCopy && self.link(&source, &target).map_err(broken)? {
            return Ok(());
        }
        let mut copy = self.to.new_upload().map_err(broken)?;
        let mut file = File::open(&source).map_err(broken)?;
        let actual = copy_hashed(&mut file, copy.as_file_mut()).map_err(broken)?;
        if actual != *digest {
            return Err(altered());
        }
        copy.as_file().sync_all().map_err(broken)?;
        copy.persist(&target).map_err(|error| broken(error.error))?;
        Ok(())
    }

    /// Gives the file a second name; false where the folders are on two file systems, or on one that
    /// has no such names.
    fn link(&self, source: &Path, target: &Path) -> io::Result<bool> {
        match fs::hard_link(source, target) {
            // One that is cut short, left by a copy that something else made.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(target)?;
                self.link(source, target)
            }
            linked => Ok(linked.is_ok()),
        }
    }
}

fn copy_hashed(from: &mut File, to: &mut impl io::Write) -> io::Result<Digest> {
    let mut hasher = Hasher::new();
    let mut both = Both(&mut hasher, to);
    io::copy(from, &mut both)?;
    both.flush()?;
    Ok(hasher.finish())
}

/// Writes the same to a digest and to a file.
struct Both<'a, W>(&'a mut Hasher, &'a mut W);

impl<W: io::Write> io::Write for Both<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.1.write(bytes)?;
        self.0.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.1.flush()
    }
}
