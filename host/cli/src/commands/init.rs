//! `claw init`: starts a project.

use std::path::PathBuf;

use serde_json::json;

use super::{Context, NetworkArgs, trust};
use crate::durable::Audience;
use crate::failure::{Kind, OrFail, Outcome};
use crate::journal::Changes;
use crate::output;
use crate::wishes::FILE_NAME;

/// What a new file says. Wishes are added by `claw add`.
const TEMPLATE: &str = "\
# The skills of this project and the grants that it wishes for them.
# Wishes give nothing: whoever runs `claw install` here is asked first.
";

/// Start a project: make a claw.toml in this folder.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also trust this registry, as `claw trust add-registry` does.
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
    #[command(flatten)]
    network: NetworkArgs,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let path = PathBuf::from(FILE_NAME);
    let folder = std::env::current_dir().or_fail(Kind::Io, "could not find the working folder")?;
    let made = !path.exists();
    let mut changes = Changes::default();
    if made {
        changes.add(&path, TEMPLATE.to_owned(), Audience::Everyone)?;
    }
    match &args.registry {
        Some(address) => trust::add_registry(context, address, None, args.network, changes)?,
        None => changes.commit(&context.home)?,
    }
    if context.json {
        return output::json(&json!({"folder": folder.display().to_string(), "made": made}));
    }
    let what = if made { "made" } else { "there already:" };
    output::data(format_args!("{what} {}", folder.join(FILE_NAME).display()))
}
