//! What every request has at hand.

use std::sync::Arc;

use axum::http::HeaderValue;
use bytes::Bytes;
use claw_package::{Digest, PackageName};
use claw_trust::Origin;
use tokio::sync::Semaphore;

use crate::cache::{Cache, Weight};
use crate::crash::CrashPoint;
use crate::db::Database;
use crate::downloads::Downloads;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::rates::Rates;
use crate::search::Search;
use crate::storage::Storage;

/// Index files kept in memory: tens of thousands of packages.
const INDEX_CACHE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Notes, small tarballs, and the names of large ones, kept in memory.
const BLOB_CACHE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Tarballs up to this size are kept whole: finding, opening and reading such a file costs several
/// times what sending it does.
pub(crate) const WHOLE_BYTES_MAX: u64 = 128 * 1024;

/// A registry that serves.
#[derive(Debug)]
pub struct App {
    /// Its name in every note.
    pub origin: Origin,
    /// What is published.
    pub db: Database,
    /// The tarballs.
    pub storage: Storage,
    /// Where a test ends the process.
    pub crash: CrashPoint,
    /// What clients may ask of it.
    pub limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) rates: Rates,
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) index_files: Cache<PackageName, CachedIndex>,
    pub(crate) blobs: Cache<Digest, CachedBlob>,
    pub(crate) checks: Semaphore,
    pub(crate) uploads: Semaphore,
    pub(crate) searches: Semaphore,
    pub(crate) search: Search,
    pub(crate) downloads: Downloads,
}

/// An index file as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct CachedIndex {
    pub(crate) body: Bytes,
    pub(crate) etag: HeaderValue,
    pub(crate) modified: HeaderValue,
}

/// What is published under a digest. That never changes, so it is never forgotten for being old.
#[derive(Debug, Clone)]
pub(crate) enum CachedBlob {
    Note(Bytes),
    Tarball {
        size: u64,
        /// Its bytes, if there are no more than [`WHOLE_BYTES_MAX`].
        whole: Option<Bytes>,
    },
}

impl App {
    /// A registry over a database and a storage that belong together.
    pub fn new(
        origin: Origin,
        db: Database,
        storage: Storage,
        crash: CrashPoint,
        limits: Limits,
    ) -> Self {
        Self {
            origin,
            db,
            storage,
            crash,
            metrics: Metrics::new(),
            rates: Rates::new(&limits),
            requests: Arc::new(Semaphore::new(limits.requests)),
            index_files: Cache::new(INDEX_CACHE_BYTES_MAX),
            blobs: Cache::new(BLOB_CACHE_BYTES_MAX),
            checks: Semaphore::new(limits.checks),
            uploads: Semaphore::new(limits.uploads),
            searches: Semaphore::new(limits.searches),
            search: Search::default(),
            downloads: Downloads::new(limits.counted_tarballs),
            limits,
        }
    }
}

/// What a map takes for a key and a value beside their own bytes, roughly.
const ENTRY_BYTES: usize = 256;

impl Weight for CachedIndex {
    fn bytes(&self) -> usize {
        ENTRY_BYTES + self.body.len()
    }
}

impl Weight for CachedBlob {
    fn bytes(&self) -> usize {
        let held = match self {
            Self::Note(note) => note.len(),
            Self::Tarball { whole, .. } => whole.as_ref().map_or(0, Bytes::len),
        };
        ENTRY_BYTES + held
    }
}
