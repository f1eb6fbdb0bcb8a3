//! A part of a file, a page at a time, as fast as somebody takes it.
//!
//! What the operating system has in its memory is copied at once, on the thread that sends it. Only what
//! has to come from the disk is read on a thread that may wait. Nothing is read before it is asked for.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

/// How much is read at once, which is also what one client has in memory.
const PAGE_BYTES: u64 = 256 * 1024;

/// What is left of a part of a file.
pub(super) struct Pages {
    file: Arc<File>,
    left: Range<u64>,
    /// Used again once the page that was made of it has been sent.
    buffer: BytesMut,
}

impl Pages {
    pub(super) fn new(file: File, part: Range<u64>) -> Self {
        Self {
            file: Arc::new(file),
            left: part,
            buffer: BytesMut::new(),
        }
    }

    /// The next bytes, none when all have been given. A file that ends before the part does is an error.
    pub(super) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let length = self.left.end.saturating_sub(self.left.start);
        if length == 0 {
            return Ok(None);
        }
        let length = usize::try_from(length.min(PAGE_BYTES)).unwrap_or_default();
        let at = self.left.start;
        self.buffer.resize(length, 0);
        let page = match at_hand(&self.file, &mut self.buffer, at) {
            Some(read) => self.buffer.split_to(read).freeze(),
            None => {
                let (file, mut page) = (Arc::clone(&self.file), self.buffer.split());
                let read = move || file.read_exact_at(&mut page, at).map(|()| page.freeze());
                tokio::task::spawn_blocking(read).await??
            }
        };
        self.left.start += page.len() as u64;
        Ok(Some(page))
    }
}

/// Reads what is in memory already and says how much that was: none when somebody would have to wait,
/// or nobody can tell.
#[cfg(target_os = "linux")]
fn at_hand(file: &File, buffer: &mut [u8], at: u64) -> Option<usize> {
    use rustix::io::{ReadWriteFlags, preadv2};
    let buffer = &mut [io::IoSliceMut::new(buffer)];
    // Whatever is wrong is said by the read that may wait.
    let read = preadv2(file, buffer, at, ReadWriteFlags::NOWAIT);
    read.ok().filter(|read| *read > 0)
}

#[cfg(not(target_os = "linux"))]
fn at_hand(_file: &File, _buffer: &mut [u8], _at: u64) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    async fn all(mut pages: Pages) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(page) = pages.next().await? {
            assert!(page.len() as u64 <= PAGE_BYTES);
            all.extend_from_slice(&page);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn every_part_is_what_the_file_has_there() {
        let bytes: Vec<u8> = (0..3 * PAGE_BYTES as u32 + 5)
            .map(|n| n as u8 ^ (n >> 9) as u8)
            .collect();
        let length = bytes.len() as u64;
        for part in [
            0..0,
            0..1,
            7..length,
            PAGE_BYTES - 1..PAGE_BYTES + 1,
            0..length,
        ] {
            let found = all(Pages::new(file(&bytes), part.clone())).await.unwrap();
            assert!(
                found == bytes[part.start as usize..part.end as usize],
                "{part:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_file_that_ends_too_early_is_an_error() {
        let error = all(Pages::new(file(b"short"), 0..6)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn pages_that_are_kept_do_not_change() {
        let bytes: Vec<u8> = (0..2 * PAGE_BYTES)
            .map(|n| (n / PAGE_BYTES) as u8)
            .collect();
        let mut pages = Pages::new(file(&bytes), 0..2 * PAGE_BYTES);
        let first = pages.next().await.unwrap().unwrap();
        let second = pages.next().await.unwrap().unwrap();
        assert!(first.iter().all(|byte| *byte == 0) && second.iter().all(|byte| *byte == 1));
    }
}
