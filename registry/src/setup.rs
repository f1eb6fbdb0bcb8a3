//! Opens a registry's folder: for serving, which makes what is missing and repairs what the last run
//! left unfinished; or for the commands that work beside a server.

use std::io;
use std::path::{Path, PathBuf};

use claw_registry_api::{NamespacePattern, Scope};
use claw_trust::Origin;

use crate::app::App;
use crate::clock;
use crate::crash::CrashPoint;
use crate::db::{self, Database, DatabaseError, registry, releases};
use crate::failure::Failure;
use crate::limits::Limits;
use crate::storage::{ServerLock, Standing, Storage};
use crate::tokens::{self, Secret};

/// How to open a folder for serving.
#[derive(Debug)]
pub struct SetupOptions {
    /// Where everything is kept.
    pub folder: PathBuf,
    /// The origin that the operator gave.
    pub origin: Option<Origin>,
    /// The origin of a new registry where the operator gave none.
    pub default_origin: Origin,
    /// Where a test ends the process.
    pub crash: CrashPoint,
    /// What clients may ask of it.
    pub limits: Limits,
}

/// A registry ready to serve.
#[derive(Debug)]
pub struct Setup {
    /// What serves.
    pub app: App,
    /// The first administrator's token, if this is the first start.
    pub admin: Option<Secret>,
    /// What keeps a second server off the folder.
    pub lock: ServerLock,
}

/// Why a folder can't be served.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Another server has it.
    #[error("another `claw-registry serve` is using `{0}`")]
    InUse(PathBuf),
    /// An origin never changes: every note that was signed names it.
    #[error("the registry in `{folder}` has the origin `{stored}`, which can't become `{given}`")]
    OriginDiffers {
        /// The folder.
        folder: PathBuf,
        /// The origin it has.
        stored: Origin,
        /// The origin asked for.
        given: Origin,
    },
    /// The folder can't be used.
    #[error("could not use the folder `{folder}`")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database can't be used.
    #[error("could not use the database in `{folder}`")]
    Database {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: DatabaseError,
    },
    /// The first token could not be made.
    #[error("could not make the first token")]
    Token(#[source] Failure),
}

impl Setup {
    /// Opens a folder for serving.
    pub async fn open(options: SetupOptions) -> Result<Self, SetupError> {
        let folder = options.folder;
        let broken_folder = |source| SetupError::Folder {
            folder: folder.clone(),
            source,
        };
        let broken_database = |source| SetupError::Database {
            folder: folder.clone(),
            source,
        };
        let storage = Storage::create(&folder).map_err(broken_folder)?;
        let lock = storage.lock().map_err(broken_folder)?;
        let lock = lock.ok_or_else(|| SetupError::InUse(folder.clone()))?;
        let db = Database::open_or_create(&folder)
            .await
            .map_err(broken_database)?;
        storage.sync().map_err(broken_folder)?;
        let stored = origin(&db).await.map_err(broken_database)?;
        if let (Some(stored), Some(given)) = (&stored, &options.origin)
            && stored != given
        {
            return Err(SetupError::OriginDiffers {
                folder,
                stored: stored.clone(),
                given: given.clone(),
            });
        }
        repair(&db, &storage).await.map_err(|error| match error {
            Unrepaired::Database(source) => broken_database(source),
            Unrepaired::Folder(source) => broken_folder(source),
        })?;
        // Last of all: nothing may fail between the making of the first token and the showing of it.
        let (origin, admin) = match stored {
            Some(stored) => (stored, None),
            None => {
                let origin = options.origin.unwrap_or(options.default_origin);
                let admin = first_start(&db, &origin).await.map_err(SetupError::Token)?;
                (origin, Some(admin))
            }
        };
        Ok(Self {
            app: App::new(origin, db, storage, options.crash, options.limits),
            admin,
            lock,
        })
    }
}

/// The database and the origin of a registry that was started before.
pub async fn open_existing(folder: &Path) -> Result<(Database, Origin), DatabaseError> {
    let db = Database::open(folder).await?;
    let origin = origin(&db).await?;
    Ok((
        db,
        origin.ok_or_else(|| DatabaseError::Missing(folder.to_path_buf()))?,
    ))
}

async fn origin(db: &Database) -> Result<Option<Origin>, DatabaseError> {
    let mut reader = db.read().await?;
    registry::origin(&mut reader).await
}

/// Writes the origin and the first token together: one is never there without the other.
async fn first_start(db: &Database, origin: &Origin) -> Result<Secret, Failure> {
    let now = clock::now();
    let mut tx = db.begin_write().await?;
    registry::insert(&mut tx, origin, now).await?;
    let (secret, _) =
        tokens::create(&mut tx, &[Scope::Admin], &NamespacePattern::All, now, None).await?;
    tx.commit().await?;
    Ok(secret)
}

enum Unrepaired {
    Database(DatabaseError),
    Folder(io::Error),
}

/// Finishes or takes back what the last run was doing when it ended.
async fn repair(db: &Database, storage: &Storage) -> Result<(), Unrepaired> {
    storage.clear_incoming().map_err(Unrepaired::Folder)?;
    let mut reader = db.read().await.map_err(Unrepaired::Database)?;
    for staged in storage.staged().map_err(Unrepaired::Folder)? {
        let size = releases::tarball_size(&mut reader, &staged.digest).await;
        let standing = match size.map_err(Unrepaired::Database)? {
            Some(_) => Standing::Published,
            None => Standing::Unpublished,
        };
        storage
            .settle(&staged.digest, standing)
            .map_err(Unrepaired::Folder)?;
    }
    Ok(())
}

/// The file that the database in `folder` is in.
pub fn database_file(folder: &Path) -> PathBuf {
    db::file(folder)
}
