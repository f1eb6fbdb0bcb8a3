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

/// Up to `count` packages by name, after the name `after`: each name as it stands there, and as what
/// it has to be.
pub async fn page(
    connection: &mut Connection,
    after: &str,
    count: u32,
) -> Result<Vec<(String, Result<PackageName, DatabaseError>)>, DatabaseError> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT name, namespace, visibility FROM packages WHERE name > $1 ORDER BY name LIMIT $2",
    )
    .bind(after)
    .bind(i64::from(count))
    .fetch_all(connection)
    .await?;
    let checked = rows.into_iter().map(|(name, namespace, visibility)| {
        let package = checked(&name, namespace, visibility);
        (name, package)
    });
    Ok(checked.collect())
}

fn checked(
    name: &str,
    namespace: String,
    visibility: String,
) -> Result<PackageName, DatabaseError> {
    let package: PackageName = parsed("packages.name", name.to_owned())?;
    let malformed = |column, value| DatabaseError::Malformed { column, value };
    if package.to_string() != name {
        return Err(malformed("packages.name", name.to_owned()));
    }
    if package.namespace().as_str() != namespace {
        return Err(malformed("packages.namespace", namespace));
    }
    if visibility != PUBLIC {
        return Err(malformed("packages.visibility", visibility));
    }
    Ok(package)
}
