//! The subcommands, one file each, and what they share.

pub(crate) mod backup;
pub(crate) mod crash_points;
pub(crate) mod man;
pub(crate) mod namespace;
pub(crate) mod serve;
pub(crate) mod token;
pub(crate) mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use claw_registry::db::Database;
use claw_registry::setup;
use claw_trust::Origin;

use crate::complaint::Complaint;

/// What a command comes to.
pub(crate) type Done = Result<ExitCode, Complaint>;

/// Where the registry is.
#[derive(Debug, clap::Args)]
pub(crate) struct Folder {
    /// The folder that holds everything.
    #[arg(long, value_name = "DIR", default_value = "claw-registry-data")]
    pub(crate) data: PathBuf,
}

impl Folder {
    /// The database and the origin of a registry that was started before.
    async fn open(&self) -> Result<(Database, Origin), Complaint> {
        setup::open_existing(&self.data)
            .await
            .map_err(|error| Complaint::of_folder(&self.data, error))
    }
}
