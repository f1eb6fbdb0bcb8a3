//! Packages made well, and every way to make one badly that the reader must name.

use std::io::{self, Read, Write};

use flate2::{Compression, GzBuilder};

use super::header::{BLOCK, Header, Kind};
use super::*;

mod entries;
mod gzip;
mod packing;
mod structure;

const COMPONENT: &str = r#"(component
    (core module $m (func (export "f")))
    (core instance $m (instantiate $m))
    (func $f (canon lift (core func $m "f")))
    (instance $things (export "run" (func $f)))
    (export "acme:tidy/things@0.1.0" (instance $things)))"#;

fn component() -> Vec<u8> {
    wat::parse_str(COMPONENT).unwrap()
}

fn manifest() -> Manifest {
    Manifest::from_skill_toml(
        "name = \"acme/tidy\"\nversion = \"1.2.3\"\ndescription = \"Keeps: \\\"things\\\" # tidy\"\nlicense = \"MIT\"\n",
    )
    .unwrap()
}

fn file(path: &str, bytes: &[u8]) -> PackFile {
    PackFile {
        path: path.into(),
        bytes: bytes.into(),
        executable: false,
    }
}

fn source(files: Vec<PackFile>) -> PackSource {
    let toolchain = Toolchain {
        compiler: "wat 1".into(),
        target: "wasm32-wasip2".into(),
        builder: "tests 1".into(),
    };
    PackSource {
        manifest: manifest(),
        component: component(),
        toolchain,
        files,
    }
}

/// A good package with a licence, a reference and two assets.
fn packed() -> Packed {
    let mut run = file("assets/bin/run", b"#!/bin/sh\n");
    run.executable = true;
    pack(source(vec![
        file("references/more.md", b"# More\n"),
        file("LICENSE", b"MIT\n"),
        file("assets/data", &[7; 600]),
        run,
    ]))
    .unwrap()
}

fn gunzip(tarball: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(tarball)
        .read_to_end(&mut tar)
        .unwrap();
    tar
}

fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::fast());
    encoder.write_all(tar).unwrap();
    encoder.finish().unwrap()
}

/// One entry, as raw as a hostile packer has it.
#[derive(Clone)]
struct Raw {
    block: [u8; BLOCK],
    body: Vec<u8>,
}

impl Raw {
    fn new(path: &str, body: &[u8]) -> Self {
        let kind = Kind::File { executable: false };
        let header = Header {
            path: path.into(),
            kind,
            size: body.len() as u64,
        };
        Self {
            block: header.encode().unwrap(),
            body: body.into(),
        }
    }

    fn folder(path: &str) -> Self {
        let header = Header {
            path: path.into(),
            kind: Kind::Folder,
            size: 0,
        };
        Self {
            block: header.encode().unwrap(),
            body: Vec::new(),
        }
    }

    /// Overwrites bytes of the header and makes the checksum fit.
    fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        self.block[at..at + bytes.len()].copy_from_slice(bytes);
        self.block[148..156].fill(b' ');
        let sum: u64 = self.block.iter().map(|b| u64::from(*b)).sum();
        self.block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self
    }

    /// Any bytes at all as the path.
    fn named(self, path: &[u8]) -> Self {
        let mut field = [0; 100];
        field[..path.len()].copy_from_slice(path);
        self.with(0, &field)
    }

    fn path(&self) -> String {
        Header::shown_path(&self.block)
    }
}

/// The entries of the good package.
fn entries() -> Vec<Raw> {
    let tar = gunzip(&packed().tarball);
    let mut rest = &tar[..tar.len() - 2 * BLOCK];
    let mut entries = Vec::new();
    while let Some((block, after)) = rest.split_first_chunk::<BLOCK>() {
        let size = Header::parse(block).unwrap().size as usize;
        entries.push(Raw {
            block: *block,
            body: after[..size].into(),
        });
        rest = &after[size.next_multiple_of(BLOCK)..];
    }
    entries
}

fn tar(entries: &[Raw]) -> Vec<u8> {
    let mut tar = Vec::new();
    for entry in entries {
        tar.extend_from_slice(&entry.block);
        tar.extend_from_slice(&entry.body);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    tar
}

/// Reads entries as they are.
fn read_raw(entries: &[Raw]) -> Result<Package, ReadError> {
    read(gzip(&tar(entries)).as_slice(), &mut NoSink)
}

/// Reads the good package with more entries, sorted by path as a careful attacker would.
fn read_with(more: impl IntoIterator<Item = Raw>) -> Result<Package, ReadError> {
    let mut all = entries();
    all.extend(more);
    all.sort_by_key(Raw::path);
    read_raw(&all)
}

/// The fault of the one entry that the reader names.
fn fault(result: Result<Package, ReadError>) -> EntryFault {
    match result {
        Err(ReadError::Entry { fault, .. }) => fault,
        other => panic!("no entry was named: {other:?}"),
    }
}

/// Keeps everything it is given.
#[derive(Default)]
struct Collected {
    folders: Vec<String>,
    files: Vec<(String, Vec<u8>, bool)>,
}

impl Sink for Collected {
    fn folder(&mut self, path: &str) -> io::Result<()> {
        self.folders.push(path.into());
        Ok(())
    }

    fn file(
        &mut self,
        path: &str,
        size: u64,
        executable: bool,
        body: &mut dyn Read,
    ) -> io::Result<()> {
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes)?;
        assert_eq!(bytes.len() as u64, size);
        self.files.push((path.into(), bytes, executable));
        Ok(())
    }
}
