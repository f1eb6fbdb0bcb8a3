//! What a start does with the files that the last run left unfinished, and what time does with those
//! that nobody finished.
//!
//! Only incoming and staging are looked at, which are small: the blobs are never walked.

use std::fs;
use std::io;
use std::time::SystemTime;

use claw_package::Digest;

use super::{STAGED_AGE_MAX, Storage};
use crate::crash::CrashPoint;

impl Storage {
    /// Removes the uploads that ended with the last run.
    pub fn clear_incoming(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.incoming())? {
            fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// Brings a staged tarball and its lasting name in line with what the database says of it.
    ///
    /// A published one has left staging, whatever came between the commit and its removal. One that
    /// no release names has no lasting name, whatever came between the link and the commit; it stays
    /// in staging, so that the publish can be repeated without sending it again.
    pub fn settle(&self, digest: &Digest, standing: Standing) -> io::Result<()> {
        match standing {
            Standing::Unpublished => self.unlink_blob(digest),
            Standing::Published => {
                if !self.blob_path(digest).try_exists()? {
                    self.link_blob(digest, CrashPoint::default())?;
                }
                self.clear_staged(digest)
            }
        }
    }

    /// Removes what has been in staging for longer than a day, and answers how many files that were.
    pub fn sweep(&self, now: SystemTime) -> io::Result<usize> {
        let mut removed = 0;
        for staged in self.staged()? {
            if now
                .duration_since(staged.modified)
                .is_ok_and(|age| age > STAGED_AGE_MAX)
            {
                self.clear_staged(&staged.digest)?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// What the database says of a tarball.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A release names it.
    Published,
    /// None does.
    Unpublished,
}
