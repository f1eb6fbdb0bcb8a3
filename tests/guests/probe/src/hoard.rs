//! Takes and keeps more than any skill needs: files, timers, names, folders.

use std::fs::File;

use crate::files;
use crate::wasi::clocks::monotonic_clock::subscribe_duration;
use crate::wasi::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};

/// What was got of what was asked for, and why not more.
pub struct Got<T> {
    held: Vec<T>,
    end: Option<String>,
}

impl<T> Got<T> {
    /// How many there were, and why not more. Whatever was held is let go.
    pub fn said(self) -> (u32, Option<String>) {
        (u32::try_from(self.held.len()).unwrap_or(u32::MAX), self.end)
    }
}

/// Does it again and again, keeps what comes of it, and ends at the first error.
fn gather<T, E: ToString>(count: u32, mut act: impl FnMut(u32) -> Result<T, E>) -> Got<T> {
    let mut got = Got {
        held: Vec::new(),
        end: None,
    };
    for number in 0..count {
        match act(number) {
            Ok(one) => got.held.push(one),
            Err(error) => {
                got.end = Some(error.to_string());
                break;
            }
        }
    }
    got
}

/// The same file, opened so often.
pub fn files(path: &str, count: u32) -> Got<File> {
    gather(count, |_| File::open(path))
}

/// Timers that end in an hour.
pub fn timers(count: u32) -> u32 {
    let hour = 3_600_000_000_000;
    let held: Vec<_> = (0..count).map(|_| subscribe_duration(hour)).collect();
    u32::try_from(held.len()).unwrap_or(u32::MAX)
}

/// Empty files, closed at once.
pub fn make_files(folder: &str, count: u32) -> Got<()> {
    gather(count, |number| {
        File::create(format!("{folder}/{number}")).map(drop)
    })
}

/// Folders in folders, each reached from the one before it, so that no path is ever long.
pub fn nest_folders(base: &str, count: u32) -> (u32, Option<String>) {
    let mut inner: Option<Descriptor> = None;
    for number in 0..count {
        let made = match &inner {
            Some(folder) => deeper(folder).map_err(|code| code.name().to_owned()),
            None => files::at(base, deeper),
        };
        match made {
            Ok(folder) => inner = Some(folder),
            Err(error) => return (number, Some(error)),
        }
    }
    (count, None)
}

/// Makes one folder in another and opens it.
fn deeper(folder: &Descriptor) -> Result<Descriptor, crate::wasi::filesystem::types::ErrorCode> {
    folder.create_directory_at("d")?;
    let flags = DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY;
    folder.open_at(PathFlags::empty(), "d", OpenFlags::DIRECTORY, flags)
}
