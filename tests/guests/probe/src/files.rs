//! The filesystem as WASI has it, below the standard library: flags that no library would send, and errors as they come.

use crate::exports::acme::probe::probe::Opening;
use crate::wasi::filesystem::preopens::get_directories;
use crate::wasi::filesystem::types::{
    Descriptor, DescriptorFlags, ErrorCode, NewTimestamp, OpenFlags, PathFlags,
};

/// Runs `act` on the shown folder of the name `base`.
pub fn at<T>(
    base: &str,
    act: impl FnOnce(&Descriptor) -> Result<T, ErrorCode>,
) -> Result<T, String> {
    let folders = get_directories();
    let (folder, _) = folders
        .iter()
        .find(|(_, name)| name == base)
        .ok_or_else(|| format!("no folder `{base}` is shown"))?;
    act(folder).map_err(|code| code.name().to_owned())
}

/// The names of all shown folders.
pub fn folders() -> Vec<String> {
    get_directories()
        .into_iter()
        .map(|(_, name)| name)
        .collect()
}

/// The names in a folder, sorted.
pub fn names(path: &str) -> Result<Vec<String>, String> {
    let entries = std::fs::read_dir(path).map_err(|error| error.to_string())?;
    let mut names = entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>, std::io::Error>>()
        .map_err(|error| error.to_string())?;
    names.sort();
    Ok(names)
}

/// `symlink-follow` or nothing.
pub fn path_flags(follow: bool) -> PathFlags {
    if follow {
        PathFlags::SYMLINK_FOLLOW
    } else {
        PathFlags::empty()
    }
}

/// Opens and, where there is a text, writes it at the start.
pub fn open(base: &str, path: &str, how: &Opening, text: &str) -> Result<(), String> {
    let mut open_flags = OpenFlags::empty();
    open_flags.set(OpenFlags::CREATE, how.create);
    open_flags.set(OpenFlags::EXCLUSIVE, how.exclusive);
    open_flags.set(OpenFlags::TRUNCATE, how.truncate);
    open_flags.set(OpenFlags::DIRECTORY, how.directory);
    let mut flags = DescriptorFlags::empty();
    flags.set(DescriptorFlags::READ, how.read);
    flags.set(DescriptorFlags::WRITE, how.write);
    flags.set(DescriptorFlags::MUTATE_DIRECTORY, how.mutate);
    at(base, |folder| {
        let file = folder.open_at(path_flags(how.follow), path, open_flags, flags)?;
        if !text.is_empty() {
            file.write(text.as_bytes(), 0)?;
        }
        Ok(())
    })
}

/// The kind and size, as `kind size`.
pub fn stat(base: &str, path: &str, follow: bool) -> Result<String, String> {
    at(base, |folder| {
        let stat = folder.stat_at(path_flags(follow), path)?;
        Ok(format!("{:?} {}", stat.type_, stat.size))
    })
}

/// Sets both times to now.
pub fn touch(base: &str, path: &str, follow: bool) -> Result<(), String> {
    at(base, |folder| {
        folder.set_times_at(
            path_flags(follow),
            path,
            NewTimestamp::Now,
            NewTimestamp::Now,
        )
    })
}

/// Opens a file for writing, made anew where it is not there.
fn writable(folder: &Descriptor, path: &str) -> Result<Descriptor, ErrorCode> {
    folder.open_at(
        PathFlags::empty(),
        path,
        OpenFlags::CREATE,
        DescriptorFlags::WRITE,
    )
}

/// Writes at any place of a file.
pub fn write_at(base: &str, path: &str, place: u64, text: &str) -> Result<(), String> {
    at(base, |folder| {
        writable(folder, path)?.write(text.as_bytes(), place)?;
        Ok(())
    })
}

/// Writes zeroes through a stream, however many it may take.
pub fn zeroes(base: &str, path: &str, count: u64) -> Result<(), String> {
    let file = at(base, |folder| writable(folder, path))?;
    let stream = file
        .write_via_stream(0)
        .map_err(|code| code.name().to_owned())?;
    stream
        .write_zeroes(count)
        .map_err(|error| error.to_string())?;
    stream.blocking_flush().map_err(|error| error.to_string())
}
