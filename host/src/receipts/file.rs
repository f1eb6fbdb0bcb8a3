//! The file that receipts are appended to.
//!
//! One line, one write, at the end of the file whatever other processes write: nothing is lost to a
//! `kill -9`. It is never rewritten; when it is full it gets another name and a new one begins.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FlockOperation, flock};

use super::Receipt;

pub(super) const NAME: &str = "receipts.jsonl";
const LOCK: &str = "receipts.lock";

/// Some 15,000 receipts.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Full files that are kept. The oldest goes first.
pub(super) const FULL_FILES_MAX: u32 = 15;

/// Appends receipts to a folder. Any number of processes may do so at once.
#[derive(Debug)]
pub struct ReceiptLog {
    directory: PathBuf,
    file_bytes_max: u64,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// Whether the last line may be half of one, which the next must not become part of.
    is_torn: bool,
}

impl ReceiptLog {
    /// Opens the log, making its folder for nobody but the owner.
    pub fn open(directory: impl Into<PathBuf>) -> io::Result<Self> {
        Self::with_size(directory.into(), FILE_BYTES_MAX)
    }

    fn with_size(directory: PathBuf, file_bytes_max: u64) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)?;
        let open = Mutex::new(open(&directory)?);
        Ok(Self {
            directory,
            file_bytes_max,
            open,
        })
    }

    /// Appends one receipt. It is with the operating system when this returns.
    pub fn append(&self, receipt: &Receipt) -> io::Result<()> {
        let mut line = serde_json::to_vec(receipt)?;
        line.push(b'\n');
        let mut current = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if current.is_torn {
            *current = open(&self.directory)?;
        }
        let metadata = current.file.metadata()?;
        if metadata.len() >= self.file_bytes_max {
            self.rotate(&current.file)?;
            *current = open(&self.directory)?;
        } else if metadata.nlink() == 0 {
            // Somebody has removed it.
            *current = open(&self.directory)?;
        }
        match current.file.write(&line)? {
            written if written == line.len() => Ok(()),
            _ => {
                current.is_torn = true;
                Err(io::ErrorKind::StorageFull.into())
            }
        }
    }

    /// Makes room, unless another process has done it already.
    fn rotate(&self, full: &File) -> io::Result<()> {
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.directory.join(LOCK))?;
        flock(&lock, FlockOperation::LockExclusive)?;
        let current = self.directory.join(NAME);
        let ours = full.metadata()?;
        match fs::metadata(&current) {
            Ok(theirs) if (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()) => {}
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => return Ok(()),
        }
        for index in (1..FULL_FILES_MAX).rev() {
            match fs::rename(self.full(index), self.full(index + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(current, self.full(1))
    }

    fn full(&self, index: u32) -> PathBuf {
        self.directory.join(full_name(index))
    }
}

/// What a full file is called; the higher its index, the older it is.
pub(super) fn full_name(index: u32) -> String {
    format!("receipts.{index}.jsonl")
}

/// Opens the file. What a crash left unfinished becomes a line of its own.
fn open(directory: &Path) -> io::Result<Open> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(directory.join(NAME))?;
    if let Some(last) = file.metadata()?.len().checked_sub(1) {
        let mut byte = [0];
        if file.read_at(&mut byte, last)? == 1 && byte != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(Open {
        file,
        is_torn: false,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use claw_package::Digest;
    use tempfile::TempDir;

    use super::*;
    use crate::receipts::{Calls, now};

    pub(in crate::receipts) fn receipt(action: &str) -> Receipt {
        Receipt {
            v: 1,
            time: now(),
            skill: "acme/x".to_owned(),
            version: "1.0.0".to_owned(),
            component: Digest::of(b"c"),
            action: action.to_owned(),
            input: Digest::of(b"{}"),
            result: None,
            grants: Digest::of(b""),
            calls: Calls::default(),
            refused: BTreeMap::from([(claw_package::PermissionKind::FilesystemRead, 2)]),
            duration_us: 10,
            memory_bytes: 65536,
            outcome: "trap".to_owned(),
        }
    }

    fn lines(file: &Path) -> Vec<Receipt> {
        let text = fs::read_to_string(file).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_receipt_is_one_line_that_reads_back() {
        let home = TempDir::new().unwrap();
        let log = ReceiptLog::open(home.path().join("receipts")).unwrap();
        let receipts = [receipt("one\ntwo"), receipt("three")];
        receipts
            .iter()
            .for_each(|receipt| log.append(receipt).unwrap());
        assert_eq!(lines(&home.path().join("receipts").join(NAME)), receipts);
    }

    #[test]
    fn a_file_that_was_removed_begins_anew() {
        let home = TempDir::new().unwrap();
        let log = ReceiptLog::open(home.path()).unwrap();
        log.append(&receipt("one")).unwrap();
        fs::remove_file(home.path().join(NAME)).unwrap();
        log.append(&receipt("two")).unwrap();
        assert_eq!(lines(&home.path().join(NAME))[0].action, "two");
    }

    #[test]
    fn a_line_that_a_crash_cut_off_takes_no_other_with_it() {
        let home = TempDir::new().unwrap();
        fs::write(home.path().join(NAME), "{\"v\":1,").unwrap();
        for action in ["one", "two"] {
            let log = ReceiptLog::open(home.path()).unwrap();
            log.append(&receipt(action)).unwrap();
        }
        let text = fs::read_to_string(home.path().join(NAME)).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        let one: Receipt = serde_json::from_str(lines[1]).unwrap();
        assert_eq!(one.action, "one");
    }

    #[test]
    fn a_line_that_a_full_disk_cut_off_takes_no_other_with_it() {
        let home = TempDir::new().unwrap();
        let log = ReceiptLog::open(home.path()).unwrap();
        let mut current = log.open.lock().unwrap();
        current.file.write_all(b"{\"v\":1,").unwrap();
        current.is_torn = true;
        drop(current);
        for action in ["one", "two"] {
            log.append(&receipt(action)).unwrap();
        }
        let text = fs::read_to_string(home.path().join(NAME)).unwrap();
        let whole = text.lines().skip(1).map(serde_json::from_str::<Receipt>);
        let actions: Vec<_> = whole.map(|receipt| receipt.unwrap().action).collect();
        assert_eq!(actions, ["one", "two"]);
    }

    #[test]
    fn many_writers_lose_nothing_while_the_file_rotates() {
        let home = TempDir::new().unwrap();
        let open = || ReceiptLog::with_size(home.path().to_owned(), 20_000).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let log = open();
                    (0..50).for_each(|_| log.append(&receipt("x")).unwrap());
                });
            }
        });
        let files = fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let files: Vec<_> = files
            .filter(|file| file.extension().is_some_and(|e| e == "jsonl"))
            .collect();
        assert!(files.len() > 2, "{files:?}");
        assert_eq!(
            files.iter().map(|file| lines(file).len()).sum::<usize>(),
            200
        );
    }

    #[test]
    fn the_oldest_full_file_goes_first() {
        let home = TempDir::new().unwrap();
        let log = ReceiptLog::with_size(home.path().to_owned(), 1).unwrap();
        for index in 0..FULL_FILES_MAX + 3 {
            log.append(&receipt(&index.to_string())).unwrap();
        }
        let actions = |file| lines(&home.path().join(file))[0].action.clone();
        assert_eq!(actions(NAME.to_owned()), (FULL_FILES_MAX + 2).to_string());
        assert_eq!(actions(format!("receipts.{FULL_FILES_MAX}.jsonl")), "2");
        assert_eq!(
            fs::read_dir(home.path()).unwrap().count(),
            FULL_FILES_MAX as usize + 2
        );
    }
}
