//! The database: how it is opened, read and written. The statements themselves are in `db/`, one
//! file per noun.
//!
//! Everything that is asked of the database goes through here, and nothing here knows HTTP or files
//! of packages. There is one writer: a transaction holds the database from its first statement, so
//! what it reads cannot change before it commits. A commit is on the disk when it returns.

pub mod copies;
pub mod downloads;
pub mod entries;
pub mod events;
pub mod index_files;
pub mod keysets;
pub mod namespaces;
pub mod packages;
pub mod registry;
pub mod releases;
pub mod summaries;
pub mod tokens;

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use claw_package::PermissionSet;
use claw_registry_api::Timestamp;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection as _, SqlSafeStr};

use crate::failure::is_storage_full;
use crate::storage::Storage;

/// What statements run on: a connection, or the one inside a transaction.
pub type Connection = sqlx::SqliteConnection;
/// A write under way, undone unless committed.
pub type Transaction = sqlx::Transaction<'static, Sqlite>;

/// Readers are answered in microseconds: more of them would only wait for the processors.
const READERS_MAX: u32 = 8;
/// How long a write waits for that of another process, such as `claw-registry token create`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request waits for its turn to write.
const WRITER_TIMEOUT: Duration = Duration::from_secs(60);

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// There is none where one should be.
    #[error("there is no registry in `{0}`")]
    Missing(PathBuf),
    /// It was made by another version of the program.
    #[error("the database is of version {found}, this program's is {expected}")]
    Version {
        /// The version it has.
        found: i64,
        /// The version this program writes.
        expected: i64,
    },
    /// It can't be looked at without writing, and nothing can be written.
    #[error("the database in `{0}` was not closed, and nothing can be written there")]
    ReadOnly(PathBuf),
    /// There is no room for it.
    #[error("there is no room for the database")]
    Full(#[source] io::Error),
    /// The database itself failed.
    #[error("the database failed")]
    Sql(#[from] sqlx::Error),
    /// Its tables could not be brought up to date.
    #[error("the tables of the database could not be made")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A value in it is not what this program writes.
    #[error("`{value}` in the column `{column}` is not what belongs there")]
    Malformed {
        /// `table.column`
        column: &'static str,
        /// What stands there.
        value: String,
    },
}

/// The registry's database.
#[derive(Debug, Clone)]
pub struct Database {
    readers: SqlitePool,
    writer: SqlitePool,
}

impl Database {
    /// Opens the database in `folder`, making it and bringing its tables up to date where needed.
    pub async fn open_or_create(folder: &Path) -> Result<Self, DatabaseError> {
        let private = make_private(&file(folder)).map_err(sqlx::Error::Io);
        private.map_err(|error| explained(folder, error.into()))?;
        let database = Self::connect(options(folder));
        let ready = migrations().run(&database.writer).await;
        ready.map_err(|error| explained(folder, error.into()))?;
        Ok(database)
    }

    /// Opens the database in `folder` as it is.
    pub async fn open(folder: &Path) -> Result<Self, DatabaseError> {
        Self::open_with(folder, options(folder)).await
    }

    /// The same to look at it alone, also where nothing can be written.
    pub async fn open_to_read(folder: &Path) -> Result<Self, DatabaseError> {
        match std::fs::File::options().append(true).open(file(folder)) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied
                ) => {}
            _ => return Self::open(folder).await,
        }
        // What is in the log is not in the file yet, and is found through an index that has to be written.
        let log = folder.join("registry.db-wal");
        if std::fs::metadata(log).is_ok_and(|log| log.len() > 0) {
            return Err(DatabaseError::ReadOnly(folder.to_path_buf()));
        }
        let options = SqliteConnectOptions::new()
            .filename(file(folder))
            .read_only(true)
            .immutable(true);
        Self::open_with(folder, options).await
    }

    async fn open_with(
        folder: &Path,
        options: SqliteConnectOptions,
    ) -> Result<Self, DatabaseError> {
        let path = file(folder);
        if !tokio::fs::try_exists(&path).await.unwrap_or(false) {
            return Err(DatabaseError::Missing(folder.to_path_buf()));
        }
        let database = Self::connect(options);
        let found: Option<i64> =
            sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations WHERE success")
                .fetch_one(&database.readers)
                .await
                .map_err(|error| explained(folder, error.into()))?;
        let (found, expected) = (found.unwrap_or(0), newest_version());
        if found != expected {
            return Err(DatabaseError::Version { found, expected });
        }
        Ok(database)
    }

    fn connect(options: SqliteConnectOptions) -> Self {
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(WRITER_TIMEOUT)
            // A database that ends a transaction by itself, as it does when the disk is full, leaves a
            // connection behind that believes to be in one and never starts another.
            .before_acquire(|connection, _| {
                let is_free = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_free) })
            })
            .connect_lazy_with(options.clone());
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .connect_lazy_with(options);
        Self { readers, writer }
    }

    /// A connection to read from.
    pub async fn read(&self) -> Result<PoolConnection<Sqlite>, DatabaseError> {
        Ok(self.readers.acquire().await?)
    }

    /// Many reads of one state: what others commit meanwhile is not seen.
    pub async fn begin_read(&self) -> Result<Transaction, DatabaseError> {
        Ok(self.readers.begin().await?)
    }

    /// Waits for the turn to write, and starts a transaction that holds the database from the start.
    pub async fn begin_write(&self) -> Result<Transaction, DatabaseError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Asks the database to read every page of itself, and answers what it found wrong.
    pub async fn check(&self) -> Result<Vec<String>, DatabaseError> {
        let mut reader = self.read().await?;
        let mut faults: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_all(&mut *reader)
            .await?;
        faults.retain(|line| line != "ok");
        let dangling: Vec<(String, Option<i64>, String, i64)> =
            sqlx::query_as("PRAGMA foreign_key_check")
                .fetch_all(&mut *reader)
                .await?;
        faults.extend(dangling.into_iter().map(|(table, row, parent, _)| {
            format!(
                "row {} of `{table}` refers to nothing in `{parent}`",
                row.unwrap_or_default()
            )
        }));
        Ok(faults)
    }

    /// Ends all connections, so that the database is one file again.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// The file that the database is in.
pub fn file(folder: &Path) -> PathBuf {
    folder.join("registry.db")
}

/// Makes the file where it is not there, for its owner alone whatever folder it is in. The files that
/// SQLite makes beside it get the same mode.
fn make_private(file: &Path) -> io::Result<()> {
    let file = File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(file)?;
    file.set_permissions(Permissions::from_mode(0o600))
}

fn options(folder: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file(folder))
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // Anything less may lose the last commits when the power fails, after they were answered.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
}

/// A database that can't make a file only says that it can't open it: whether that is for want of
/// room is found out here.
fn explained(folder: &Path, error: DatabaseError) -> DatabaseError {
    match Storage::open(folder).probe() {
        Err(cause) if is_storage_full(&cause) => DatabaseError::Full(cause),
        _ => error,
    }
}

fn migrations() -> Migrator {
    let all = [
        ("first", include_str!("../migrations/0001_first.sql")),
        ("search", include_str!("../migrations/0002_search.sql")),
    ];
    let numbered = (1..).zip(all);
    let migrations = numbered.map(|(version, (name, statements))| {
        let statements = statements.into_sql_str();
        let simple = MigrationType::Simple;
        Migration::new(version, name.into(), simple, statements, false)
    });
    Migrator::with_migrations(migrations.collect())
}

fn newest_version() -> i64 {
    migrations()
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// Reads a value that this program wrote as text.
fn parsed<T: std::str::FromStr>(column: &'static str, value: String) -> Result<T, DatabaseError> {
    value
        .parse()
        .map_err(|_| DatabaseError::Malformed { column, value })
}

/// Reads a number that is never negative.
fn unsigned(column: &'static str, value: i64) -> Result<u64, DatabaseError> {
    u64::try_from(value).map_err(|_| DatabaseError::Malformed {
        column,
        value: value.to_string(),
    })
}

/// Writes a number that is never so great that a database could not hold it.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Reads permissions, one per line.
fn permissions(lines: &str) -> Result<PermissionSet, DatabaseError> {
    let read = lines
        .lines()
        .map(|line| parsed("releases.permissions", line.to_owned()));
    Ok(PermissionSet::new(read.collect::<Result<Vec<_>, _>>()?))
}

/// How many rows a statement counts.
async fn counted(
    connection: &mut Connection,
    statement: &'static str,
) -> Result<u64, DatabaseError> {
    let count: i64 = sqlx::query_scalar(statement).fetch_one(connection).await?;
    unsigned("count", count)
}

/// Reads a moment.
fn moment(column: &'static str, seconds: i64) -> Result<Timestamp, DatabaseError> {
    unsigned(column, seconds).map(Timestamp::from_unix_seconds)
}

/// Writes a moment.
fn seconds(moment: Timestamp) -> i64 {
    signed(moment.unix_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_but_its_owner_reads_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let database = Database::open_or_create(folder.path()).await.unwrap();
        let files = std::fs::read_dir(folder.path()).unwrap();
        let modes: Vec<u32> = files
            .map(|file| file.unwrap().metadata().unwrap().permissions().mode() & 0o777)
            .collect();
        assert!(modes.len() >= 2, "the journal is beside it");
        assert_eq!(modes, vec![0o600; modes.len()]);
        database.close().await;
    }

    #[tokio::test]
    async fn a_transaction_that_the_database_ended_is_not_in_the_way_of_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_or_create(folder.path()).await.unwrap();
        let mut ended = database.begin_write().await.unwrap();
        sqlx::query("ROLLBACK").execute(&mut *ended).await.unwrap();
        assert!(ended.commit().await.is_err());
        let mut next = database.begin_write().await.unwrap();
        assert_eq!(entries::count(&mut next).await.unwrap(), 0);
        next.commit().await.unwrap();
    }
}
