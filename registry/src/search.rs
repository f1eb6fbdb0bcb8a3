//! Finds packages by what they say of themselves: an index in memory of the newest release of each
//! package that is not yanked.
//!
//! It knows neither HTTP nor tables; `build` fills it from the database after the start, and a
//! publish or a yank brings its package up to date before it is answered. Until it is filled it
//! answers nothing, rather than a part. Nothing is decided by what it finds.

mod build;
mod document;
mod index;
mod terms;
mod words;

pub(crate) use build::{fill, refresh};
pub(crate) use document::Document;
pub(crate) use index::{Found, Question};

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use claw_package::PackageName;

use index::Index;

/// The index, for many readers and the writer that publishes.
#[derive(Debug, Default)]
pub(crate) struct Search {
    index: RwLock<Index>,
    is_ready: AtomicBool,
}

impl Search {
    /// Whether it holds all packages.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }

    /// What answers a question, the best first. It computes for up to milliseconds: callers in
    /// asynchronous code hand it to a thread that may.
    pub(crate) fn find(&self, question: &Question) -> Found {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.find(question)
    }

    /// Puts what stands of a package in the place of what stood when the database had `entries`
    /// entries; what was known of a later state stays.
    fn put(&self, package: &PackageName, entries: u64, newest: Option<Document>) {
        self.write(|index| index.put(package, entries, newest));
    }

    /// Adds to the downloads of a package.
    pub(crate) fn count(&self, package: &PackageName, downloads: u64) {
        self.write(|index| index.count(package, downloads));
    }

    fn set_ready(&self) {
        self.is_ready.store(true, Ordering::Release);
    }

    fn write(&self, change: impl FnOnce(&mut Index)) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut index);
    }
}
