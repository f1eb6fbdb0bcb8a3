//! Checks a registry's folder from the ground up: every note against its digest, its keyset and its
//! rows, every index against the releases, every file against its name, every package against its
//! note.
//!
//! It changes nothing, and works beside a server: what is published while it runs is not a fault.
//! One fault never hides the others.

mod entries;
mod files;
mod index;

use std::collections::HashMap;
use std::fmt::Display;
use std::path::Path;

use claw_package::Digest;
use claw_trust::Origin;
use serde::Serialize;

use crate::db::{Connection, Database, DatabaseError, copies, registry, tokens};
use crate::failure::{Failure, chain};
use crate::storage::Storage;

/// What was looked at, and what was wrong.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// How many notes were checked.
    pub entries: u64,
    /// How many tarballs were checked against their releases.
    pub releases: u64,
    /// How many packages had their index checked.
    pub packages: u64,
    /// How many files were looked at, published and staged.
    pub files: u64,
    /// How many tarballs an interrupted backup has left for the next one.
    pub unfinished: u64,
    /// Everything that is wrong.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What it is about: `entry 3`, `blob sha256:…`, `index acme/x`.
    pub object: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Why a folder could not be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no registry, or none of this version.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The folders of the files can't be listed.
    #[error("could not list the files")]
    Files(#[source] Failure),
}

/// Checks the registry in `folder`. It is an error only if there is none, or none of this version.
pub async fn verify(folder: &Path) -> Result<Report, VerifyError> {
    let mut report = Report::default();
    let db = match Database::open_to_read(folder).await {
        Err(error @ DatabaseError::Sql(_)) => {
            report.fault("database", chain(&error));
            return Ok(report);
        }
        other => other?,
    };
    let storage = Storage::open(folder);
    // Before the database is read: what is linked and committed from now on is not missed there.
    let listed = files::list(&storage, &mut report)
        .await
        .map_err(VerifyError::Files)?;
    if let Err(error) = walk(&db, &storage, &mut report).await {
        report.fault("database", chain(&error));
    }
    // What a backup, or a restore, had copied for it when it was interrupted. There mostly is none.
    let draft = copies::open_file(&copies::draft(folder)).await.ok();
    files::check_published(&db, draft, &storage, listed, &mut report).await;
    files::check_staged(&storage, &mut report)
        .await
        .map_err(VerifyError::Files)?;
    db.close().await;
    Ok(report)
}

/// What the database says, all of it as it was at one moment.
async fn walk(db: &Database, storage: &Storage, report: &mut Report) -> Result<(), Failure> {
    for problem in db.check().await? {
        report.fault("database", problem);
    }
    let mut snapshot = db.begin_read().await?;
    let origin = registry::origin(&mut snapshot).await;
    let events = match report.found("database", origin)? {
        Some(origin) => entries::check(&mut snapshot, storage, &origin, report).await?,
        None => {
            report.fault("database", "it has no origin");
            Events::new()
        }
    };
    index::check(&mut snapshot, &events, report).await?;
    check_tokens(&mut snapshot, report).await?;
    Ok(())
}

async fn check_tokens(snapshot: &mut Connection, report: &mut Report) -> Result<(), Failure> {
    let rows = tokens::list(snapshot).await.map(Some);
    for row in report.found("tokens", rows)?.unwrap_or_default() {
        // A token whose digest was changed is found by no secret, or by the wrong one.
        if !tokens::is_found(snapshot, &row).await? {
            report.fault(
                format!("token {}", row.entry.id),
                "its digest and its selector differ",
            );
        }
    }
    Ok(())
}

impl Report {
    fn fault(&mut self, object: impl Display, problem: impl Display) {
        self.faults.push(Fault {
            object: object.to_string(),
            problem: problem.to_string(),
        });
    }

    /// Passes on what was read, turning a value that makes no sense into a fault and nothing.
    fn found<T>(
        &mut self,
        object: impl Display,
        read: Result<Option<T>, DatabaseError>,
    ) -> Result<Option<T>, Failure> {
        match read {
            Err(
                error @ (DatabaseError::Malformed { .. }
                | DatabaseError::Sql(sqlx::Error::ColumnDecode { .. })),
            ) => {
                self.fault(object, chain(&error));
                Ok(None)
            }
            other => Ok(other?),
        }
    }
}

/// By the entry of each release that has any: how many sound yanks and unyanks there are, and the
/// digest of the yank that stands.
type Events = HashMap<u64, (u64, Option<Digest>)>;

/// What every note is checked with.
struct Context<'a> {
    storage: &'a Storage,
    origin: &'a Origin,
}

#[cfg(test)]
mod tests;
