//! What the registry is: its origin, given on the first start and never changed.

use claw_registry_api::Timestamp;
use claw_trust::Origin;

use super::{Connection, DatabaseError, parsed, seconds};

/// The origin, unless this is the first start.
pub async fn origin(connection: &mut Connection) -> Result<Option<Origin>, DatabaseError> {
    let row: Option<String> = sqlx::query_scalar("SELECT origin FROM registry WHERE one = 1")
        .fetch_optional(connection)
        .await?;
    row.map(|text| parsed("registry.origin", text)).transpose()
}

/// Writes the origin, once.
pub async fn insert(
    connection: &mut Connection,
    origin: &Origin,
    created: Timestamp,
) -> Result<(), DatabaseError> {
    sqlx::query("INSERT INTO registry (one, origin, created) VALUES (1, $1, $2)")
        .bind(origin.as_str())
        .bind(seconds(created))
        .execute(connection)
        .await?;
    Ok(())
}
