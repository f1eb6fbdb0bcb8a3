//! `claw man`: the help as man pages.

use std::path::PathBuf;

use serde_json::json;

use super::Context;
use crate::failure::{Kind, OrFail, Outcome};
use crate::output;

/// Write the manual pages of all commands into a folder.
///
/// Into ~/.local/share/man/man1, for example: `man claw-add` looks there where ~/.local/bin is on the
/// PATH, and `man -M ~/.local/share/man claw-add` always does.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder, made if it is missing.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let folder = &args.folder;
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(crate::command(), folder));
    let act = || format!("could not write manual pages into `{}`", folder.display());
    written.or_fail(Kind::Io, act())?;
    if context.json {
        return output::json(&json!({"folder": folder.display().to_string()}));
    }
    output::data(format_args!("wrote manual pages to {}", folder.display()))
}
