//! What `/index/<package>` answers, ready to be sent.

use claw_package::{Digest, PackageName};
use claw_registry_api::Timestamp;

use super::{Connection, DatabaseError, moment, parsed, seconds};

/// The index of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFile {
    /// One JSON line per release.
    pub body: String,
    /// The digest of the body.
    pub digest: Digest,
    /// When it last changed.
    pub modified: Timestamp,
}

/// The index of `package`.
pub async fn find(
    connection: &mut Connection,
    package: &PackageName,
) -> Result<Option<IndexFile>, DatabaseError> {
    let row: Option<(String, String, i64)> =
        sqlx::query_as("SELECT body, digest, modified FROM index_files WHERE package = $1")
            .bind(package.to_string())
            .fetch_optional(connection)
            .await?;
    row.map(|(body, digest, modified)| {
        Ok(IndexFile {
            body,
            digest: parsed("index_files.digest", digest)?,
            modified: moment("index_files.modified", modified)?,
        })
    })
    .transpose()
}

/// Puts `file` in the place of the index of `package`.
pub async fn replace(
    connection: &mut Connection,
    package: &PackageName,
    file: &IndexFile,
) -> Result<(), DatabaseError> {
    sqlx::query(
        "INSERT INTO index_files (package, body, digest, modified) VALUES ($1, $2, $3, $4)
         ON CONFLICT (package) DO UPDATE
         SET body = excluded.body, digest = excluded.digest, modified = excluded.modified",
    )
    .bind(package.to_string())
    .bind(&file.body)
    .bind(file.digest.to_string())
    .bind(seconds(file.modified))
    .execute(connection)
    .await?;
    Ok(())
}
