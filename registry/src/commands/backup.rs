//! `claw-registry backup` and `restore`: copies of everything, taken while the registry serves.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use claw_registry::backup::{self, BackupError, Copied};
use claw_registry::db::DatabaseError;

use super::{Done, Folder};
use crate::complaint::{Complaint, FAILED, NOT_FOUND, UNVERIFIED, USAGE};

/// What `backup` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// The folder to copy to: empty, not there yet, or with an earlier backup of this registry.
    #[arg(value_name = "BACKUP")]
    to: PathBuf,
    #[command(flatten)]
    folder: Folder,
}

/// What `restore` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// The folder that `claw-registry backup` made.
    #[arg(value_name = "BACKUP")]
    from: PathBuf,
    #[command(flatten)]
    folder: Folder,
}

/// Copies the folder, beside a running server or without one.
pub(crate) async fn backup(args: BackupArgs) -> Done {
    let data = &args.folder.data;
    let copied = backup::backup(data, &args.to).await.map_err(|error| {
        let complaint = complaint(data, error);
        complaint.context(format!("cannot back up `{}`", data.display()))
    })?;
    report(&args.to, copied)
}

/// Copies a backup to where no registry is.
pub(crate) async fn restore(args: RestoreArgs) -> Done {
    let data = &args.folder.data;
    let copied = backup::restore(&args.from, data).await.map_err(|error| {
        let complaint = complaint(&args.from, error);
        complaint.context(format!("cannot restore to `{}`", data.display()))
    })?;
    report(data, copied)
}

fn report(to: &Path, copied: Copied) -> Done {
    eprintln!(
        "`{}` holds {} entries and {} tarballs, {} of them new",
        to.display(),
        copied.entries,
        copied.tarballs,
        copied.new
    );
    Ok(ExitCode::SUCCESS)
}

fn complaint(from: &Path, error: BackupError) -> Complaint {
    let verify = format!("claw-registry verify --data {}", from.display());
    match error {
        BackupError::Database(error @ DatabaseError::Missing(_)) => {
            Complaint::new(NOT_FOUND, error)
        }
        BackupError::Altered { .. } | BackupError::Absent { .. } => {
            Complaint::new(UNVERIFIED, error).hint(verify)
        }
        BackupError::Exists(_) => Complaint::new(FAILED, error).hint(
            "a registry is never overwritten: name a folder where none is with --data, or move that one away"
                .to_owned(),
        ),
        BackupError::SameFolder { .. } => Complaint::new(USAGE, error),
        other => Complaint::new(FAILED, other),
    }
}
