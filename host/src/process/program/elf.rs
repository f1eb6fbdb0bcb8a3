//! Reads from a program's file what loads its libraries. Nothing in it is believed: a file that claims another
//! loader gets the power to execute that file and no more.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// Headers that are looked at. Programs have a dozen.
const HEADERS_MAX: u16 = 256;

/// The path of a loader.
const PATH_BYTES_MAX: u64 = 4096;

const HEADER_BYTES: usize = 56;
const INTERPRETER: u32 = 3;

/// The loader; `Some(None)` for a program without one, `None` for what is no program of 64 bits.
pub(super) fn loader(file: &File) -> Option<Option<PathBuf>> {
    let mut start = [0; 64];
    file.read_exact_at(&mut start, 0).ok()?;
    let is_program = start.starts_with(b"\x7fELF\x02\x01");
    if !is_program {
        return None;
    }
    let offset = u64::from_le_bytes(*start[32..].first_chunk()?);
    let size = u16::from_le_bytes(*start[54..].first_chunk()?);
    let count = u16::from_le_bytes(*start[56..].first_chunk()?);
    if usize::from(size) != HEADER_BYTES || count > HEADERS_MAX {
        return None;
    }
    for index in 0..u64::from(count) {
        let mut header = [0; HEADER_BYTES];
        let place = offset.checked_add(index * HEADER_BYTES as u64)?;
        file.read_exact_at(&mut header, place).ok()?;
        if u32::from_le_bytes(*header.first_chunk()?) != INTERPRETER {
            continue;
        }
        let place = u64::from_le_bytes(*header[8..].first_chunk()?);
        let length = u64::from_le_bytes(*header[32..].first_chunk()?);
        if length > PATH_BYTES_MAX {
            return None;
        }
        let mut path = vec![0; usize::try_from(length).ok()?];
        file.read_exact_at(&mut path, place).ok()?;
        while path.pop_if(|byte| *byte == 0).is_some() {}
        return Some(Some(OsString::from_vec(path).into()));
    }
    Some(None)
}
