//! Packages: as they are sent, and from the inside, where the fuzzer need not hit a checksum.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use claw_package::limits::UNPACKED_BYTES_MAX;
use claw_package::{Measured, PackFile, PackSource, Sink, pack, read};
use flate2::{Compression, GzBuilder};

/// A block of a tar.
const BLOCK: usize = 512;

/// Where a header has its checksum.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Reads bytes as a package: after a zero as they are, else as the tar inside of one.
pub fn tarball(bytes: &[u8]) {
    match bytes.split_first() {
        Some((0, packed)) => check(packed),
        Some((_, tar)) => check(&gzip(&with_checksums(tar))),
        None => {}
    }
}

fn check(tarball: &[u8]) {
    let mut files = Files::default();
    let Ok(package) = read(tarball, &mut files) else {
        return;
    };
    assert_eq!(package.tarball, Measured::of(tarball));
    assert_eq!(package.component, Measured::of(&package.component_bytes));
    assert_eq!(package.manifest, Measured::of(&package.manifest_bytes));
    assert!(package.content.size <= UNPACKED_BYTES_MAX);
    let listed: Vec<_> = package.entries.iter().map(|entry| &entry.path).collect();
    assert!(
        listed
            .iter()
            .eq(files.taken.keys().collect::<Vec<_>>().iter())
    );

    // What was accepted can be packed again, into the same tar.
    let executable = |path: &str| {
        let entry = package.entries.iter().find(|entry| entry.path == path);
        entry.is_some_and(|entry| entry.executable)
    };
    let only_assets_run = package
        .entries
        .iter()
        .all(|entry| !entry.executable || entry.path.starts_with("assets/"));
    let component = files.taken.remove("skill.wasm").expect("it was read");
    files.taken.remove("skill.json");
    let source = PackSource {
        manifest: package.skill.manifest.clone(),
        component,
        toolchain: package.skill.toolchain.clone(),
        files: files
            .taken
            .into_iter()
            .map(|(path, bytes)| PackFile {
                executable: executable(&path),
                path,
                bytes,
            })
            .collect(),
    };
    let packed = pack(source).expect("what is read can be packed");
    // Folders may be named in an archive, and what is only shown may differ from what we would say.
    if files.folders == 0 && only_assets_run && packed.manifest == package.manifest {
        assert_eq!(packed.content, package.content);
    }
}

/// Keeps every file, and counts folders.
#[derive(Default)]
struct Files {
    taken: BTreeMap<String, Vec<u8>>,
    folders: usize,
}

impl Sink for Files {
    fn folder(&mut self, path: &str) -> io::Result<()> {
        check_path(path);
        self.folders += 1;
        Ok(())
    }

    fn file(&mut self, path: &str, size: u64, _: bool, body: &mut dyn Read) -> io::Result<()> {
        check_path(path);
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes)?;
        assert_eq!(bytes.len() as u64, size);
        assert!(self.taken.insert(path.to_owned(), bytes).is_none());
        Ok(())
    }
}

/// A path that a sink may join to a folder of its own.
fn check_path(path: &str) {
    assert!(!path.is_empty() && !path.contains(['\\', '\0', ':']));
    assert!(path.split('/').all(|name| !matches!(name, "" | "." | "..")));
}

/// Puts right the checksum of every block that says it is a header.
fn with_checksums(tar: &[u8]) -> Vec<u8> {
    let mut tar = tar.to_vec();
    for block in tar.chunks_exact_mut(BLOCK) {
        if &block[257..262] == b"ustar" {
            block[CHECKSUM].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    tar
}

fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::fast());
    encoder
        .write_all(tar)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
}
