//! The yanks and unyanks of each release, by their sequence.

use super::entries::Entry;
use super::{Connection, DatabaseError, counted, entries, signed, unsigned};

/// Adds the event that the entry `entry` holds.
pub async fn insert(
    connection: &mut Connection,
    entry: u64,
    release: u64,
    sequence: u64,
) -> Result<(), DatabaseError> {
    sqlx::query("INSERT INTO events (entry, release, sequence) VALUES ($1, $2, $3)")
        .bind(signed(entry))
        .bind(signed(release))
        .bind(signed(sequence))
        .execute(connection)
        .await?;
    Ok(())
}

/// How many events there are.
pub async fn count(connection: &mut Connection) -> Result<u64, DatabaseError> {
    counted(connection, "SELECT COUNT(*) FROM events").await
}

/// The note of the `sequence`-th event of a release.
pub async fn find(
    connection: &mut Connection,
    release: u64,
    sequence: u64,
) -> Result<Option<Entry>, DatabaseError> {
    let entry: Option<i64> =
        sqlx::query_scalar("SELECT entry FROM events WHERE release = $1 AND sequence = $2")
            .bind(signed(release))
            .bind(signed(sequence))
            .fetch_optional(&mut *connection)
            .await?;
    match entry {
        Some(entry) => entries::at(connection, unsigned("events.entry", entry)?).await,
        None => Ok(None),
    }
}

/// The release and the sequence of the event that the entry `entry` holds.
pub async fn of_entry(
    connection: &mut Connection,
    entry: u64,
) -> Result<Option<(u64, u64)>, DatabaseError> {
    let row: Option<(i64, i64)> =
        sqlx::query_as("SELECT release, sequence FROM events WHERE entry = $1")
            .bind(signed(entry))
            .fetch_optional(connection)
            .await?;
    row.map(|(release, sequence)| {
        Ok((
            unsigned("events.release", release)?,
            unsigned("events.sequence", sequence)?,
        ))
    })
    .transpose()
}
