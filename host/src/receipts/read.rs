//! Reads receipts back, the oldest first, holding one line of them at a time.
//!
//! It changes nothing, keeps no writer waiting, and never fails for what is in a line: one that is
//! no receipt, as a crash may have left it, is counted and passed over.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Receipt;
use super::file::{FULL_FILES_MAX, NAME, full_name};

/// Far longer than any receipt, whatever an action was called.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// The only version of receipts there is.
const VERSION: u32 = 1;

/// All receipts of a folder that were there when it was opened.
#[derive(Debug)]
pub struct ReceiptReader {
    /// The newest first.
    files: Vec<File>,
    current: Option<BufReader<File>>,
    unreadable: u64,
}

impl ReceiptReader {
    /// Opens every file of the log. A folder that does not exist has no receipts.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        let mut seen = HashSet::new();
        let full = (1..=FULL_FILES_MAX).map(full_name);
        // The newest first: a rotation meanwhile gives a file an older name, under which it is met
        // again, and takes none away.
        for name in std::iter::once(NAME.to_owned()).chain(full) {
            let file = match File::open(directory.join(name)) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let metadata = file.metadata()?;
            if seen.insert((metadata.dev(), metadata.ino())) {
                files.push(file);
            }
        }
        Ok(Self {
            files,
            current: None,
            unreadable: 0,
        })
    }

    /// Lines so far that were no receipts.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// The next line without its end, or none after the last; empty where it was too long.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let Some(current) = &mut self.current else {
                match self.files.pop() {
                    Some(file) => self.current = Some(BufReader::new(file)),
                    None => return Ok(None),
                }
                continue;
            };
            let mut line = Vec::new();
            current
                .by_ref()
                .take(LINE_BYTES_MAX)
                .read_until(b'\n', &mut line)?;
            if line.is_empty() {
                self.current = None;
                continue;
            }
            if line.last() != Some(&b'\n') && line.len() as u64 == LINE_BYTES_MAX {
                current.skip_until(b'\n')?;
                line.clear();
            }
            return Ok(Some(line));
        }
    }
}

impl Iterator for ReceiptReader {
    type Item = io::Result<Receipt>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.line() {
                Ok(line) => line?,
                Err(error) => return Some(Err(error)),
            };
            match serde_json::from_slice::<Receipt>(&line) {
                Ok(receipt) if receipt.v == VERSION => return Some(Ok(receipt)),
                _ => self.unreadable += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::receipts::file::tests::receipt;

    fn write(home: &TempDir, file: &str, actions: &[&str], end: &[u8]) {
        let mut text = Vec::new();
        for action in actions {
            serde_json::to_writer(&mut text, &receipt(action)).unwrap();
            text.push(b'\n');
        }
        text.extend_from_slice(end);
        fs::write(home.path().join(file), text).unwrap();
    }

    fn actions(reader: &mut ReceiptReader) -> Vec<String> {
        reader.map(|receipt| receipt.unwrap().action).collect()
    }

    #[test]
    fn all_files_are_read_the_oldest_first() {
        let home = TempDir::new().unwrap();
        write(&home, "receipts.jsonl", &["e", "f"], b"");
        write(&home, "receipts.1.jsonl", &["c", "d"], b"");
        write(&home, "receipts.10.jsonl", &["a"], b"");
        write(&home, "receipts.2.jsonl", &["b"], b"");
        write(&home, "receipts.16.jsonl", &["not one of them"], b"");
        let mut reader = ReceiptReader::open(home.path()).unwrap();
        assert_eq!(actions(&mut reader), ["a", "b", "c", "d", "e", "f"]);
        assert_eq!(reader.unreadable(), 0);
    }

    #[test]
    fn what_is_no_receipt_is_counted_and_passed_over() {
        let home = TempDir::new().unwrap();
        let mut long = vec![b'x'; LINE_BYTES_MAX as usize + 10];
        long.push(b'\n');
        write(&home, "receipts.2.jsonl", &["a"], b"{\"v\":1,\"time\":\n\n");
        write(&home, "receipts.1.jsonl", &[], &long);
        let mut other = serde_json::to_vec(&receipt("of another version")).unwrap();
        other[5] = b'2';
        assert!(other.starts_with(b"{\"v\":2,"));
        write(&home, "receipts.jsonl", &["b"], &other);
        let mut reader = ReceiptReader::open(home.path()).unwrap();
        assert_eq!(actions(&mut reader), ["a", "b"]);
        assert_eq!(reader.unreadable(), 4);
    }

    #[test]
    fn no_folder_has_no_receipts() {
        let home = TempDir::new().unwrap();
        let mut reader = ReceiptReader::open(&home.path().join("none")).unwrap();
        assert!(reader.next().is_none());
    }

    #[test]
    fn a_rotation_meanwhile_loses_and_repeats_nothing() {
        let home = TempDir::new().unwrap();
        write(&home, "receipts.jsonl", &["b"], b"");
        // What a reader sees that has opened the newest file just before it was moved.
        fs::hard_link(
            home.path().join("receipts.jsonl"),
            home.path().join("receipts.1.jsonl"),
        )
        .unwrap();
        write(&home, "receipts.2.jsonl", &["a"], b"");
        let mut reader = ReceiptReader::open(home.path()).unwrap();
        assert_eq!(actions(&mut reader), ["a", "b"]);
    }
}
