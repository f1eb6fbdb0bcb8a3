//! What is in a folder, level by level.
//!
//! Links are shown, never followed, so that a walk always ends. A folder below the first that cannot be opened
//! is shown without what is in it.

use std::fs::{self, DirEntry};

use claw_sdk::{Error, Result};

use crate::Listing;
use crate::exports::acme::files::files::Entry;
use crate::limits::{self, DEPTH_MAX, ENTRIES_DEFAULT, ENTRIES_MAX, VISITED_MAX};
use crate::place;

/// Where version control keeps its own files, which nobody means when asking for "the files".
const LEFT_OUT: &str = ".git";

/// The entries of `path`, `depth` levels deep.
pub fn list(path: &str, depth: Option<u32>, limit: Option<u32>) -> Result<Listing> {
    let depth = limits::bounded("depth", depth, 1, DEPTH_MAX)?;
    let limit = limits::bounded("limit", limit, ENTRIES_DEFAULT, ENTRIES_MAX)?;
    let mut entries = Vec::new();
    let complete = walk(path, depth, &mut |entry| {
        let room = entries.len() < limit as usize;
        if room {
            entries.push(entry);
        }
        Ok(room)
    })?;
    Ok(Listing {
        entries,
        more: !complete,
    })
}

/// Hands every entry below `path`, `depth` levels deep and sorted by path, to `visit` until that says to stop.
///
/// The answer is whether everything within that depth was handed over.
pub fn walk(path: &str, depth: u32, visit: &mut dyn FnMut(Entry) -> Result<bool>) -> Result<bool> {
    let mut visited = 0;
    // What is still to be handed over, the next one last.
    let mut waiting = read(path)?;
    waiting.reverse();
    let mut waiting: Vec<(Entry, u32)> = waiting.into_iter().map(|entry| (entry, 1)).collect();
    while let Some((entry, level)) = waiting.pop() {
        visited += 1;
        if visited > VISITED_MAX {
            return Ok(false);
        }
        let below =
            if entry.kind == crate::Kind::Folder && level < depth && !is_left_out(&entry.path) {
                read(&entry.path).unwrap_or_default()
            } else {
                Vec::new()
            };
        if !visit(entry)? {
            return Ok(false);
        }
        waiting.extend(below.into_iter().rev().map(|entry| (entry, level + 1)));
    }
    Ok(true)
}

/// Whether a walk does not look into the folder at `path`.
fn is_left_out(path: &str) -> bool {
    path.rsplit('/').next() == Some(LEFT_OUT)
}

/// The entries of one folder, sorted by path.
fn read(path: &str) -> Result<Vec<Entry>> {
    let refused = |error| place::refused("list", path, &error);
    let mut entries = Vec::new();
    for found in fs::read_dir(path).map_err(refused)? {
        if entries.len() >= VISITED_MAX as usize {
            return Err(Error::new(format!(
                "`{path}` has more than {VISITED_MAX} entries"
            )));
        }
        entries.push(entry(path, &found.map_err(refused)?)?);
    }
    entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// One thing found in the folder `path`.
fn entry(path: &str, found: &DirEntry) -> Result<Entry> {
    let name = found.file_name();
    let path = place::join(path, &name.to_string_lossy());
    let file_type = found
        .file_type()
        .map_err(|error| place::refused("look at", &path, &error))?;
    let size_bytes = if file_type.is_file() {
        found.metadata().ok().as_ref().and_then(place::size)
    } else {
        None
    };
    Ok(Entry {
        path,
        kind: place::kind(file_type),
        size_bytes,
    })
}
