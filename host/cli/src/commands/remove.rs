//! `claw remove`: takes skills out of the project.

use claw_package::PackageName;
use serde_json::json;

use super::Context;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::session::Session;

/// Remove skills from the project, and their grants. What was revoked stays revoked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Skills to remove.
    #[arg(required = true, value_name = "NAME", add = crate::completions::skills())]
    names: Vec<PackageName>,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let mut session = Session::open(context)?;
    for name in &args.names {
        if !session.wishes.skills.contains_key(name) && !session.lock.names().contains(name) {
            return Err(
                Failure::not_found(format!("`{name}` is not in this project")).hint("claw list"),
            );
        }
        session.drop_skill(name);
    }
    session.commit()?;
    session.sweep(&args.names);
    if context.json {
        return output::json(&json!({"removed": args.names}));
    }
    args.names
        .iter()
        .try_for_each(|name| output::data(format_args!("removed {name}")))
}
