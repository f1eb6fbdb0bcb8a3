//! `cargo claw build`: makes the component, once or whenever something changes.

use crate::compile;
use crate::failure::Outcome;
use crate::output::{self, Progress};
use crate::project::Project;
use crate::watch::{Signal, Watch};

/// Compile the skill to a component
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Compile again whenever sources, `wit/` or the manifest change, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

/// Builds, and prints where the component is.
pub(crate) fn run(args: Args, json: bool) -> Outcome {
    let project = Project::here()?;
    if !args.watch {
        return build(&project, json);
    }
    // Before the first build, so that no change is missed while it runs.
    let mut watch = Watch::new(&project)?;
    loop {
        // The manifest is one of the things that change.
        let built = Project::find(&project.folder).and_then(|project| build(&project, json));
        if let Err(failure) = built {
            failure.print(json);
        }
        output::say(format_args!(
            "watching `{}`; Ctrl-C ends it",
            project.folder.display()
        ));
        if watch.next()? == Signal::Interrupted {
            return Ok(());
        }
    }
}

fn build(project: &Project, json: bool) -> Outcome {
    let built = compile::build(project, Progress::beside(json))?;
    if json {
        let digest = claw_package::Digest::of(&built.bytes);
        let size = built.bytes.len();
        return output::json(
            &serde_json::json!({"component": built.path, "digest": digest, "size": size}),
        );
    }
    output::data(built.path.display())
}
