//! `claw-registry man`: the help as man pages.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use super::Done;
use crate::complaint::{Complaint, FAILED};

/// Write the manual pages of all commands into a folder.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder, made if it is missing.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes the pages of `command`.
pub(crate) fn run(args: Args, command: clap::Command) -> Done {
    let folder = &args.folder;
    let written =
        std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    written.map_err(|error| {
        let act = format!("could not write manual pages into `{}`", folder.display());
        Complaint::new(FAILED, error).context(act)
    })?;
    writeln!(io::stdout(), "wrote manual pages to {}", folder.display())?;
    Ok(ExitCode::SUCCESS)
}
