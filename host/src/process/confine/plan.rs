//! What the helper is told about one child, and the bytes that carry it.
//!
//! The host writes it, the helper reads it from a file in memory. Whatever is in it was checked by the host:
//! the helper decides nothing, it only applies.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::Level;

/// One child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// How it is confined.
    pub(crate) level: Level,
    /// Whether nothing is run in the end: only that it could be is found out.
    pub(crate) is_probe: bool,
    /// The words of the command, the program's name first.
    pub(crate) argv: Vec<Vec<u8>>,
    /// `NAME=value`, all of them.
    pub(crate) environment: Vec<Vec<u8>>,
    /// Where it starts.
    pub(crate) folder: PathBuf,
    /// The folders of the workspace that it may use, a folder before those in it.
    pub(crate) granted: Vec<Granted>,
    /// Files and folders of the machine that programs need to start: only read.
    pub(crate) readable: Vec<PathBuf>,
    /// Links of the machine that lead to them, and what is in each.
    pub(crate) links: Vec<(PathBuf, PathBuf)>,
    /// What may be executed: the program, its loader, its helpers.
    pub(crate) executable: Vec<PathBuf>,
    /// Folders in the granted ones that no child sees.
    pub(crate) hidden: Vec<PathBuf>,
    /// The folder for temporary files, which at [`Level::Full`] is one in memory.
    pub(crate) temporary: PathBuf,
    /// Whether the program works on repositories: `.git` but for what decides what runs.
    pub(crate) keeps_repository: bool,
    /// What it may use.
    pub(crate) bounds: Bounds,
}

/// A folder of the workspace, as it was when it was granted to this child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) path: PathBuf,
    pub(crate) writable: bool,
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// What one child may use, with everything that it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Data of each process.
    pub(crate) memory_bytes: u64,
    /// Each file that is written, and all temporary ones together.
    pub(crate) file_bytes: u64,
    /// Processor time of each process.
    pub(crate) cpu_seconds: u64,
    /// Processes and threads at once.
    pub(crate) processes: u64,
    /// Open files of each process.
    pub(crate) files: u64,
}

impl Plan {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer(Vec::with_capacity(4096));
        writer.flag(self.level == Level::Full);
        writer.flag(self.is_probe);
        writer.list(&self.argv, |writer, word| writer.bytes(word));
        writer.list(&self.environment, |writer, word| writer.bytes(word));
        writer.path(&self.folder);
        writer.list(&self.granted, |writer, granted| {
            writer.path(&granted.path);
            writer.flag(granted.writable);
            writer.number(granted.device);
            writer.number(granted.inode);
        });
        writer.list(&self.readable, |writer, path| writer.path(path));
        writer.list(&self.links, |writer, (path, text)| {
            writer.path(path);
            writer.path(text);
        });
        writer.list(&self.executable, |writer, path| writer.path(path));
        writer.list(&self.hidden, |writer, path| writer.path(path));
        writer.path(&self.temporary);
        writer.flag(self.keeps_repository);
        let Bounds {
            memory_bytes,
            file_bytes,
            cpu_seconds,
            processes,
            files,
        } = self.bounds;
        for number in [memory_bytes, file_bytes, cpu_seconds, processes, files] {
            writer.number(number);
        }
        writer.0
    }

    /// None when the bytes are cut off or go on.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let plan = Plan {
            level: match reader.flag()? {
                true => Level::Full,
                false => Level::Basic,
            },
            is_probe: reader.flag()?,
            argv: reader.list(Reader::bytes)?,
            environment: reader.list(Reader::bytes)?,
            folder: reader.path()?,
            granted: reader.list(|reader| {
                Some(Granted {
                    path: reader.path()?,
                    writable: reader.flag()?,
                    device: reader.number()?,
                    inode: reader.number()?,
                })
            })?,
            readable: reader.list(Reader::path)?,
            links: reader.list(|reader| Some((reader.path()?, reader.path()?)))?,
            executable: reader.list(Reader::path)?,
            hidden: reader.list(Reader::path)?,
            temporary: reader.path()?,
            keeps_repository: reader.flag()?,
            bounds: Bounds {
                memory_bytes: reader.number()?,
                file_bytes: reader.number()?,
                cpu_seconds: reader.number()?,
                processes: reader.number()?,
                files: reader.number()?,
            },
        };
        reader.0.is_empty().then_some(plan)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.0.push(u8::from(flag));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn path(&mut self, path: &Path) {
        self.bytes(path.as_os_str().as_bytes());
    }

    fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.number(items.len() as u64);
        items.iter().for_each(|item| write(self, item));
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn flag(&mut self) -> Option<bool> {
        let (flag, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*flag != 0)
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes.to_vec())
    }

    fn path(&mut self) -> Option<PathBuf> {
        Some(OsString::from_vec(self.bytes()?).into())
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        (0..count).map(|_| read(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        let plan = Plan {
            level: Level::Full,
            is_probe: false,
            argv: vec![b"git".to_vec(), b"\xff".to_vec()],
            environment: vec![b"A=b".to_vec()],
            folder: "/w".into(),
            granted: vec![Granted {
                path: "/w".into(),
                writable: true,
                device: 1,
                inode: u64::MAX,
            }],
            readable: vec!["/usr/lib".into()],
            links: vec![("/lib".into(), "usr/lib".into())],
            executable: vec!["/usr/bin/git".into()],
            hidden: vec!["/w/home".into()],
            temporary: "/tmp".into(),
            keeps_repository: true,
            bounds: Bounds {
                memory_bytes: 1,
                file_bytes: 2,
                cpu_seconds: 3,
                processes: 4,
                files: 5,
            },
        };
        let mut bytes = plan.to_bytes();
        assert_eq!(Plan::parse(&bytes), Some(plan));
        for length in 0..bytes.len() {
            assert_eq!(Plan::parse(&bytes[..length]), None, "{length}");
        }
        bytes.push(0);
        assert_eq!(Plan::parse(&bytes), None);
    }
}
