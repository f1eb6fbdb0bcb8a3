//! Hostile wrapping: bombs, further members, cuts, and every limit on size and number.

use proptest::prelude::*;

use super::*;
use crate::limits::*;

fn stopped(bytes: &[u8]) -> ReadError {
    read(bytes, &mut NoSink).expect_err("it was read")
}

#[test]
fn the_header_says_nothing_and_nothing_follows() {
    let good = packed().tarball;
    for (at, bytes) in [
        (2, &[0u8][..]),
        (3, &[1]),
        (3, &[2]),
        (3, &[4]),
        (3, &[8]),
        (3, &[16]),
        (3, &[0x80]),
        (4, &[1]),
        (7, &[1]),
        (8, &[1]),
        (9, &[11]),
    ] {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        assert!(matches!(stopped(&bad), ReadError::GzipHeader), "byte {at}");
    }
    let named = GzBuilder::new()
        .filename("x")
        .write(Vec::new(), Compression::fast())
        .finish()
        .unwrap();
    assert!(matches!(stopped(&named), ReadError::GzipHeader));
    for bytes in [&b"PK\x03\x04"[..], b"hello, world", &gunzip(&good)] {
        assert!(matches!(stopped(bytes), ReadError::NotGzip));
    }
    for tail in [&b"\0"[..], b"garbage", &gzip(b""), &good] {
        let longer = [&good, tail].concat();
        assert!(matches!(stopped(&longer), ReadError::AfterGzip));
    }
}

#[test]
fn a_cut_anywhere_is_noticed() {
    let good = packed().tarball;
    for length in 0..good.len() {
        let error = stopped(&good[..length]);
        assert!(matches!(error, ReadError::Truncated), "{length}: {error}");
    }
    let tar = gunzip(&good);
    for length in (0..tar.len()).step_by(64).chain([tar.len() - 1]) {
        let error = stopped(&gzip(&tar[..length]));
        let expected = matches!(error, ReadError::End) || length == 0;
        assert!(expected, "{length}: {error}");
    }
    for tail in [1, BLOCK, 10 * BLOCK] {
        assert!(matches!(
            stopped(&gzip(&[&tar[..], &vec![0; tail]].concat())),
            ReadError::End
        ));
    }
    let hidden = [&tar[..], &tar[..BLOCK]].concat();
    assert!(matches!(stopped(&gzip(&hidden)), ReadError::End));
    assert!(matches!(
        stopped(&gzip(&[0; 2 * BLOCK])),
        ReadError::Missing("skill.json")
    ));
}

#[test]
fn a_flipped_byte_is_never_the_same_package() {
    let good = packed();
    for at in 0..good.tarball.len() {
        let mut bad = good.tarball.clone();
        bad[at] ^= 1;
        if let Ok(package) = read(bad.as_slice(), &mut NoSink) {
            assert_ne!(package.tarball, good.tarball_digest);
            assert_eq!(package.content, good.content, "byte {at}");
        }
    }
    let mut bad = good.tarball.clone();
    let end = bad.len();
    for at in [end - 8, end - 1] {
        bad[at] ^= 1;
        assert!(matches!(stopped(&bad), ReadError::Corrupt));
        bad[at] ^= 1;
    }
}

#[test]
fn a_stream_cut_into_single_bytes_reads_the_same() {
    struct Slow<'a>(&'a [u8], bool);
    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }
    let good = packed();
    let package = read(Slow(&good.tarball, false), &mut NoSink).unwrap();
    assert_eq!(
        (package.tarball, package.content),
        (good.tarball_digest, good.content)
    );

    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    assert!(matches!(
        read(Broken, &mut NoSink),
        Err(ReadError::Source(_))
    ));
}

/// Bytes that do not compress, from a generator that is the same everywhere.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A package whose first entry is this asset.
fn with_asset(body: &[u8]) -> Vec<u8> {
    gzip(&tar(&[Raw::new("tidy-1.2.3/assets/x", body)]))
}

#[test]
fn packed_size_is_limited() {
    let over = with_asset(&noise(PACKED_BYTES_MAX as usize));
    assert!(over.len() as u64 > PACKED_BYTES_MAX);
    assert!(matches!(stopped(&over), ReadError::PackedTooLarge));
}

#[test]
fn unpacked_size_is_limited_whatever_the_header_says() {
    // Two parts in a hundred do not compress, so that the ratio is not what stops it.
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::fast());
    let asset = Raw::new("tidy-1.2.3/assets/x", b"")
        .with(124, format!("{:011o}\0", UNPACKED_BYTES_MAX).as_bytes());
    encoder.write_all(&asset.block).unwrap();
    let mut chunk = noise(20 * 1024);
    chunk.resize(1024 * 1024, 0);
    for _ in 0..=UNPACKED_BYTES_MAX / chunk.len() as u64 {
        encoder.write_all(&chunk).unwrap();
    }
    assert!(matches!(
        stopped(&encoder.finish().unwrap()),
        ReadError::UnpackedTooLarge
    ));
    let claimed = asset.with(124, format!("{:011o}\0", UNPACKED_BYTES_MAX + 1).as_bytes());
    assert_eq!(
        fault(read_raw(&[claimed])),
        EntryFault::TooLarge(UNPACKED_BYTES_MAX)
    );
}

#[test]
fn a_bomb_stops_early() {
    let bomb = with_asset(&vec![0; 64 * 1024 * 1024]);
    struct Counting<'a>(&'a [u8], usize);
    impl Read for Counting<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.0.read(buffer)?;
            self.1 += n;
            Ok(n)
        }
    }
    let mut counting = Counting(&bomb, 0);
    assert!(matches!(
        read(&mut counting, &mut NoSink),
        Err(ReadError::RatioTooHigh)
    ));
    assert!(counting.1 < bomb.len());
    // Blanks below the size where anybody looks are fine.
    assert!(
        read_with([Raw::new(
            "tidy-1.2.3/assets/blank",
            &vec![0; RATIO_FREE_BYTES as usize - 16 * BLOCK]
        )])
        .is_ok()
    );
}

#[test]
fn the_number_of_entries_is_limited() {
    let assets =
        |count: usize| (0..count).map(|n| Raw::new(&format!("tidy-1.2.3/assets/{n:06}"), b""));
    // Seven files and their three folders are there already.
    assert_eq!(
        read_with(assets(ENTRIES_MAX - 10)).unwrap().entries.len(),
        ENTRIES_MAX - 3
    );
    assert!(matches!(
        read_with(assets(ENTRIES_MAX - 9)),
        Err(ReadError::TooManyEntries)
    ));
    let million = gzip(&tar(&assets(100_000).collect::<Vec<_>>()));
    assert!(matches!(
        stopped(&million),
        ReadError::TooManyEntries | ReadError::RatioTooHigh
    ));
    // Folders count as well, named or not.
    let deep = (0..200).map(|n| Raw::new(&format!("tidy-1.2.3/assets/a{n:03}/b/c/d/e"), b""));
    assert!(matches!(read_with(deep), Err(ReadError::TooManyEntries)));
}

#[test]
fn files_that_are_kept_in_memory_are_limited_before_they_are_read() {
    for (path, most) in [
        ("SKILL.md", SKILL_MD_BYTES_MAX),
        ("skill.json", SKILL_JSON_BYTES_MAX),
        ("skill.wasm", COMPONENT_BYTES_MAX),
    ] {
        let claimed = |size: u64| {
            let size = format!("{size:011o}\0");
            Raw::new(&format!("tidy-1.2.3/{path}"), b"").with(124, size.as_bytes())
        };
        assert_eq!(
            fault(read_raw(&[claimed(most + 1)])),
            EntryFault::TooLarge(most)
        );
        assert!(matches!(read_raw(&[claimed(most)]), Err(ReadError::End)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_tar_makes_it_panic(changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6)) {
        let good = packed();
        let mut bytes = gunzip(&good.tarball);
        let before = bytes.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(package) = read(gzip(&bytes).as_slice(), &mut NoSink) {
            prop_assert_eq!(package.content == good.content, bytes == before);
        }
    }
}
