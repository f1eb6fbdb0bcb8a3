//! `claw mcp`: the skills of this project as MCP tools over stdio.

use std::path::PathBuf;

use super::Context;
use crate::failure::Outcome;
use crate::mcp;

/// Serve every installed action as an MCP tool over stdin and stdout.
///
/// What a tool may do is what you granted its skill; a client can't grant anything. A skill that
/// does not verify is left out and named on stderr.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder that the skills work in.
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    mcp::serve(context, args.workspace.as_deref())
}
