//! `cargo claw run`: one action of the skill in the working folder, in the sandbox in which agents run it.
//!
//! It may do what `--allow` says and the manifest declares: nothing is granted by default.

use std::path::{Path, PathBuf};

use claw_host::{Denial, Outcome as Ended};
use claw_package::{Permission, PermissionSet};

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::output::Progress;
use crate::project::Project;
use crate::sandbox::{self, Sandbox};
use crate::{arguments, compile, output};

/// Run one action of the skill
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The action
    action: String,
    /// Its arguments: text for a string, JSON for everything else
    #[arg(value_name = "KEY=VALUE")]
    arguments: Vec<String>,
    /// Grant a permission, such as `filesystem.read=.`
    #[arg(long, value_name = "PERMISSION")]
    allow: Vec<Permission>,
    /// The folder whose files are meant [default: the working folder]
    #[arg(long, value_name = "FOLDER")]
    workspace: Option<PathBuf>,
}

/// Builds, runs, and prints the result as JSON.
pub(crate) fn run(args: Args, json: bool) -> Outcome {
    let home = Home::from_environment()?;
    let workspace = workspace(args.workspace.as_deref(), &home)?;
    let project = Project::here()?;
    let built = compile::build(&project, Progress::beside(json))?;
    let schema = built
        .info
        .action(&args.action)
        .map(|action| action.input_schema.clone())
        .unwrap_or_default();
    let input = arguments::object(&args.arguments, &schema)?;
    let sandbox = Sandbox::new(&project, &built)?;
    let mut invocation = sandbox.invocation(&args.action, input, &PermissionSet::new(args.allow));
    invocation.workspace = Some(workspace);
    invocation.home = Some(home.root().to_path_buf());
    invocation.environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    invocation.log = sandbox::shown_log();
    let report = sandbox.invoke(invocation);

    for denial in &report.denials {
        output::say(format_args!(
            "denied: {}",
            output::tame(&denial.to_string())
        ));
    }
    match (
        &report.outcome,
        sandbox::failure(&args.action, &report.outcome),
    ) {
        (Ended::Ok(value), _) => output::json(value),
        (ended, Some(failure)) => {
            if let (Ended::ActionError(value), true) = (ended, json) {
                output::json(value)?;
            }
            Err(or_denied(
                failure,
                &report.denials,
                &project.manifest.permissions,
            ))
        }
        (_, None) => Ok(()),
    }
}

/// A failure that something denied may have led to has the exit code of a denial.
fn or_denied(failure: Failure, denials: &[Denial], declared: &PermissionSet) -> Failure {
    if denials.is_empty() || matches!(failure.kind, Kind::Interrupted | Kind::Bug) {
        return failure;
    }
    let failure = Failure {
        kind: Kind::Refused,
        ..failure
    };
    match denials.iter().find_map(|denial| denial.permission.as_ref()) {
        Some(permission) if declared.covers(permission) => {
            failure.hint(format!("--allow '{permission}' grants what was denied"))
        }
        Some(permission) => failure.hint(format!(
            "the skill does not ask for `{permission}` in its manifest"
        )),
        None => failure,
    }
}

/// The folder that a skill is shown as its workspace.
fn workspace(named: Option<&Path>, home: &Home) -> Outcome<PathBuf> {
    let here = std::env::current_dir().or_fail(Kind::Io, "could not find the working folder")?;
    let chosen = named.unwrap_or(&here);
    let act = || format!("could not use `{}` as the workspace", chosen.display());
    let real = chosen.canonicalize().or_fail(Kind::Usage, act())?;
    if !real.is_dir() {
        return Err(Failure::usage("it is not a folder").during(act()));
    }
    if home
        .root()
        .canonicalize()
        .is_ok_and(|home| real.starts_with(home))
    {
        return Err(
            Failure::usage("it is inside of the folder that claw keeps its own files in")
                .during(act()),
        );
    }
    let whole = std::env::home_dir().and_then(|path| path.canonicalize().ok());
    if named.is_none() && (real.parent().is_none() || whole.is_some_and(|whole| whole == real)) {
        let failure = Failure::refused("it holds everything, and was not named").during(act());
        return Err(failure.hint(format!(
            "--workspace {} if this is what you mean",
            real.display()
        )));
    }
    Ok(real)
}
