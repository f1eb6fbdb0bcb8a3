//! `cargo claw build`: makes the component.

use crate::compile;
use crate::failure::Outcome;
use crate::output::{self, Progress};
use crate::project::Project;

/// Compile the skill to a component
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Builds, and prints where the component is.
pub(crate) fn run(_args: Args, json: bool) -> Outcome {
    let project = Project::here()?;
    let built = compile::build(&project, Progress::beside(json))?;
    if json {
        let digest = claw_package::Digest::of(&built.bytes);
        let size = built.bytes.len();
        return output::json(
            &serde_json::json!({"component": built.path, "digest": digest, "size": size}),
        );
    }
    output::data(built.path.display())
}
