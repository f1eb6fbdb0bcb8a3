//! A bounded memory of what was read from the database, for the paths that everybody reads.
//!
//! It never answers what a commit has changed: whoever changes something forgets it here after the
//! commit and before the answer, and a reader that looked into the database before that moment
//! cannot put what it saw here after it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values by key, the least recently used half dropped whenever the other half is full.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    inner: Mutex<Inner<K, V>>,
    half_bytes_max: usize,
}

#[derive(Debug)]
struct Inner<K, V> {
    recent: HashMap<K, V>,
    recent_bytes: usize,
    older: HashMap<K, V>,
    changes: u64,
}

/// How many changes a reader knew of when it began to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen(u64);

/// How much of the bound a value takes.
pub(crate) trait Weight {
    /// About its size in memory.
    fn bytes(&self) -> usize;
}

impl<K: Eq + Hash, V: Clone + Weight> Cache<K, V> {
    /// An empty one that holds up to about `bytes_max`.
    pub(crate) fn new(bytes_max: usize) -> Self {
        let (recent, older) = (HashMap::new(), HashMap::new());
        let inner = Inner {
            recent,
            recent_bytes: 0,
            older,
            changes: 0,
        };
        Self {
            inner: Mutex::new(inner),
            half_bytes_max: bytes_max / 2,
        }
    }

    /// The value, or what to hand [`Cache::insert`] with one read from now on.
    pub(crate) fn get(&self, key: &K) -> Result<V, Seen>
    where
        K: Clone,
    {
        let mut inner = self.lock();
        if let Some(value) = inner.recent.get(key) {
            return Ok(value.clone());
        }
        match inner.older.remove(key) {
            Some(value) => {
                self.put(&mut inner, key.clone(), value.clone());
                Ok(value)
            }
            None => Err(Seen(inner.changes)),
        }
    }

    /// Keeps a value, unless something was forgotten since the reader began.
    pub(crate) fn insert(&self, key: K, value: V, seen: Seen) {
        let mut inner = self.lock();
        if inner.changes == seen.0 {
            self.put(&mut inner, key, value);
        }
    }

    /// Drops what a commit has changed.
    pub(crate) fn forget(&self, key: &K) {
        let mut inner = self.lock();
        inner.changes += 1;
        inner.older.remove(key);
        if let Some(value) = inner.recent.remove(key) {
            inner.recent_bytes -= value.bytes();
        }
    }

    fn put(&self, inner: &mut Inner<K, V>, key: K, value: V) {
        let bytes = value.bytes();
        if bytes > self.half_bytes_max {
            return;
        }
        if inner.recent_bytes + bytes > self.half_bytes_max {
            inner.older = std::mem::take(&mut inner.recent);
            inner.recent_bytes = 0;
        }
        inner.recent_bytes += bytes;
        if let Some(replaced) = inner.recent.insert(key, value) {
            inner.recent_bytes -= replaced.bytes();
        }
    }

    /// No operation here can leave the maps half-changed, so a panic elsewhere does not spoil them.
    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weight for &'static str {
        fn bytes(&self) -> usize {
            self.len()
        }
    }

    fn fill(cache: &Cache<u32, &'static str>, key: u32, value: &'static str) {
        let Err(seen) = cache.get(&key) else {
            panic!("{key} is there")
        };
        cache.insert(key, value, seen);
    }

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let cache = Cache::new(8);
        fill(&cache, 1, "one");
        for key in 2..20 {
            fill(&cache, key, "two");
            assert_eq!(cache.get(&1).unwrap(), "one");
        }
        assert!(cache.get(&2).is_err());
        assert!(cache.get(&19).is_ok());
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let cache = Cache::new(100);
        let Err(seen) = cache.get(&1) else {
            panic!("it is empty")
        };
        cache.forget(&1);
        cache.insert(1, "stale", seen);
        assert!(cache.get(&1).is_err());
        fill(&cache, 1, "fresh");
        assert_eq!(cache.get(&1).unwrap(), "fresh");
        cache.forget(&1);
        assert!(cache.get(&1).is_err());
    }

    #[test]
    fn what_is_larger_than_the_cache_is_not_kept() {
        let cache = Cache::new(8);
        fill(&cache, 1, "longer than four");
        assert!(cache.get(&1).is_err());
    }
}
