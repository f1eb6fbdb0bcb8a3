//! Looks through the whole cache, for an operator who wants to know whether it holds.
//!
//! It loads nothing, makes nothing and mends nothing: it only counts, and checks each seal.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::key;
use super::seal::Sealed;
use crate::host::CacheConfig;

/// How many broken images are named; more of them say nothing new.
const BROKEN_MAX: usize = 20;

/// What is in the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheSurvey {
    /// Compiled images.
    pub images: u64,
    /// Their length, all together.
    pub bytes: u64,
    /// Images that no host would load, and what does not match in each.
    pub broken: Vec<(PathBuf, &'static str)>,
}

/// Reads every image and checks its seal. A cache that was never used is empty.
///
/// An error names the folder or the key when one of them can't be read.
pub fn survey(config: &CacheConfig) -> Result<CacheSurvey, (PathBuf, io::Error)> {
    let mut survey = CacheSurvey::default();
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    let folder = &config.directory;
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(survey),
        entries => entries.map_err(failed(folder))?,
    };
    let key = match key::load(&config.key_file) {
        Ok(key) => Some(key),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err((config.key_file.clone(), error)),
    };
    for entry in entries {
        let path = entry.map_err(failed(folder))?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "image")
        {
            continue;
        }
        let bytes = match fs::read(&path) {
            // Somebody has removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            bytes => bytes.map_err(failed(&path))?,
        };
        survey.images += 1;
        survey.bytes += bytes.len() as u64;
        let sealed = match &key {
            Some(key) => Sealed::read(key, &bytes),
            None => Err("the seal"),
        };
        let fault = match sealed {
            Ok(sealed)
                if path
                    .file_name()
                    .is_some_and(|name| *name == *sealed.file_name()) =>
            {
                continue;
            }
            Ok(_) => "its name",
            Err(fault) => fault,
        };
        if survey.broken.len() < BROKEN_MAX {
            survey.broken.push((path, fault));
        }
    }
    Ok(survey)
}
