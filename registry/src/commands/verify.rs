//! `claw-registry verify`: checks everything in the folder, and names each fault.

use std::io::Write as _;
use std::process::ExitCode;

use claw_registry::verify::{VerifyError, verify};

use super::{Done, Folder};
use crate::complaint::{Complaint, FAILED, UNVERIFIED};

/// What `verify` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folder: Folder,
}

/// Runs the subcommand. It changes nothing, and works beside a running server.
pub(crate) async fn run(args: Args) -> Done {
    let data = &args.folder.data;
    let report = verify(data).await.map_err(|error| {
        let complaint = match error {
            VerifyError::Database(error) => Complaint::of_folder(data, error),
            other => Complaint::new(FAILED, other),
        };
        complaint.context(format!("cannot verify `{}`", data.display()))
    })?;
    let mut out = std::io::stdout();
    if args.json {
        let json = serde_json::to_string_pretty(&report)
            .expect("strings, numbers and lists always are JSON");
        writeln!(out, "{json}")?;
    } else {
        for fault in &report.faults {
            writeln!(out, "fault: {}: {}", fault.object, fault.problem)?;
        }
    }
    eprintln!(
        "checked {} entries, {} releases, {} packages and {} files: {} faults",
        report.entries,
        report.releases,
        report.packages,
        report.files,
        report.faults.len()
    );
    if report.unfinished > 0 {
        eprintln!(
            "{} more tarballs are of a backup that was interrupted: the next one takes them over",
            report.unfinished
        );
    }
    Ok(ExitCode::from(if report.faults.is_empty() {
        0
    } else {
        UNVERIFIED
    }))
}
