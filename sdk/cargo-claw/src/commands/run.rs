//! `cargo claw run`: one action of the skill in the working folder, in the sandbox in which agents run it.
//!
//! It may do what `--allow` says and the manifest declares: nothing is granted by default.

use std::path::{Path, PathBuf};

use claw_host::{Denial, Outcome as Ended};
use claw_package::{Permission, PermissionSet};
use serde_json::json;

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::output::Progress;
use crate::project::Project;
use crate::sandbox::{self, Sandbox};
use crate::{arguments, compile, output, processes};

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
    let allowed = PermissionSet::new(args.allow.iter().cloned());
    let mut invocation = sandbox.invocation(&args.action, input, &allowed);
    invocation.programs = processes::programs(&invocation.grants, &workspace);
    invocation.workspace = Some(workspace);
    invocation.home = Some(home.root().to_path_buf());
    invocation.environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    invocation.network = sandbox::network(&invocation.grants)?;
    invocation.log = sandbox::shown_log();
    let report = sandbox.invoke(invocation);

    let declared = &project.manifest.permissions;
    tell(&report.denials, declared, json);
    let remedy = remedy(&args, &report.denials, declared);
    match sandbox::failure(&args.action, &report.outcome) {
        Some(failure) => {
            if let (Ended::ActionError(value), true) = (&report.outcome, json) {
                output::json(value)?;
            }
            Err(or_denied(failure, &report.denials, remedy))
        }
        None => {
            if let (Some(remedy), false) = (remedy, json) {
                output::say(format_args!("hint: {remedy}"));
            }
            match &report.outcome {
                Ended::Ok(value) => output::json(value),
                _ => Ok(()),
            }
        }
    }
}

/// Says what was denied.
fn tell(denials: &[Denial], declared: &PermissionSet, json: bool) {
    for denial in denials {
        if json {
            output::say(json!({"denial": {
                "kind": denial.kind,
                "what": denial.what,
                "reason": denial.reason.to_string(),
                "permission": denial.permission,
            }}));
            continue;
        }
        let is_undeclared = |permission: &Permission| {
            let wanted = PermissionSet::new([permission.clone()]);
            declared.meet(&wanted).is_empty()
        };
        let mut text = format!("denied: {denial}");
        if let Some(permission) = denial
            .permission
            .as_ref()
            .filter(|line| is_undeclared(line))
        {
            text.push_str(&format!(
                ": the manifest does not ask for `{permission}`, so nothing can grant it"
            ));
        }
        output::say(output::tame(&text));
    }
}

/// The same command, allowing everything that was denied and can be granted.
fn remedy(args: &Args, denials: &[Denial], declared: &PermissionSet) -> Option<String> {
    let denied = denials
        .iter()
        .filter_map(|denial| denial.permission.clone());
    let missing = declared.meet(&PermissionSet::new(denied));
    if missing.is_empty() {
        return None;
    }
    let mut words = vec!["cargo claw run".to_owned()];
    if let Some(workspace) = &args.workspace {
        let folder = workspace.to_string_lossy();
        words.push(format!("--workspace {}", output::shell_word(&folder)));
    }
    // In its normal form, where writing includes reading.
    let allowed = PermissionSet::new(args.allow.iter().cloned().chain(missing.iter().cloned()));
    for permission in allowed.iter() {
        let word = output::shell_word(&permission.to_string());
        words.push(format!("--allow {word}"));
    }
    let rest = std::iter::once(&args.action).chain(&args.arguments);
    words.extend(rest.map(|word| output::shell_word(word)));
    Some(output::tame(&words.join(" ")))
}

/// A failure that something denied may have led to has the exit code of a denial.
fn or_denied(failure: Failure, denials: &[Denial], remedy: Option<String>) -> Failure {
    if denials.is_empty() || matches!(failure.kind, Kind::Interrupted | Kind::Bug) {
        return failure;
    }
    Failure {
        kind: Kind::Refused,
        hint: remedy,
        ..failure
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

#[cfg(test)]
mod tests {
    use claw_host::DenialReason;
    use claw_package::PermissionKind;

    use super::*;

    fn denial(permission: &str) -> Denial {
        Denial {
            kind: PermissionKind::FilesystemRead,
            what: "open `docs/x`".to_owned(),
            reason: DenialReason::NotGranted,
            permission: Some(permission.parse().unwrap()),
        }
    }

    fn hint(denied: &[&str]) -> Option<String> {
        let args = Args {
            action: "copy".to_owned(),
            arguments: vec!["from=a b".to_owned()],
            allow: vec!["environment=HOME".parse().unwrap()],
            workspace: None,
        };
        let declared = ["environment=HOME", "filesystem.write=docs"];
        let declared = PermissionSet::new(declared.iter().map(|line| line.parse().unwrap()));
        let denials: Vec<Denial> = denied.iter().map(|line| denial(line)).collect();
        remedy(&args, &denials, &declared)
    }

    #[test]
    fn one_command_allows_everything_that_was_denied() {
        assert_eq!(
            hint(&[
                "filesystem.read=docs/a",
                "filesystem.read=docs",
                "filesystem.write=docs"
            ])
            .unwrap(),
            "cargo claw run --allow environment=HOME --allow filesystem.write=docs copy 'from=a b'"
        );
    }

    #[test]
    fn what_the_manifest_does_not_ask_for_has_no_remedy() {
        assert_eq!(hint(&["filesystem.read=other"]), None);
        let hint = hint(&["filesystem.read=other", "filesystem.read=docs"]).unwrap();
        assert!(!hint.contains("other"), "{hint}");
    }
}
