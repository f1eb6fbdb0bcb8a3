//! `cargo claw check`: whether the skill keeps the rules that a package has to keep, and what else would help its users.
//!
//! What would not pack is an error; what only makes a skill harder to use is a warning.

use claw_package::{ComponentInfo, Permission};
use serde_json::json;

use crate::compile::{self, Built};
use crate::failure::Outcome;
use crate::output::Progress;
use crate::project::Project;
use crate::{output, package};

/// Check what the skill asks for, offers and says of itself
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Builds, checks, and prints what the skill is.
pub(crate) fn run(_args: Args, json: bool) -> Outcome {
    let project = Project::here()?;
    let built = compile::build(&project, Progress::beside(json))?;
    let warnings = warnings(&built);
    let (info, toolchain) = (built.info.clone(), built.toolchain.clone());
    let packed = package::pack(&project, built)?;
    let manifest = &project.manifest;
    if json {
        return output::json(&json!({
            "name": manifest.name, "version": manifest.version, "permissions": manifest.permissions,
            "actions": info.actions, "imports": info.imports.iter().map(|import| &import.name).collect::<Vec<_>>(),
            "toolchain": {"compiler": toolchain.compiler, "target": toolchain.target, "builder": toolchain.builder},
            "size": packed.tarball_digest.size, "warnings": warnings,
        }));
    }
    for warning in &warnings {
        output::warn(warning);
    }
    output::data(format_args!("{} {}", manifest.name, manifest.version))?;
    output::data(described(&info, manifest.permissions.iter()))
}

/// What makes the skill harder to use.
fn warnings(built: &Built) -> Vec<String> {
    let mut warnings = Vec::new();
    match &built.wit {
        Some(wit) => {
            let undocumented = wit.undocumented();
            if !undocumented.is_empty() {
                warnings.push(format!(
                    "no comment in `wit/` says what these are for: {}",
                    undocumented.join(", ")
                ));
            }
        }
        None => {
            warnings.push("there is no `wit/` folder, so actions have no descriptions".to_owned())
        }
    }
    for action in &built.info.actions {
        if let Some(reason) = &action.not_callable {
            warnings.push(format!(
                "`{}` can't be called by agents: {reason}",
                action.name
            ));
        }
    }
    warnings
}

/// The actions and permissions, for people.
fn described<'a>(
    info: &ComponentInfo,
    permissions: impl Iterator<Item = &'a Permission>,
) -> String {
    let mut lines = vec!["actions:".to_owned()];
    lines.extend(
        info.actions
            .iter()
            .map(|action| format!("  {}", action.signature)),
    );
    let permissions: Vec<String> = permissions
        .map(|permission| format!("  {permission}  {}", permission.describe()))
        .collect();
    lines.push(if permissions.is_empty() {
        "permissions: none".to_owned()
    } else {
        "permissions:".to_owned()
    });
    lines.extend(permissions);
    lines.join("\n")
}
