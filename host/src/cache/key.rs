//! The key that seals compiled code: 32 random bytes in a file that only its owner reads.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{sync_parent, temporary_beside, write_new};

pub(super) type Key = [u8; blake3::KEY_LEN];

/// Reads the key, or makes it when there is none. Of two processes that make one, one wins.
pub(super) fn load_or_create(file: &Path) -> io::Result<Key> {
    match load(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(file)?;
            load(file)
        }
        answer => answer,
    }
}

pub(super) fn load(file: &Path) -> io::Result<Key> {
    let mut opened = File::open(file)?;
    if opened.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "others can read or change it; it must have mode 0600",
        ));
    }
    let mut bytes = Vec::new();
    opened
        .by_ref()
        .take(blake3::KEY_LEN as u64 + 1)
        .read_to_end(&mut bytes)?;
    bytes
        .try_into()
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not 32 bytes"))
}

fn create(file: &Path) -> io::Result<()> {
    let mut key = Key::default();
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let temporary = temporary_beside(file)?;
    write_new(&temporary, &[&key])?;
    // Unlike a rename, a link never replaces the key that somebody else has just made.
    let linked = match fs::hard_link(&temporary, file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        answer => answer,
    };
    fs::remove_file(&temporary)?;
    linked?;
    sync_parent(file)
}
