//! Copies of the whole database, as it is at one moment, while others write to it.
//!
//! The database that is copied is never changed: not its rows, not its version, not its mode.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::{BUSY_TIMEOUT, Connection, DatabaseError, file, newest_version};

/// Opens the database in `folder` to read from: of this program's version, or an earlier one whose
/// entries, releases and origin are the same.
pub async fn open(folder: &Path) -> Result<Connection, DatabaseError> {
    let path = file(folder);
    if !tokio::fs::try_exists(&path).await.unwrap_or(false) {
        return Err(DatabaseError::Missing(folder.to_path_buf()));
    }
    open_file(&path).await
}

/// Opens the database in a file of any name, as [`open`] does.
pub async fn open_file(path: &Path) -> Result<Connection, DatabaseError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT);
    let mut connection = options.connect().await?;
    let found: Option<i64> =
        sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(&mut connection)
            .await?;
    let (found, expected) = (found.unwrap_or(0), newest_version());
    if found > expected {
        return Err(DatabaseError::Version { found, expected });
    }
    Ok(connection)
}

/// Why a copy could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The file.
    #[error("could not write `{path}`")]
    File {
        /// The copy.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Where a copy is until it gets its name in `folder`: whole, whatever ended the attempt that wrote it.
pub fn draft(folder: &Path) -> PathBuf {
    file(folder).with_extension("db.new")
}

/// Writes what the connection reads at this moment to the draft in `folder`, in the place of what an
/// earlier attempt left there. When this returns, it is on the disk, and only its owner can read it.
pub async fn write(connection: &mut Connection, folder: &Path) -> Result<(), CopyError> {
    let draft = draft(folder);
    // What was to become a backup is kept until there is something to take its place: it names
    // tarballs that are there already.
    let path = draft.with_added_extension("part");
    let broken = |source| CopyError::File {
        path: path.clone(),
        source,
    };
    let file = File::create(&path).map_err(broken)?;
    let owner_alone = Permissions::from_mode(0o600);
    fs::set_permissions(&path, owner_alone).map_err(broken)?;
    let name = path.to_str().ok_or_else(|| {
        let detail = "the path is not UTF-8, which the database needs";
        broken(io::Error::new(io::ErrorKind::InvalidInput, detail))
    })?;
    sqlx::query("VACUUM INTO $1")
        .bind(name)
        .execute(connection)
        .await
        .map_err(DatabaseError::from)?;
    let moved = file.sync_all().and_then(|()| fs::rename(&path, draft));
    moved
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(broken)
}

/// Gives the draft in `folder` its name. When this returns, a loss of power leaves the new one there.
pub fn put(folder: &Path) -> io::Result<()> {
    let path = file(folder);
    // What was left beside another database would be read into this one.
    for beside in ["-wal", "-shm"] {
        let mut name = path.clone().into_os_string();
        name.push(beside);
        match fs::remove_file(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    File::open(folder)?.sync_all()?;
    fs::rename(draft(folder), path)?;
    File::open(folder)?.sync_all()
}
