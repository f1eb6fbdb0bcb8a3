//! Packages as tarballs: a deterministic packer and a strict streaming reader.
//!
//! ustar in one gzip member; regular files and folders below `name-version/`, sorted, without times
//! and owners. Whatever else an archive can hold is refused, naming the entry and the fault. Nothing
//! here writes a file: contents are streamed to a [`Sink`].

use std::io::{self, Read};

pub use error::{EntryFault, ReadError};
pub use packer::{PackError, pack};
pub use path::PathFault;
pub use reader::read;
pub use skill_md::SkillMdError;

use crate::component::ComponentInfo;
use crate::digest::Measured;
use crate::manifest::Manifest;
use crate::skill_json::{SkillJson, Toolchain};

mod error;
mod gunzip;
mod header;
mod packer;
mod path;
mod reader;
mod seen;
mod skill_md;

/// What a package is made from.
#[derive(Clone, Debug)]
pub struct PackSource {
    /// What the skill says of itself.
    pub manifest: Manifest,
    /// The component, as built.
    pub component: Vec<u8>,
    /// What built it.
    pub toolchain: Toolchain,
    /// Everything else: `SKILL.md`, `README.md`, `LICENSE*`, `references/**`, `assets/**`.
    pub files: Vec<PackFile>,
}

/// A file to pack.
#[derive(Clone, Debug)]
pub struct PackFile {
    /// Relative to the package, with `/` between names.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether it may be run. Kept for assets only.
    pub executable: bool,
}

/// A package as it is published.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The tarball itself.
    pub tarball: Vec<u8>,
    /// Its digest and size.
    pub tarball_digest: Measured,
    /// The tar inside it: the same wherever and by whatever compressor it was packed.
    pub content: Measured,
    /// `skill.wasm`.
    pub component: Measured,
    /// `skill.json`.
    pub manifest: Measured,
    /// What `skill.json` says.
    pub skill: SkillJson,
}

impl Packed {
    /// `name-version.tar.gz`
    pub fn file_name(&self) -> String {
        format!("{}.tar.gz", root(&self.skill.manifest))
    }
}

/// A package that was read whole and found good in itself. Who made it is another question.
#[derive(Clone, Debug)]
pub struct Package {
    /// What `skill.json` says.
    pub skill: SkillJson,
    /// The bytes of `skill.json`.
    pub manifest_bytes: Vec<u8>,
    /// The bytes of `skill.wasm`.
    pub component_bytes: Vec<u8>,
    /// What the component exports and imports.
    pub info: ComponentInfo,
    /// What was read.
    pub tarball: Measured,
    /// The tar inside it.
    pub content: Measured,
    /// `skill.wasm`.
    pub component: Measured,
    /// `skill.json`.
    pub manifest: Measured,
    /// Every file, in order.
    pub entries: Vec<EntryInfo>,
}

/// One file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryInfo {
    /// Relative to the package's root folder.
    pub path: String,
    /// How many bytes it has.
    pub size: u64,
    /// Whether it may be run.
    pub executable: bool,
}

/// Takes the files of a package as they are read.
///
/// Paths are relative to the package's root folder and checked: no `..`, no links, no two that a
/// file system holds for one. Folders come before what is in them, named in the archive or not.
pub trait Sink {
    /// Takes a folder.
    fn folder(&mut self, path: &str) -> io::Result<()>;

    /// Takes a file of exactly `size` bytes. What it leaves unread is skipped.
    fn file(
        &mut self,
        path: &str,
        size: u64,
        executable: bool,
        body: &mut dyn Read,
    ) -> io::Result<()>;
}

/// Takes nothing: for reading a package only to check it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSink;

impl Sink for NoSink {
    fn folder(&mut self, _path: &str) -> io::Result<()> {
        Ok(())
    }

    fn file(&mut self, _: &str, _: u64, _: bool, _: &mut dyn Read) -> io::Result<()> {
        Ok(())
    }
}

/// The folder that all entries are in, `name-version`.
fn root(manifest: &Manifest) -> String {
    format!("{}-{}", manifest.name.name(), manifest.version)
}

#[cfg(test)]
mod tests;
