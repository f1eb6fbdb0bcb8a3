//! Which entry holds which keyset of a namespace.

use claw_package::Namespace;

use super::entries::Entry;
use super::{Connection, DatabaseError, counted, entries, signed, unsigned};

/// The entry of one keyset.
pub async fn entry(
    connection: &mut Connection,
    namespace: &Namespace,
    sequence: u64,
) -> Result<Option<Entry>, DatabaseError> {
    let index: Option<i64> =
        sqlx::query_scalar("SELECT entry FROM keysets WHERE namespace = $1 AND sequence = $2")
            .bind(namespace.to_string())
            .bind(signed(sequence))
            .fetch_optional(&mut *connection)
            .await?;
    match index {
        Some(index) => entries::at(connection, unsigned("keysets.entry", index)?).await,
        None => Ok(None),
    }
}

/// The note of the newest keyset, the one that signs from now on.
pub async fn current_note(
    connection: &mut Connection,
    namespace: &Namespace,
) -> Result<Option<String>, DatabaseError> {
    Ok(sqlx::query_scalar(
        r#"SELECT entries.note FROM keysets JOIN entries ON entries."index" = keysets.entry
           WHERE keysets.namespace = $1 ORDER BY keysets.sequence DESC LIMIT 1"#,
    )
    .bind(namespace.to_string())
    .fetch_optional(connection)
    .await?)
}

/// Adds the keyset that the entry `entry` holds.
pub async fn insert(
    connection: &mut Connection,
    namespace: &Namespace,
    sequence: u64,
    entry: u64,
) -> Result<(), DatabaseError> {
    sqlx::query("INSERT INTO keysets (namespace, sequence, entry) VALUES ($1, $2, $3)")
        .bind(namespace.to_string())
        .bind(signed(sequence))
        .bind(signed(entry))
        .execute(connection)
        .await?;
    Ok(())
}

/// How many keysets there are.
pub async fn count(connection: &mut Connection) -> Result<u64, DatabaseError> {
    counted(connection, "SELECT COUNT(*) FROM keysets").await
}

/// The namespace and sequence of the keyset that the entry `entry` holds.
pub async fn of_entry(
    connection: &mut Connection,
    entry: u64,
) -> Result<Option<(String, u64)>, DatabaseError> {
    let row: Option<(String, i64)> =
        sqlx::query_as("SELECT namespace, sequence FROM keysets WHERE entry = $1")
            .bind(signed(entry))
            .fetch_optional(connection)
            .await?;
    row.map(|(namespace, sequence)| Ok((namespace, unsigned("keysets.sequence", sequence)?)))
        .transpose()
}
