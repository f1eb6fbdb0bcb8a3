//! The packages: names that have at least one release.

use claw_package::PackageName;
use claw_registry_api::Timestamp;

use super::{Connection, DatabaseError, parsed, seconds};

/// The one visibility of this version. It is fixed by a package's first release.
const PUBLIC: &str = "public";

/// Adds the package unless it is there.
pub async fn ensure(
    connection: &mut Connection,
    name: &PackageName,
    created: Timestamp,
) -> Result<(), DatabaseError> {
    sqlx::query(
        "INSERT INTO packages (name, namespace, visibility, created) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO NOTHING",
    )
    .bind(name.to_string())
    .bind(name.namespace().to_string())
    .bind(PUBLIC)
    .bind(seconds(created))
    .execute(connection)
    .await?;
    Ok(())
}

/// Up to `count` packages by name, after the name `after`.
pub async fn page(
    connection: &mut Connection,
    after: &str,
    count: u32,
) -> Result<Vec<PackageName>, DatabaseError> {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT name FROM packages WHERE name > $1 ORDER BY name LIMIT $2")
            .bind(after)
            .bind(i64::from(count))
            .fetch_all(connection)
            .await?;
    names
        .into_iter()
        .map(|name| parsed("packages.name", name))
        .collect()
}
