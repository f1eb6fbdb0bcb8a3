//! The namespaces that an administrator made.

use claw_package::Namespace;
use claw_registry_api::Timestamp;

use super::{Connection, DatabaseError, seconds};

/// Adds a namespace.
pub async fn insert(
    connection: &mut Connection,
    name: &Namespace,
    created: Timestamp,
) -> Result<(), DatabaseError> {
    sqlx::query("INSERT INTO namespaces (name, created) VALUES ($1, $2)")
        .bind(name.to_string())
        .bind(seconds(created))
        .execute(connection)
        .await?;
    Ok(())
}

/// The namespaces that have no keyset, by name.
pub async fn without_keyset(connection: &mut Connection) -> Result<Vec<String>, DatabaseError> {
    Ok(sqlx::query_scalar(
        "SELECT name FROM namespaces
         WHERE NOT EXISTS (SELECT 1 FROM keysets WHERE keysets.namespace = namespaces.name)
         ORDER BY name",
    )
    .fetch_all(connection)
    .await?)
}
