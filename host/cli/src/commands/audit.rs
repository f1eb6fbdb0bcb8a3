//! `claw audit`: whether what was accepted here still stands.

use claw_host::grants::SecurityLevel;
use claw_package::PackageName;
use serde_json::json;

use super::{Context, NetworkArgs, block_on};
use crate::failure::{Failure, Kind, Outcome};
use crate::installed::Shelf;
use crate::output;
use crate::registry::Network;
use crate::resolve;
use crate::settings::Settings;
use crate::soundness::{Fault, Finding};
use crate::store;

/// Tell which skills of this project are yanked, changed or missing.
///
/// Each is compared with what you accepted: claw.lock, the installed files, and what its registry
/// has of it now. Without a network, or with --offline, what this machine knows is told all the
/// same. It changes nothing. Exit codes: 0 nothing was found, 4 something was, 7 nothing was, and a
/// registry did not answer.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Skills to look at; all of them by default.
    #[arg(value_name = "NAME", add = crate::completions::skills())]
    names: Vec<PackageName>,
    /// Ask no registry.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let settings = Settings {
        // Nothing is added to what is trusted here, so that there is nothing to be strict about.
        security: SecurityLevel::Moderate,
        ..context.settings()?
    };
    let mut shelf = Shelf::open(&context.home)?;
    let wished = shelf.project.wishes()?.skills;
    let known = |name: &PackageName| wished.contains_key(name) || shelf.lock.names().contains(name);
    if let Some(name) = args.names.iter().find(|name| !known(name)) {
        let failure = Failure::not_found(format!("`{name}` is not in this project"));
        return Err(failure.hint("claw list"));
    }
    let mut names: Vec<PackageName> = match args.names.is_empty() {
        true => wished.keys().chain(shelf.lock.names()).cloned().collect(),
        false => args.names.clone(),
    };
    names.sort();
    names.dedup();
    let network = Network {
        settings: &settings,
        allow_http: args.network.allow_http,
    };
    let mut findings = Vec::new();
    for name in &names {
        let before = findings.len();
        findings.extend(here(context, &shelf, name));
        if args.offline || shelf.lock.get(name).ok().flatten().is_none() {
            continue;
        }
        match block_on(there(&network, &mut shelf, name)) {
            Ok(finding) => {
                // What the registry says now stands in place of what it said once.
                findings
                    .retain(|known: &Finding| known.name != *name || known.fault != Fault::Yanked);
                findings.extend(finding);
            }
            Err(failure) => findings.push(failed(&shelf, name, failure)),
        }
        findings[before..].sort_by_key(|finding| finding.fault);
    }
    tell(context, &args, names.len(), &findings)
}

/// What this machine knows about one skill.
fn here(context: &Context, shelf: &Shelf, name: &PackageName) -> Vec<Finding> {
    let find = |fault, what: String| Finding::new(name, fault, what);
    let locked = match shelf.lock.get(name) {
        Err(failure) => return vec![Finding::of(name, Fault::Changed, failure)],
        Ok(None) => {
            let what = "it is in claw.toml, and not installed".to_owned();
            return vec![find(Fault::Missing, what).mend("claw install")];
        }
        Ok(Some(locked)) => locked,
    };
    let mut findings = Vec::new();
    let accepted = shelf.records.skills.get(name);
    let accepted = accepted.and_then(|record| record.accepted.as_ref());
    if accepted.is_none() {
        let what = "it is locked, and was not accepted on this machine".to_owned();
        findings.push(find(Fault::Missing, what).mend("claw install"));
    } else if !context.home.release_folder(name, &locked.note).exists() {
        let same = accepted.is_some_and(|accepted| accepted.note == locked.note);
        let (fault, what) = match same {
            true => (Fault::Missing, "its files are gone from this machine"),
            false => (
                Fault::Changed,
                "claw.lock names another release than the one accepted here",
            ),
        };
        findings.push(find(fault, what.to_owned()).mend("claw install"));
    } else if let Err(failure) = shelf.get(&context.home, name) {
        findings.push(Finding::of(name, Fault::Changed, failure));
    }
    if let Some(reason) = store::yank_reason(&context.home, name, &locked.note) {
        findings.push(yanked(name, &reason));
    }
    findings
        .into_iter()
        .map(|finding| finding.at(&locked.version))
        .collect()
}

/// What its registry says of one skill that it still has as it was locked.
async fn there(
    network: &Network<'_>,
    shelf: &mut Shelf,
    name: &PackageName,
) -> Outcome<Option<Finding>> {
    let source = network
        .source_of(name.namespace(), None, &mut shelf.pins)
        .await?;
    let Some(locked) = shelf.lock.get(name)? else {
        return Ok(None);
    };
    let offer = resolve::locked(&source, locked).await?;
    let reason = offer.yank_reason();
    Ok(reason.map(|reason| yanked(name, &reason).at(&locked.version)))
}

fn yanked(name: &PackageName, reason: &str) -> Finding {
    let finding = Finding::new(name, Fault::Yanked, format!("it was yanked: {reason}"));
    finding.mend(format!("claw update {name}"))
}

/// What it means that a registry could not give what is locked.
fn failed(shelf: &Shelf, name: &PackageName, failure: Failure) -> Finding {
    let fault = match failure.kind {
        Kind::Registry | Kind::Io => Fault::Unknown,
        Kind::NotFound | Kind::Usage => Fault::Missing,
        _ => Fault::Changed,
    };
    let finding = Finding::of(name, fault, failure);
    match shelf.lock.skills.get(name) {
        Some(locked) => finding.at(&locked.version),
        None => finding,
    }
}

fn tell(context: &Context, args: &Args, audited: usize, findings: &[Finding]) -> Outcome {
    if context.json {
        let list: Vec<_> = findings.iter().map(Finding::to_json).collect();
        output::json(&json!({"audited": audited, "offline": args.offline, "findings": list}))?;
    } else {
        findings.iter().try_for_each(Finding::print)?;
    }
    let (unknown, bad): (Vec<&Finding>, Vec<_>) = findings
        .iter()
        .partition(|finding| finding.fault == Fault::Unknown);
    let several = |count: usize, one: &str, more: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {more}"),
    };
    if !bad.is_empty() {
        let found = several(bad.len(), "thing is", "things are");
        let failure = Failure::verification(format!("{found} not as accepted"));
        return Err(match bad.iter().find_map(|finding| finding.mend.clone()) {
            Some(mend) => failure.hint(mend),
            None => failure,
        });
    }
    if !unknown.is_empty() {
        let count = several(unknown.len(), "skill", "skills");
        let message = format!("of {count} only what this machine knows could be told");
        return Err(Failure::new(Kind::Registry, message).hint("claw doctor"));
    }
    if !context.json {
        let where_told = if args.offline {
            ", as far as this machine knows"
        } else {
            ""
        };
        match audited {
            0 => output::say("no skills are in this project"),
            count => {
                let skills = several(count, "skill is", "skills are");
                output::data(format_args!("{skills} as accepted{where_told}"))?;
            }
        }
    }
    Ok(())
}
