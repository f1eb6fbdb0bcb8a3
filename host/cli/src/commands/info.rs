//! `claw info`: what a skill is, before or after it is added. It changes nothing.

use claw_package::{PermissionSet, Requirement, SkillJson, Spec};
use claw_trust::VerifiedRelease;
use serde_json::{Value, json};

use super::{Context, NetworkArgs, block_on};
use crate::danger::Warning;
use crate::failure::Outcome;
use crate::installed::{Installed, Shelf};
use crate::output;
use crate::registry::{Network, Source};
use crate::resolve;
use crate::settings::Settings;
use crate::show;
use crate::store;

/// Show a skill: its actions, what it asks for, and who signed it.
///
/// An installed skill is read from this machine, anything else from its registry. What is shown was
/// verified; only whether the signer is whom you think is left to you.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// namespace/name, or namespace/name@REQUIREMENT.
    #[arg(value_name = "SPEC", add = crate::completions::skills())]
    spec: Spec,
    #[command(flatten)]
    network: NetworkArgs,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let shelf = Shelf::open(&context.home)?;
    let requirement = args.spec.requirement.clone();
    let locked = shelf.lock.get(&args.spec.name)?;
    if locked.is_some_and(|locked| {
        requirement
            .as_ref()
            .is_none_or(|requirement| requirement.matches(&locked.version))
    }) {
        let installed = shelf.get(&context.home, &args.spec.name)?;
        return print(&Facts::installed(&installed, &settings)?, context);
    }
    let facts = block_on(offered(&args, &settings, shelf))?;
    print(&facts, context)
}

/// Everything that is shown.
struct Facts {
    release: VerifiedRelease,
    skill: SkillJson,
    address: Option<String>,
    pinned: bool,
    /// What it may do here; none where it is not installed.
    effective: Option<PermissionSet>,
    versions: Vec<Value>,
}

impl Facts {
    fn installed(installed: &Installed, settings: &Settings) -> Outcome<Self> {
        let skill = installed.stored.skill_json()?;
        let effective = installed.effective(settings, &PermissionSet::empty());
        Ok(Facts {
            release: installed.stored.release.clone(),
            skill,
            address: None,
            pinned: true,
            effective: Some(effective),
            versions: Vec::new(),
        })
    }
}

async fn offered(args: &Args, settings: &Settings, mut shelf: Shelf) -> Outcome<Facts> {
    let name = &args.spec.name;
    let network = Network {
        settings,
        allow_http: args.network.allow_http,
    };
    let source: Source = network
        .source_of(name.namespace(), None, &mut shelf.pins)
        .await?;
    let any = Requirement::any();
    let requirement = args.spec.requirement.as_ref().unwrap_or(&any);
    let versions = resolve::index(&source, name).await?;
    let versions = versions
        .iter()
        .map(|line| json!({"version": line.version, "yanked": line.yanked.is_some()}))
        .collect();
    let offer = resolve::highest(&source, name, requirement).await?;
    let package = store::look(&source, &offer).await?;
    Ok(Facts {
        skill: package.skill,
        address: Some(source.registry.address),
        pinned: source.pinned,
        effective: None,
        versions,
        release: offer.release,
    })
}

fn print(facts: &Facts, context: &Context) -> Outcome {
    let (said, manifest) = (facts.release.release(), &facts.skill.manifest);
    let actions = &facts.skill.derived.actions;
    // Of one that is not installed, what it asks for: nothing else is known.
    let powers = facts.effective.as_ref().unwrap_or(&manifest.permissions);
    let danger = Warning::within(&said.package.to_string(), powers);
    if context.json {
        return output::json(&json!({
            "name": said.package,
            "version": said.version,
            "description": manifest.description,
            "license": manifest.license,
            "repository": manifest.repository,
            "origin": said.registry.as_str(),
            "address": facts.address,
            "note": facts.release.note_digest(),
            "keyset": said.keyset.to_string(),
            "signer": show::signer(&facts.release),
            "trusted": facts.pinned,
            "permissions": manifest.permissions,
            "effective": facts.effective,
            "danger": danger.as_ref().map(Warning::to_json),
            "actions": actions,
            "versions": facts.versions,
        }));
    }
    output::data(facts.release.title())?;
    if !manifest.description.is_empty() {
        output::data(format_args!("  {}", manifest.description))?;
    }
    let trusted = if facts.pinned {
        ""
    } else {
        "  (not trusted yet)"
    };
    output::data(format_args!(
        "  from `{}`, signed by {}{trusted}",
        said.registry,
        show::signer(&facts.release)
    ))?;
    output::data(format_args!("  keyset {}", said.keyset))?;
    if manifest.permissions.is_empty() {
        output::data("  asks for nothing")?;
    } else {
        output::data(format_args!(
            "  asks to:\n{}",
            show::permissions(&manifest.permissions, "    ")
        ))?;
    }
    if let Some(effective) = &facts.effective {
        output::data(format_args!("  may now: {}", show::one_line(effective)))?;
    }
    if let Some(danger) = &danger {
        let would = match facts.effective {
            Some(_) => "beware",
            None => "beware, if all of it is granted",
        };
        output::data(format_args!(
            "  {would}: {}",
            output::continued(&danger.text())
        ))?;
    }
    output::data("  actions:")?;
    for action in actions {
        output::data(format_args!("    {}", action.call()))?;
        if let Some(description) = &action.description {
            for line in description.lines() {
                output::data(format_args!("      {line}"))?;
            }
        }
    }
    let others: Vec<_> = facts
        .versions
        .iter()
        .filter_map(|version| version["version"].as_str())
        .collect();
    if !others.is_empty() {
        output::data(format_args!("  versions: {}", others.join(", ")))?;
    }
    Ok(())
}
