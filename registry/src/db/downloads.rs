//! How often the tarballs of releases were fetched.

use claw_package::{Digest, PackageName, Version};

use super::{Connection, DatabaseError, parsed, signed, unsigned};

/// One release of a package, as far as choosing the newest and counting downloads goes.
#[derive(Debug, Clone)]
pub struct Row {
    /// The place of its note among the entries.
    pub entry: u64,
    /// The package.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// Whether a yank stands.
    pub is_yanked: bool,
    /// How often its tarball was fetched.
    pub downloads: u64,
}

type Columns = (i64, String, String, Option<i64>, i64);

/// Adds to the count of the release that has this tarball, and answers its package; none has one
/// when the tarball is not published.
pub async fn add(
    connection: &mut Connection,
    tarball: &Digest,
    count: u64,
) -> Result<Option<PackageName>, DatabaseError> {
    let release: Option<(i64, String)> =
        sqlx::query_as("SELECT entry, package FROM releases WHERE tarball = $1 LIMIT 1")
            .bind(tarball.to_string())
            .fetch_optional(&mut *connection)
            .await?;
    let Some((entry, package)) = release else {
        return Ok(None);
    };
    sqlx::query(
        "INSERT INTO downloads (release, count) VALUES ($1, $2)
         ON CONFLICT (release) DO UPDATE SET count = downloads.count + excluded.count",
    )
    .bind(entry)
    .bind(signed(count))
    .execute(connection)
    .await?;
    parsed("releases.package", package).map(Some)
}

/// Every release of the packages whose names are after `after` and not after `last`, by package and
/// in the order of acceptance.
pub async fn between(
    connection: &mut Connection,
    after: &str,
    last: &str,
) -> Result<Vec<Row>, DatabaseError> {
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT releases.entry, releases.package, releases.version, releases.yanked,
                COALESCE(downloads.count, 0)
         FROM releases LEFT JOIN downloads ON downloads.release = releases.entry
         WHERE releases.package > $1 AND releases.package <= $2
         ORDER BY releases.package, releases.entry",
    )
    .bind(after)
    .bind(last)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::try_from).collect()
}

/// Every release of one package, in the order of acceptance.
pub async fn of_package(
    connection: &mut Connection,
    package: &PackageName,
) -> Result<Vec<Row>, DatabaseError> {
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT releases.entry, releases.package, releases.version, releases.yanked,
                COALESCE(downloads.count, 0)
         FROM releases LEFT JOIN downloads ON downloads.release = releases.entry
         WHERE releases.package = $1 ORDER BY releases.entry",
    )
    .bind(package.to_string())
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::try_from).collect()
}

impl TryFrom<Columns> for Row {
    type Error = DatabaseError;

    fn try_from(columns: Columns) -> Result<Self, DatabaseError> {
        let (entry, package, version, yanked, downloads) = columns;
        Ok(Self {
            entry: unsigned("releases.entry", entry)?,
            package: parsed("releases.package", package)?,
            version: parsed("releases.version", version)?,
            is_yanked: yanked.is_some(),
            downloads: unsigned("downloads.count", downloads)?,
        })
    }
}
