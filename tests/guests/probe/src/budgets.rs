//! Files again and again: what a budget ends, and what is measured. What was reached is part of the error.

use std::fs::OpenOptions;
use std::io::Write;

use crate::files;
use crate::wasi::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};

/// One file, written over again and again.
pub fn rewrite(path: &str, text: &str, times: u32) -> Result<(), String> {
    for _ in 0..times {
        let file = OpenOptions::new().write(true).open(path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// All names of a shown folder's folder, again and again, without the look at each that a standard library takes.
pub fn count_names(path: &str, times: u32) -> Result<u64, String> {
    let mut names = 0u64;
    let counted = files::at(".", |shown| {
        let flags = (OpenFlags::DIRECTORY, DescriptorFlags::READ);
        let folder = shown.open_at(PathFlags::empty(), path, flags.0, flags.1)?;
        for _ in 0..times {
            let listing = folder.read_directory()?;
            while listing.read_directory_entry()?.is_some() {
                names += 1;
            }
        }
        Ok(())
    });
    counted
        .map(|()| names)
        .map_err(|error| format!("after {names}: {error}"))
}
