//! `cargo claw check`: whether the skill keeps the rules that a package has to keep, and what else would help its users.
//!
//! What would not pack is an error; what only makes a skill harder to use is a warning.

use claw_package::{Action, ComponentInfo, Gate, Import, ImportClass, Permission};
use serde_json::json;

use crate::compile::{self, Built};
use crate::failure::Outcome;
use crate::output::Progress;
use crate::previous;
use crate::project::Project;
use crate::{output, package, unused};

/// Check what the skill asks for, offers and says of itself, and what changes since its last release
///
/// Refuses what would not pack or not be published: imports without a permission, secrets in files, a version that is too
/// near to the last release for what changes. Warns of permissions that nothing uses, of files that look packed by mistake, and
/// of what has no comment. The last release is taken from the registry that is logged in to; without one nothing is compared.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Builds, checks, and prints what the skill is.
pub(crate) fn run(_args: Args, json: bool) -> Outcome {
    let project = Project::here()?;
    let built = compile::build(&project, Progress::beside(json))?;
    let manifest = &project.manifest;
    let mut warnings = warnings(&built);
    warnings.extend(unused::warnings(&manifest.permissions, &built.info.imports));
    let (info, toolchain) = (built.info.clone(), built.toolchain.clone());
    let made = package::pack(&project, built)?;
    warnings.extend(made.warnings);
    let compared = previous::compare_where_possible(manifest, &info)?;
    if json {
        output::json(&json!({
            "name": manifest.name, "version": manifest.version, "permissions": manifest.permissions,
            "actions": info.actions, "imports": info.imports.iter().map(|import| &import.name).collect::<Vec<_>>(),
            "toolchain": {"compiler": toolchain.compiler, "target": toolchain.target, "builder": toolchain.builder},
            "size": made.packed.tarball_digest.size, "warnings": warnings,
            "compared": compared.json(),
        }))?;
        return compared.judged();
    }
    for warning in &warnings {
        output::warn(warning);
    }
    output::data(format_args!("{} {}", manifest.name, manifest.version))?;
    output::data(described(&info, manifest.permissions.iter()))?;
    compared.print()?;
    compared.judged()
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
        None => warnings.extend(undescribed(&built.info.actions)),
    }
    warnings.extend(not_run(&built.info.imports));
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

/// The actions without a comment in a component that was made elsewhere, which brings its own.
fn undescribed(actions: &[Action]) -> Option<String> {
    let missing: Vec<&str> = actions
        .iter()
        .filter(|action| action.description.is_none())
        .map(|action| action.name.as_str())
        .collect();
    if missing.is_empty() {
        return None;
    }
    Some(format!(
        "neither the component nor a `wit/` folder says what these are for: {}",
        missing.join(", ")
    ))
}

/// What the component imports that packs, and that not every `claw` lets it use.
pub(crate) fn not_run(imports: &[Import]) -> Vec<String> {
    let gated = imports.iter().filter_map(|import| match import.class {
        ImportClass::Gated(gate @ Gate::Process) => Some(format!(
            "it imports `{}`, and claw runs what needs `{}` on Linux alone: elsewhere nobody can call it",
            import.name,
            gate.capability()
        )),
        ImportClass::Gated(Gate::Http | Gate::Sockets)
        | ImportClass::Ambient
        | ImportClass::Unknown => None,
    });
    gated.collect()
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
            .map(|action| format!("  {}", action.call())),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_packs_and_does_not_run_is_named() {
        let import = |name: &str, class| Import {
            name: name.to_owned(),
            class,
        };
        let imports = [
            import("wasi:io/error@0.2.6", ImportClass::Ambient),
            import("wasi:http/types@0.2.6", ImportClass::Gated(Gate::Http)),
            import("wasi:sockets/tcp@0.2.6", ImportClass::Gated(Gate::Sockets)),
            import(
                "claw:skill/process@0.1.0",
                ImportClass::Gated(Gate::Process),
            ),
        ];
        let [warning] = not_run(&imports).try_into().unwrap();
        assert!(warning.contains("claw:skill/process@0.1.0") && warning.contains("`process`"));
    }

    #[test]
    fn a_component_from_elsewhere_describes_its_actions_itself() {
        let action = |description: Option<&str>| Action {
            name: "read".to_owned(),
            interface: None,
            function: "read".to_owned(),
            signature: "read: func()".to_owned(),
            description: description.map(str::to_owned),
            input_schema: json!({}),
            output_schema: json!({}),
            not_callable: None,
        };
        assert_eq!(undescribed(&[action(Some("Reads."))]), None);
        assert!(undescribed(&[action(None)]).unwrap().ends_with(": read"));
    }
}
