//! `cargo claw man`: the help as man pages.

use std::path::PathBuf;

use crate::failure::{Kind, OrFail, Outcome};
use crate::output;

/// Write the manual pages of all commands into a folder
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder, made if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes the pages of `command`.
pub(crate) fn run(args: Args, command: clap::Command, json: bool) -> Outcome {
    let folder = &args.folder;
    let written =
        std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    let act = || format!("could not write manual pages into `{}`", folder.display());
    written.or_fail(Kind::Io, act())?;
    if json {
        return output::json(&serde_json::json!({"folder": folder}));
    }
    output::data(format_args!("wrote manual pages to {}", folder.display()))
}
