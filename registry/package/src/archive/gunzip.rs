//! One gzip member, inflated as it arrives, measured and limited on both sides.
//!
//! The header must say nothing (no name, time, comment or extra field), and nothing may follow the
//! member. Memory is one input buffer and the inflater's window, whatever the archive claims.

use std::io::{self, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::error::ReadError;
use crate::digest::{Hasher, Measured};
use crate::limits::{PACKED_BYTES_MAX, RATIO_FREE_BYTES, RATIO_MAX, UNPACKED_BYTES_MAX};

const BUFFER_BYTES: usize = 32 * 1024;

/// Magic, deflate, no flags, no time.
const HEADER: [u8; 8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0];
/// Extra flags: none said, best, fastest.
const LEVELS: [u8; 3] = [0, 2, 4];
/// Operating systems: Unix and unknown, which is what tools write that care.
const SYSTEMS: [u8; 2] = [3, 255];

/// Where in the member the reader is.
#[derive(PartialEq)]
enum Stage {
    Header,
    Body,
    Done,
}

/// The inside of a gzip member.
pub(super) struct Gunzip<R> {
    packed: Packed<R>,
    inflate: Decompress,
    crc: Crc,
    content: Hasher,
    unpacked: u64,
    stage: Stage,
}

impl<R: Read> Gunzip<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            packed: Packed::new(reader),
            inflate: Decompress::new(false),
            crc: Crc::new(),
            content: Hasher::new(),
            unpacked: 0,
            stage: Stage::Header,
        }
    }

    /// Fills a buffer as far as the member goes.
    pub(super) fn fill(&mut self, mut buffer: &mut [u8]) -> Result<usize, ReadError> {
        let wanted = buffer.len();
        while !buffer.is_empty() {
            match self.inflate_some(buffer)? {
                0 => break,
                n => buffer = &mut buffer[n..],
            }
        }
        Ok(wanted - buffer.len())
    }

    /// What was sent, and what was in it. Only after `fill` has come to the end.
    pub(super) fn measure(self) -> (Measured, Measured) {
        (self.packed.hasher.measure(), self.content.measure())
    }

    /// Inflates up to a buffer's worth. Nothing means the end, with everything checked.
    pub(super) fn inflate_some(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        if self.stage == Stage::Header {
            self.read_header()?;
            self.stage = Stage::Body;
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.stage == Stage::Body {
            let input = self.packed.peek()?;
            if input.is_empty() {
                return Err(ReadError::Truncated);
            }
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(input, buffer, FlushDecompress::None)
                .map_err(|_| ReadError::Corrupt)?;
            let consumed = (self.inflate.total_in() - before_in) as usize;
            let produced = (self.inflate.total_out() - before_out) as usize;
            self.packed.consume(consumed);
            self.crc.update(&buffer[..produced]);
            self.content.update(&buffer[..produced]);
            self.unpacked += produced as u64;
            self.check_limits()?;
            if status == Status::StreamEnd {
                self.read_trailer()?;
                self.stage = Stage::Done;
            } else if consumed == 0 && produced == 0 {
                return Err(ReadError::Corrupt);
            }
            if produced > 0 {
                return Ok(produced);
            }
        }
        Ok(0)
    }

    fn check_limits(&self) -> Result<(), ReadError> {
        if self.unpacked > UNPACKED_BYTES_MAX {
            return Err(ReadError::UnpackedTooLarge);
        }
        if self.unpacked > RATIO_FREE_BYTES && self.unpacked > self.packed.consumed * RATIO_MAX {
            return Err(ReadError::RatioTooHigh);
        }
        Ok(())
    }

    fn read_header(&mut self) -> Result<(), ReadError> {
        let magic: [u8; 2] = self.packed.take()?;
        if magic != HEADER[..2] {
            return Err(ReadError::NotGzip);
        }
        let rest: [u8; 8] = self.packed.take()?;
        let good =
            rest[..6] == HEADER[2..] && LEVELS.contains(&rest[6]) && SYSTEMS.contains(&rest[7]);
        if good {
            Ok(())
        } else {
            Err(ReadError::GzipHeader)
        }
    }

    fn read_trailer(&mut self) -> Result<(), ReadError> {
        let crc = u32::from_le_bytes(self.packed.take()?);
        let size = u32::from_le_bytes(self.packed.take()?);
        if crc != self.crc.sum() || size != self.crc.amount() {
            return Err(ReadError::Corrupt);
        }
        if self.packed.peek()?.is_empty() {
            Ok(())
        } else {
            Err(ReadError::AfterGzip)
        }
    }
}

/// The packed bytes: buffered, hashed, counted.
struct Packed<R> {
    reader: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    hasher: Hasher,
    read: u64,
    consumed: u64,
}

impl<R: Read> Packed<R> {
    fn new(reader: R) -> Self {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Self {
            reader,
            buffer,
            start: 0,
            end: 0,
            hasher: Hasher::new(),
            read: 0,
            consumed: 0,
        }
    }

    /// What is at hand; nothing at the end. Buffers are filled whole, so that limits fall at the
    /// same byte however the network cuts the stream.
    fn peek(&mut self) -> Result<&[u8], ReadError> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            while self.end < self.buffer.len() {
                match self.reader.read(&mut self.buffer[self.end..]) {
                    Ok(0) => break,
                    Ok(n) => self.end += n,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(ReadError::Source(error)),
                }
            }
            self.hasher.update(&self.buffer[..self.end]);
            self.read += self.end as u64;
            if self.read > PACKED_BYTES_MAX {
                return Err(ReadError::PackedTooLarge);
            }
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        self.consumed += bytes as u64;
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let mut taken = [0; N];
        for slot in &mut taken {
            *slot = *self.peek()?.first().ok_or(ReadError::Truncated)?;
            self.consume(1);
        }
        Ok(taken)
    }
}
