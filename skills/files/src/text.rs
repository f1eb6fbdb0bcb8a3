//! Reading, writing and editing one text file.
//!
//! Files are written in place, not replaced by a new one: their mode, their links and whoever watches them
//! stay as they were.

use std::fs;
use std::path::Path;

use claw_sdk::{Error, Result, log};

use crate::limits::{FILE_BYTES_MAX, READ_BYTES_MAX, WRITE_BYTES_MAX};
use crate::{Edited, Passage, Written, place};

/// `lines` lines of the file at `path`, from `first_line` on.
pub fn read(path: &str, first_line: Option<u32>, lines: Option<u32>) -> Result<Passage> {
    let first_line = first_line.unwrap_or(1);
    if first_line == 0 {
        return Err(Error::new("`first-line` is 0: lines are counted from 1"));
    }
    let wanted = lines.unwrap_or(u32::MAX);
    let file = place::text(path)?;
    let mut passage = Passage {
        text: String::new(),
        first_line,
        lines: 0,
        more: false,
    };
    for line in file.split_inclusive('\n').skip(first_line as usize - 1) {
        let full = passage.text.len() + line.len() > READ_BYTES_MAX;
        if full && passage.lines == 0 && wanted > 0 {
            return Err(Error::new(format!(
                "line {first_line} of `{path}` has more than {READ_BYTES_MAX} bytes, which is the most that is returned at once"
            )));
        }
        if full || passage.lines == wanted {
            passage.more = true;
            break;
        }
        passage.text.push_str(line);
        passage.lines += 1;
    }
    Ok(passage)
}

/// Makes `content` the file at `path`.
pub fn write(path: &str, content: &str, overwrite: bool) -> Result<Written> {
    if content.len() > WRITE_BYTES_MAX {
        let size = content.len();
        return Err(Error::new(format!(
            "`content` has {size} bytes: at most {WRITE_BYTES_MAX} can be written"
        )));
    }
    let exists = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            return Err(Error::new(format!("cannot write `{path}`: it is a folder")));
        }
        Ok(_) => true,
        Err(_) => false,
    };
    if exists && !overwrite {
        return Err(Error::new(format!(
            "cannot write `{path}`: it is already there; `edit` changes a part of it, `overwrite` replaces it"
        )));
    }
    let above = Path::new(path)
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = above.filter(|_| !exists) {
        fs::create_dir_all(folder)
            .map_err(|error| place::refused("make a folder for", path, &error))?;
    }
    fs::write(path, content).map_err(|error| place::refused("write", path, &error))?;
    log::info(format_args!("wrote {} bytes to `{path}`", content.len()));
    Ok(Written {
        path: path.to_owned(),
        size_bytes: content.len() as u64,
        created: !exists,
    })
}

/// Replaces `old` by `new` in the file at `path`.
pub fn edit(path: &str, old: &str, new: &str, all: bool) -> Result<Edited> {
    if old.is_empty() {
        return Err(Error::new(
            "`old` is empty: it has to be a passage of the file",
        ));
    }
    if old == new {
        return Err(Error::new(
            "`old` and `new` are the same: nothing would change",
        ));
    }
    let file = place::text(path)?;
    let found = file.matches(old).count();
    if found == 0 {
        return Err(Error::new(format!(
            "`{path}` does not have `old` in it: it has to be exactly as in the file, white space included"
        )));
    }
    if found > 1 && !all {
        return Err(Error::new(format!(
            "`{path}` has `old` in {found} places: give more of what is around it, or `all` to replace each"
        )));
    }
    let size = (file.len() - found * old.len()) as u64 + found as u64 * new.len() as u64;
    if size > FILE_BYTES_MAX {
        return Err(Error::new(format!(
            "`{path}` would have {size} bytes: at most {FILE_BYTES_MAX} are allowed"
        )));
    }
    fs::write(path, file.replace(old, new))
        .map_err(|error| place::refused("write", path, &error))?;
    log::info(format_args!("changed `{path}` in {found} places"));
    Ok(Edited {
        path: path.to_owned(),
        size_bytes: size,
        replacements: found as u32,
    })
}
