//! Writes the entries of a package to a folder as the strict reader hands them over.
//!
//! The reader has checked every path already. Still nothing here follows a link or replaces a file:
//! the folder is new, and a second entry of one name is an error.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use claw_package::{Hasher, Measured, Sink};

use super::listing::Listing;

/// A folder that a package is unpacked into.
#[derive(Debug)]
pub(crate) struct Unpack {
    root: PathBuf,
    pub(super) listing: Listing,
}

impl Unpack {
    /// Makes the folder, which must not exist.
    pub(crate) fn into(root: &Path) -> io::Result<Self> {
        DirBuilder::new().mode(0o700).create(root)?;
        Ok(Unpack {
            root: root.to_owned(),
            listing: Listing::default(),
        })
    }
}

impl Sink for Unpack {
    fn folder(&mut self, path: &str) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(self.root.join(path))?;
        self.listing.add_folder(path);
        Ok(())
    }

    fn file(
        &mut self,
        path: &str,
        size: u64,
        executable: bool,
        body: &mut dyn Read,
    ) -> io::Result<()> {
        let mode = if executable { 0o700 } else { 0o600 };
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(self.root.join(path))?;
        let mut both = Both {
            file,
            hasher: Hasher::new(),
        };
        io::copy(body, &mut both)?;
        self.listing.add(
            path,
            Measured {
                digest: both.hasher.finish(),
                size,
            },
        );
        Ok(())
    }
}

/// Hashes what it writes.
struct Both<W> {
    file: W,
    hasher: Hasher,
}

impl<W: Write> Write for Both<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
