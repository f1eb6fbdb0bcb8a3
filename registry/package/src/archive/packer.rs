//! The packer: the same component and files give the same tar bytes everywhere.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::{Compression, GzBuilder};

use super::error::{EntryFault, ReadError};
use super::header::{BLOCK, Header, Kind};
use super::{NoSink, PackSource, Packed, path, read, skill_md};
use crate::component::{ComponentError, check_imports, decode};
use crate::skill_json::SkillJson;

/// Why a package cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A component that is not one, or imports what the manifest does not ask for.
    #[error("the component cannot be packed")]
    Component(#[from] ComponentError),
    /// A component that does nothing.
    #[error("the component exports no function: there is no action to call")]
    NoActions,
    /// A file that the packer writes itself.
    #[error("`{0}` is written when packing; leave it out")]
    Ours(String),
    /// A file where a package has none, or with a path that some platform reads otherwise.
    #[error("`{path}` cannot be packed: {fault}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        fault: EntryFault,
    },
    /// The same path twice.
    #[error("`{0}` is given twice")]
    Duplicate(String),
    /// The reader refuses what was packed.
    #[error("the package would not be accepted")]
    Refused(#[source] ReadError),
}

/// Packs a skill: derives `skill.json`, writes `SKILL.md` where there is none, and reads the result
/// back with the strict reader, so that what it returns is what every reader accepts.
pub fn pack(source: PackSource) -> Result<Packed, PackError> {
    let PackSource {
        manifest,
        component,
        toolchain,
        files,
    } = source;
    let info = decode(&component)?;
    check_imports(&info.imports, &manifest.permissions)?;
    if info.actions.is_empty() {
        return Err(PackError::NoActions);
    }
    let root = super::root(&manifest);
    let skill = SkillJson::new(manifest, &info, toolchain);

    let mut contents: BTreeMap<String, (Vec<u8>, bool)> = BTreeMap::new();
    for file in files {
        if matches!(file.path.as_str(), "skill.json" | "skill.wasm") {
            return Err(PackError::Ours(file.path));
        }
        let fault = match path::check(&format!("{root}/{}", file.path)) {
            Err(fault) => Some(EntryFault::Path(fault)),
            Ok(()) if !path::is_file_place(&file.path) => Some(EntryFault::Place),
            Ok(()) => None,
        };
        if let Some(fault) = fault {
            return Err(PackError::File {
                path: file.path,
                fault,
            });
        }
        // Only assets can be meant to run; the rest is the same whatever file system it came from.
        let executable = file.executable && file.path.starts_with("assets/");
        if contents
            .insert(file.path.clone(), (file.bytes, executable))
            .is_some()
        {
            return Err(PackError::Duplicate(file.path));
        }
    }
    contents.entry("SKILL.md".into()).or_insert_with(|| {
        (
            skill_md::write(&skill.manifest, &skill.derived.actions).into_bytes(),
            false,
        )
    });
    contents.insert("skill.json".into(), (skill.to_bytes(), false));
    contents.insert("skill.wasm".into(), (component, false));

    let tarball = gzip(&tar(&root, &contents)?);
    drop(contents);
    let package = read(tarball.as_slice(), &mut NoSink).map_err(PackError::Refused)?;
    Ok(Packed {
        tarball_digest: package.tarball,
        tarball,
        content: package.content,
        component: package.component,
        manifest: package.manifest,
        skill: package.skill,
    })
}

fn tar(root: &str, contents: &BTreeMap<String, (Vec<u8>, bool)>) -> Result<Vec<u8>, PackError> {
    let mut tar = Vec::new();
    for (path, (bytes, executable)) in contents {
        let kind = Kind::File {
            executable: *executable,
        };
        let header = Header {
            path: format!("{root}/{path}"),
            kind,
            size: bytes.len() as u64,
        };
        let block = header.encode().ok_or_else(|| {
            let fault = EntryFault::Path(path::PathFault::TooLong);
            PackError::File {
                path: path.clone(),
                fault,
            }
        })?;
        tar.extend_from_slice(&block);
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    Ok(tar)
}

fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    encoder
        .write_all(tar)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
}
