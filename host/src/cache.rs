//! Compiled code, kept between processes and believed only under our own seal.
//!
//! Whoever can forge an image runs native code in this process. So each carries a keyed MAC over
//! itself, the component, the release note and the engine it is for, is read once into memory, and
//! is loaded from the very bytes that were checked. None is ever taken from a package.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use claw_trust::VerifiedComponent;
use wasmtime::Engine;

use crate::host::CacheConfig;

mod key;
pub(crate) mod load;
mod seal;
mod survey;

use seal::Sealed;
pub use survey::{CacheSurvey, survey};

/// Why the cache gave nothing.
#[derive(Debug)]
pub(crate) enum CacheError {
    /// What a file says of itself, or its seal, is not what it must be.
    Mismatch { file: PathBuf, what: &'static str },
    /// It could not be read or written.
    Io { path: PathBuf, source: io::Error },
}

/// The folder of images for one engine.
pub(crate) struct Cache {
    config: CacheConfig,
    engine: [u8; 32],
}

impl Cache {
    pub(crate) fn new(config: CacheConfig, engine: &Engine) -> Self {
        let mut hasher = StableHasher(blake3::Hasher::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self {
            config,
            engine: hasher.0.finalize().into(),
        }
    }

    /// The image of a component, when there is one and its seal holds.
    pub(crate) fn read(&self, component: &VerifiedComponent) -> Result<Option<Image>, CacheError> {
        let file = self.file(component);
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(CacheError::Io { path: file, source }),
        };
        let key = self.key()?;
        match self.sealed(component).check(&key, &bytes) {
            Ok(start) => Ok(Some(Image { bytes, start })),
            Err(what) => Err(CacheError::Mismatch { file, what }),
        }
    }

    /// Seals an image and puts it in place of an older one, all of it or nothing.
    pub(crate) fn write(
        &self,
        component: &VerifiedComponent,
        image: &[u8],
    ) -> Result<(), CacheError> {
        let file = self.file(component);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| CacheError::Io { path, source }
        };
        self.make_directory()
            .map_err(failed(&self.config.directory))?;
        let header = self.sealed(component).header(&self.key()?, image);
        replace(&file, &[&header, image]).map_err(failed(&file))
    }

    fn key(&self) -> Result<key::Key, CacheError> {
        key::load_or_create(&self.config.key_file).map_err(|source| CacheError::Io {
            path: self.config.key_file.clone(),
            source,
        })
    }

    fn sealed(&self, component: &VerifiedComponent) -> Sealed {
        Sealed {
            component: *component.digest().as_bytes(),
            note: component.note().map_or([0; 32], |note| *note.as_bytes()),
            engine: self.engine,
        }
    }

    /// One file for each component, note and engine, so that two releases of the same component do
    /// not push each other out.
    fn file(&self, component: &VerifiedComponent) -> PathBuf {
        let name = self.sealed(component).file_name();
        self.config.directory.join(name)
    }

    fn make_directory(&self) -> io::Result<()> {
        let directory = &self.config.directory;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
        let mut permissions = fs::metadata(directory)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o700);
            fs::set_permissions(directory, permissions)?;
        }
        Ok(())
    }
}

/// A checked image.
pub(crate) struct Image {
    bytes: Vec<u8>,
    start: usize,
}

impl Image {
    fn code(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// Writes a file that is there completely or not at all, also after a power loss.
fn replace(file: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let temporary = temporary_beside(file)?;
    let written = write_new(&temporary, parts).and_then(|()| fs::rename(&temporary, file));
    if written.is_err() {
        // What failed is the error to report.
        let _ = fs::remove_file(&temporary);
    }
    written.and_then(|()| sync_parent(file))
}

fn write_new(file: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    for part in parts {
        new.write_all(part)?;
    }
    new.sync_all()
}

fn temporary_beside(file: &Path) -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{:016x}.tmp", u64::from_le_bytes(random)));
    Ok(name.into())
}

fn sync_parent(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// Wasmtime's hash is meant for any hasher; this one gives the same answer in every process.
struct StableHasher(blake3::Hasher);

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0.finalize().as_bytes()[..8]);
        u64::from_le_bytes(first)
    }
}

#[cfg(test)]
mod tests;
