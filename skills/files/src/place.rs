//! What is at a path, and how a path that cannot be used is explained.

use std::fs::{self, FileType, Metadata};
use std::io::{self, ErrorKind};
use std::time::UNIX_EPOCH;

use claw_sdk::{Error, Result};

use crate::limits::FILE_BYTES_MAX;
use crate::{Details, Kind};

/// What is at `path`, without following a link.
pub fn stat(path: &str) -> Result<Details> {
    let metadata = fs::symlink_metadata(path).map_err(|error| refused("look at", path, &error))?;
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(Details {
        path: path.to_owned(),
        kind: kind(metadata.file_type()),
        size_bytes: size(&metadata),
        modified_s: modified.map(|since| since.as_secs()),
    })
}

/// The text of the file at `path`.
pub fn text(path: &str) -> Result<String> {
    let metadata = fs::metadata(path).map_err(|error| refused("read", path, &error))?;
    if metadata.is_dir() {
        return Err(Error::new(format!(
            "`{path}` is a folder: `list` shows what is in it"
        )));
    }
    if metadata.len() > FILE_BYTES_MAX {
        let size = metadata.len();
        return Err(Error::new(format!(
            "`{path}` has {size} bytes: at most {FILE_BYTES_MAX} can be read"
        )));
    }
    let bytes = fs::read(path).map_err(|error| refused("read", path, &error))?;
    String::from_utf8(bytes).map_err(|_| Error::new(format!("`{path}` is not UTF-8 text")))
}

/// `name` in `folder`, as a path that a later call can be given.
pub fn join(folder: &str, name: &str) -> String {
    match folder.trim_end_matches('/') {
        "" if folder.starts_with('/') => format!("/{name}"),
        "" | "." => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// The kind of thing that `file_type` is.
pub fn kind(file_type: FileType) -> Kind {
    if file_type.is_file() {
        Kind::File
    } else if file_type.is_dir() {
        Kind::Folder
    } else if file_type.is_symlink() {
        Kind::Link
    } else {
        Kind::Other
    }
}

/// The length of a file; folders and links have none that says anything.
pub fn size(metadata: &Metadata) -> Option<u64> {
    metadata.is_file().then_some(metadata.len())
}

/// Why `path` could not be used, in words.
pub fn refused(what: &str, path: &str, error: &io::Error) -> Error {
    let why = match error.kind() {
        ErrorKind::NotFound => "there is nothing at this path".to_owned(),
        ErrorKind::PermissionDenied => "this is not granted, or the file is protected".to_owned(),
        ErrorKind::NotADirectory => "a part of the path is no folder".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        ErrorKind::AlreadyExists => "it is already there".to_owned(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "there is no room left".to_owned(),
        ErrorKind::InvalidFilename => "the name is too long".to_owned(),
        // What the libc of WASI answers for a path outside of every folder that is shown to a skill.
        _ if error.raw_os_error() == Some(76) => {
            "it is outside of the workspace, or not granted".to_owned()
        }
        _ => error.to_string(),
    };
    Error::new(format!("cannot {what} `{path}`: {why}"))
}
