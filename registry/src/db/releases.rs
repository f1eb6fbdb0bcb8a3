//! The releases, with what the index says of them.

use claw_package::{Digest, PackageName, PermissionSet, Requirement, Version};
use claw_registry_api::Timestamp;

use super::{Connection, DatabaseError, counted, moment, parsed, seconds, signed, unsigned};

/// A release that is published.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The place of its note among the entries.
    pub entry: u64,
    /// The package.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// The digest of the tarball.
    pub tarball: Digest,
    /// How many bytes the tarball has.
    pub size: u64,
    /// The digest of the component.
    pub component: Digest,
    /// What its manifest asks for.
    pub permissions: PermissionSet,
    /// What it needs of the host.
    pub host: Option<Requirement>,
    /// When it was accepted.
    pub published: Timestamp,
    /// How many yanks and unyanks there were.
    pub events: u64,
    /// The digest of the release note.
    pub note: Digest,
    /// The digest of the yank note that stands.
    pub yanked: Option<Digest>,
}

type Columns = (
    i64,
    String,
    String,
    String,
    i64,
    String,
    String,
    Option<String>,
    i64,
    i64,
    String,
    Option<String>,
);

/// The columns of a [`Row`], for a `WHERE` to follow.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            r#"SELECT releases.entry, releases.package, releases.version, releases.tarball, releases.size,
                      releases.component, releases.permissions, releases.host, releases.published,
                      releases.events, note.digest, yank.digest
               FROM releases
               JOIN entries AS note ON note."index" = releases.entry
               LEFT JOIN entries AS yank ON yank."index" = releases.yanked "#,
            $rest
        )
    };
}

/// Adds a release; its entry and its package are there.
pub async fn insert(connection: &mut Connection, row: &Row) -> Result<(), DatabaseError> {
    sqlx::query(
        "INSERT INTO releases
            (entry, package, version, tarball, size, component, permissions, host, published, events, yanked)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, NULL)",
    )
    .bind(signed(row.entry))
    .bind(row.package.to_string())
    .bind(row.version.to_string())
    .bind(row.tarball.to_string())
    .bind(signed(row.size))
    .bind(row.component.to_string())
    .bind(lines(&row.permissions))
    .bind(row.host.as_ref().map(Requirement::to_string))
    .bind(seconds(row.published))
    .execute(connection)
    .await?;
    Ok(())
}

/// One version of a package.
pub async fn find(
    connection: &mut Connection,
    package: &PackageName,
    version: &Version,
) -> Result<Option<Row>, DatabaseError> {
    let columns: Option<Columns> = sqlx::query_as(select!(
        "WHERE releases.package = $1 AND releases.version = $2"
    ))
    .bind(package.to_string())
    .bind(version.to_string())
    .fetch_optional(connection)
    .await?;
    columns.map(Row::try_from).transpose()
}

/// The release whose note is the entry `entry`.
pub async fn of_entry(
    connection: &mut Connection,
    entry: u64,
) -> Result<Option<Row>, DatabaseError> {
    let columns: Option<Columns> = sqlx::query_as(select!("WHERE releases.entry = $1"))
        .bind(signed(entry))
        .fetch_optional(connection)
        .await?;
    columns.map(Row::try_from).transpose()
}

/// Every release of a package, in the order of acceptance.
pub async fn of_package(
    connection: &mut Connection,
    package: &PackageName,
) -> Result<Vec<Row>, DatabaseError> {
    let columns: Vec<Columns> = sqlx::query_as(select!(
        "WHERE releases.package = $1 ORDER BY releases.entry"
    ))
    .bind(package.to_string())
    .fetch_all(connection)
    .await?;
    columns.into_iter().map(Row::try_from).collect()
}

/// A version of a package, as far as others are held against it.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The version.
    pub version: Version,
    /// Whether it is yanked.
    pub is_yanked: bool,
}

/// Every version of a package, in no particular order.
pub async fn versions(
    connection: &mut Connection,
    package: &PackageName,
) -> Result<Vec<Standing>, DatabaseError> {
    let rows: Vec<(String, Option<i64>)> =
        sqlx::query_as("SELECT version, yanked FROM releases WHERE package = $1")
            .bind(package.to_string())
            .fetch_all(connection)
            .await?;
    let standing = |(version, yanked): (String, Option<i64>)| {
        Ok(Standing {
            version: parsed("releases.version", version)?,
            is_yanked: yanked.is_some(),
        })
    };
    rows.into_iter().map(standing).collect()
}

/// How many releases there are.
pub async fn count(connection: &mut Connection) -> Result<u64, DatabaseError> {
    counted(connection, "SELECT COUNT(*) FROM releases").await
}

/// How many bytes the tarball of that digest has, if a release names it.
pub async fn tarball_size(
    connection: &mut Connection,
    tarball: &Digest,
) -> Result<Option<u64>, DatabaseError> {
    let size: Option<i64> =
        sqlx::query_scalar("SELECT size FROM releases WHERE tarball = $1 LIMIT 1")
            .bind(tarball.to_string())
            .fetch_optional(connection)
            .await?;
    size.map(|size| unsigned("releases.size", size)).transpose()
}

/// Up to `count` tarballs with their sizes, of the releases from the entry `from` on.
pub async fn tarballs(
    connection: &mut Connection,
    from: u64,
    count: u32,
) -> Result<Vec<(u64, Digest, u64)>, DatabaseError> {
    let rows: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT entry, tarball, size FROM releases WHERE entry >= $1 ORDER BY entry LIMIT $2",
    )
    .bind(signed(from))
    .bind(i64::from(count))
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|(entry, tarball, size)| {
        let entry = unsigned("releases.entry", entry)?;
        let tarball = parsed("releases.tarball", tarball)?;
        Ok((entry, tarball, unsigned("releases.size", size)?))
    });
    read.collect()
}

/// Writes what the `events`-th yank or unyank made of a release: the entry of the yank that stands.
pub async fn set_yanked(
    connection: &mut Connection,
    entry: u64,
    events: u64,
    yanked: Option<u64>,
) -> Result<(), DatabaseError> {
    sqlx::query("UPDATE releases SET events = $1, yanked = $2 WHERE entry = $3")
        .bind(signed(events))
        .bind(yanked.map(signed))
        .bind(signed(entry))
        .execute(connection)
        .await?;
    Ok(())
}

fn lines(permissions: &PermissionSet) -> String {
    permissions
        .iter()
        .map(|permission| format!("{permission}\n"))
        .collect()
}

impl TryFrom<Columns> for Row {
    type Error = DatabaseError;

    fn try_from(columns: Columns) -> Result<Self, DatabaseError> {
        let (
            entry,
            package,
            version,
            tarball,
            size,
            component,
            permissions,
            host,
            published,
            events,
            note,
            yanked,
        ) = columns;
        Ok(Self {
            entry: unsigned("releases.entry", entry)?,
            package: parsed("releases.package", package)?,
            version: parsed("releases.version", version)?,
            tarball: parsed("releases.tarball", tarball)?,
            size: unsigned("releases.size", size)?,
            component: parsed("releases.component", component)?,
            permissions: super::permissions(&permissions)?,
            host: host.map(|text| parsed("releases.host", text)).transpose()?,
            published: moment("releases.published", published)?,
            events: unsigned("releases.events", events)?,
            note: parsed("entries.digest", note)?,
            yanked: yanked
                .map(|digest| parsed("entries.digest", digest))
                .transpose()?,
        })
    }
}
