//! How often tarballs are fetched: counted in memory, written down every few seconds and at the end.
//!
//! A download is a `GET` of a whole tarball whose last byte was handed to the connection: no `HEAD`,
//! no `304`, no range, no transfer that broke off. Counting one costs a look into a map, and never
//! waits for the database. What `kill -9` or a loss of power takes is the counts of those seconds.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use claw_package::Digest;
use http_body::{Frame, SizeHint};
use tracing::error;

use crate::app::App;
use crate::db::downloads;
use crate::failure::{Failure, chain};

/// How often counts are written down.
pub(crate) const FLUSH_EVERY: Duration = Duration::from_secs(5);

/// Counts that wait to be written down.
#[derive(Debug)]
pub(crate) struct Downloads {
    waiting: Mutex<HashMap<Digest, u64>>,
    tarballs_max: usize,
}

impl Downloads {
    /// None yet, and never of more than `tarballs_max` different tarballs at once.
    pub(crate) fn new(tarballs_max: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            tarballs_max,
        }
    }

    /// Counts downloads of a tarball, unless those of too many others wait already.
    fn count(&self, tarball: Digest, downloads: u64) {
        let mut waiting = self.lock();
        if waiting.len() < self.tarballs_max || waiting.contains_key(&tarball) {
            *waiting.entry(tarball).or_insert(0) += downloads;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, u64>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes down what was counted, in one transaction. What can't be written waits on.
pub(crate) async fn flush(app: &App) {
    let counted = std::mem::take(&mut *app.downloads.lock());
    if counted.is_empty() {
        return;
    }
    match write(app, &counted).await {
        Ok(written) => {
            for (package, downloads) in written {
                app.search.count(&package, downloads);
            }
        }
        Err(failure) => {
            error!("downloads could not be written down: {}", chain(&failure));
            for (tarball, downloads) in counted {
                app.downloads.count(tarball, downloads);
            }
        }
    }
}

async fn write(
    app: &App,
    counted: &HashMap<Digest, u64>,
) -> Result<Vec<(claw_package::PackageName, u64)>, Failure> {
    let mut tx = app.db.begin_write().await?;
    let mut written = Vec::with_capacity(counted.len());
    for (tarball, count) in counted {
        let package = downloads::add(&mut tx, tarball, *count).await?;
        written.extend(package.map(|package| (package, *count)));
    }
    tx.commit().await?;
    Ok(written)
}

/// A tarball on its way to a client, counted when its last byte was taken.
#[derive(Debug)]
pub(crate) struct Counted {
    body: Body,
    left: u64,
    tarball: Digest,
    app: Arc<App>,
}

impl Counted {
    /// The `size` bytes of a tarball.
    pub(crate) fn new(app: Arc<App>, tarball: Digest, size: u64, body: Body) -> Self {
        Self {
            body,
            left: size,
            tarball,
            app,
        }
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
            && !data.is_empty()
        {
            self.left = self.left.saturating_sub(data.len() as u64);
            if self.left == 0 {
                self.app.downloads.count(self.tarball, 1);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_more_tarballs_than_the_bound_are_dropped() {
        let downloads = Downloads::new(2);
        for text in ["a", "b", "c", "a"] {
            downloads.count(Digest::of(text.as_bytes()), 1);
        }
        let waiting = downloads.lock();
        assert_eq!(waiting.get(&Digest::of(b"a")), Some(&2));
        assert_eq!(waiting.get(&Digest::of(b"b")), Some(&1));
        assert_eq!(waiting.len(), 2);
    }
}
