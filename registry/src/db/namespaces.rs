//! The namespaces that an administrator made.

use claw_package::Namespace;
use claw_registry_api::Timestamp;

use super::{Connection, DatabaseError, parsed, seconds};

/// Whether there is such a namespace.
pub async fn exists(connection: &mut Connection, name: &Namespace) -> Result<bool, DatabaseError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM namespaces WHERE name = $1")
        .bind(name.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

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

/// Every namespace, by name.
pub async fn list(connection: &mut Connection) -> Result<Vec<Namespace>, DatabaseError> {
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM namespaces ORDER BY name")
        .fetch_all(connection)
        .await?;
    names
        .into_iter()
        .map(|name| parsed("namespaces.name", name))
        .collect()
}
