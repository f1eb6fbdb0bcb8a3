//! `cargo claw wit`: keeps the WIT and the SDK that a skill has copies of at what this program carries.
//!
//! It changes all of what it said or nothing, and files that their author edited only when told to.

use serde_json::json;

use crate::failure::{Failure, Kind, Outcome};
use crate::output;
use crate::project::Project;
use crate::vendored::Plan;

/// Keep the WIT and the SDK that the skill has copies of up to date
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Update(UpdateArgs),
}

/// Bring `wit/deps/` and, where it is there, `vendor/claw-sdk/` to what this cargo-claw carries
///
/// Files that were edited since they were written are named, and nothing is changed unless `--force` is given.
#[derive(Debug, clap::Args)]
struct UpdateArgs {
    /// Overwrite files that were edited
    #[arg(long)]
    force: bool,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Does what the subcommand says.
pub(crate) fn run(args: Args, json: bool) -> Outcome {
    let Command::Update(args) = args.command;
    update(&args, json)
}

fn update(args: &UpdateArgs, json: bool) -> Outcome {
    let project = Project::here()?;
    let folder = &project.folder;
    if !folder.join("wit").is_dir() {
        let message = format!("there is no `wit/` in `{}`", folder.display());
        return Err(Failure::usage(message));
    }
    let plan = Plan::of(folder)?;
    if !plan.edited.is_empty() && !args.force && !args.dry_run {
        let message = format!(
            "these files were edited, and nothing was changed: {}",
            plan.edited.join(", ")
        );
        return Err(Failure::new(Kind::Refused, message).hint("cargo claw wit update --force"));
    }
    if !args.dry_run {
        plan.carry_out(folder)?;
    }
    if json {
        return output::json(&json!({
            "added": plan.added, "changed": plan.changed, "removed": plan.removed, "edited": plan.edited,
            "done": !args.dry_run,
        }));
    }
    let all = [
        ("added", &plan.added),
        ("changed", &plan.changed),
        ("removed", &plan.removed),
        ("overwritten", &plan.edited),
    ];
    for (what, paths) in all {
        for path in paths {
            output::data(format_args!("{what} {path}"))?;
        }
    }
    match (plan.is_empty(), args.dry_run) {
        (true, _) => output::say("everything is up to date"),
        (false, true) => output::say("nothing was changed"),
        (false, false) => output::say("cargo claw check tells whether the skill still builds"),
    }
    Ok(())
}
