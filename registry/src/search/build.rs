//! Fills the search from the database, in the background after a start, and keeps it what the database
//! says when a package changes.
//!
//! Every state is put with the number of entries that the database had, so that it does not matter in
//! which order two of them arrive.

use std::collections::HashMap;

use claw_package::{Digest, NoSink, PackageName};
use tracing::{error, info};

use super::Document;
use crate::app::App;
use crate::db::summaries::Summary;
use crate::db::{Connection, DatabaseError, downloads, entries, packages, summaries};
use crate::failure::{Failure, chain};

/// Packages put at once.
const PAGE: u32 = 256;
/// Tarballs read between two commits.
const MISSING_PAGE: u32 = 64;

/// Puts every package, and says that searches can be answered.
pub(crate) async fn fill(app: &App) -> Result<(), Failure> {
    write_missing(app).await?;
    let mut snapshot = app.db.begin_read().await?;
    let entries = entries::count(&mut snapshot).await?;
    let (mut after, mut count) = (String::new(), 0);
    loop {
        let names = packages::page(&mut snapshot, &after, PAGE).await?;
        let Some((last, _)) = names.last() else {
            break;
        };
        let rows = downloads::between(&mut snapshot, &after, last).await?;
        after.clone_from(last);
        count += put_all(app, &mut snapshot, entries, &rows).await?;
    }
    drop(snapshot);
    app.search.set_ready();
    info!("{count} packages can be searched");
    Ok(())
}

/// Puts what stands of one package, after a commit that changed it and before that is answered.
///
/// The change itself stands whatever happens here: a search that is behind is logged, and right again
/// after the next change or start.
pub(crate) async fn refresh(app: &App, package: &PackageName) {
    let refreshed: Result<(), Failure> = async {
        let mut snapshot = app.db.begin_read().await?;
        let entries = entries::count(&mut snapshot).await?;
        let rows = downloads::of_package(&mut snapshot, package).await?;
        let newest = documents(&mut snapshot, newest(&rows).as_slice()).await?;
        let newest = newest.into_iter().next();
        app.search
            .put(package, entries, newest.map(|(_, document)| document));
        Ok(())
    }
    .await;
    if let Err(failure) = refreshed {
        error!(
            "the search still has the old state of `{package}`: {}",
            chain(&failure)
        );
    }
}

/// Puts the packages of these rows, which are whole, and answers how many.
async fn put_all(
    app: &App,
    snapshot: &mut Connection,
    entries: u64,
    rows: &[downloads::Row],
) -> Result<usize, DatabaseError> {
    let packages: Vec<_> = rows.chunk_by(|a, b| a.package == b.package).collect();
    let chosen: Vec<u64> = packages.iter().filter_map(|rows| newest(rows)).collect();
    let mut documents = documents(snapshot, &chosen).await?;
    for rows in &packages {
        let package = &rows[0].package;
        app.search.put(package, entries, documents.remove(package));
        app.search
            .count(package, rows.iter().map(|row| row.downloads).sum());
    }
    Ok(packages.len())
}

/// The entry of the release that is found: the highest version that is not yanked, and no
/// pre-release where there is another.
fn newest(rows: &[downloads::Row]) -> Option<u64> {
    let standing = rows.iter().filter(|row| !row.is_yanked);
    let newest = standing.max_by_key(|row| (!row.version.is_prerelease(), &row.version));
    newest.map(|row| row.entry)
}

async fn documents(
    snapshot: &mut Connection,
    entries: &[u64],
) -> Result<HashMap<PackageName, Document>, DatabaseError> {
    let rows = summaries::of_entries(snapshot, entries).await?;
    let documents = rows
        .into_iter()
        .map(|row| (row.package.clone(), Document::of(&row)));
    Ok(documents.collect())
}

/// Reads the packages of releases that an earlier version of this program took without writing down
/// their words. One that can't be read is not found by a search, and a fault that `verify` names.
async fn write_missing(app: &App) -> Result<(), Failure> {
    let (mut from, mut written) = (0, 0);
    loop {
        let mut reader = app.db.read().await?;
        let missing = summaries::missing(&mut reader, from, MISSING_PAGE).await?;
        drop(reader);
        let Some((last, _)) = missing.last() else {
            break;
        };
        from = last + 1;
        let mut read = Vec::new();
        for (entry, tarball) in missing {
            match summary(app, tarball).await {
                Ok(summary) => read.push((entry, summary)),
                Err(failure) => error!("`{tarball}` can't be searched: {}", chain(&failure)),
            }
        }
        let mut tx = app.db.begin_write().await?;
        for (entry, summary) in &read {
            summaries::insert(&mut tx, *entry, summary).await?;
        }
        tx.commit().await?;
        written += read.len();
    }
    if written > 0 {
        info!("read the packages of {written} releases for the search");
    }
    Ok(())
}

async fn summary(app: &App, tarball: Digest) -> Result<Summary, Failure> {
    let turn = app.checks.acquire().await.map_err(Failure::internal)?;
    let storage = app.storage.clone();
    let summary = tokio::task::spawn_blocking(move || {
        let file = storage.open_blob(&tarball)?;
        let package = claw_package::read(file, &mut NoSink)?;
        Ok::<_, Failure>(Summary::of(&package.skill))
    })
    .await??;
    drop(turn);
    Ok(summary)
}
