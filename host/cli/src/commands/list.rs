//! `claw list`: what is installed in this project, and what it may do.

mod outdated;

use claw_package::{PackageName, PermissionSet};
use serde_json::{Value, json};

use super::{Context, NetworkArgs};
use crate::danger::{Holder, Warning};
use crate::failure::Outcome;
use crate::installed::Shelf;
use crate::lock::Locked;
use crate::output;
use crate::settings::Settings;
use crate::show;
use crate::store;

/// List the skills of this project and what each may do now.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ask the registries, and list only skills of which there are newer releases.
    #[arg(long)]
    outdated: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    if args.outdated {
        return outdated::run(args.network, context);
    }
    let settings = context.settings()?;
    let shelf = Shelf::open(&context.home)?;
    let mut rows = Vec::new();
    for name in shelf.lock.names() {
        rows.push(Row::of(context, &settings, &shelf, name));
    }
    let holders: Vec<_> = rows.iter().filter_map(Row::holder).collect();
    if context.json {
        if let Some(warning) = Warning::across(&holders) {
            warning.say(true);
        }
        let rows: Vec<_> = rows.iter().map(Row::to_json).collect();
        return output::json(&Value::Array(rows));
    }
    for row in &rows {
        row.print()?;
    }
    for warning in Warning::all(&holders) {
        warning.say(false);
    }
    if rows.is_empty() {
        output::say("no skills are installed here");
        output::say("hint: claw add NAMESPACE/NAME");
    }
    Ok(())
}

/// One skill.
struct Row<'a> {
    name: &'a PackageName,
    /// None where its entry was altered.
    locked: Option<&'a Locked>,
    yanked: bool,
    /// What was taken away from it, whatever else is granted.
    revoked: PermissionSet,
    /// What it may do, or why it can't run.
    state: Result<PermissionSet, String>,
}

impl<'a> Row<'a> {
    fn of(context: &Context, settings: &Settings, shelf: &'a Shelf, name: &'a PackageName) -> Self {
        let state = shelf.get(&context.home, name);
        let state = state.map(|installed| installed.effective(settings, &PermissionSet::empty()));
        let locked = shelf.lock.skills.get(name);
        let yanked =
            locked.is_some_and(|locked| store::was_yanked(&context.home, name, &locked.note));
        let record = shelf.records.skills.get(name);
        Row {
            name,
            locked,
            yanked,
            revoked: record.map_or_else(PermissionSet::empty, |record| record.revoked.clone()),
            state: state.map_err(|failure| failure.one_line()),
        }
    }

    fn holder(&self) -> Option<Holder> {
        let effective = self.state.as_ref().ok()?;
        Some((self.name.clone(), effective.clone()))
    }

    fn print(&self) -> Outcome {
        let name = self.name;
        let version = self
            .locked
            .map_or_else(String::new, |locked| format!(" {}", locked.version));
        let yanked = if self.yanked { " (yanked)" } else { "" };
        match &self.state {
            Ok(effective) => {
                let effective = show::one_line(effective);
                let revoked = match self.revoked.is_empty() {
                    true => String::new(),
                    false => format!("  revoked: {}", show::one_line(&self.revoked)),
                };
                output::data(format_args!(
                    "{name}{version}{yanked}  may: {effective}{revoked}"
                ))
            }
            Err(problem) => output::data(format_args!(
                "{name}{version}{yanked}  can't run: {}",
                output::continued(problem)
            )),
        }
    }

    fn to_json(&self) -> Value {
        let locked = self.locked;
        let effective = self.state.as_ref().ok();
        let name = self.name.to_string();
        let danger = effective.and_then(|effective| Warning::within(&name, effective));
        json!({
            "name": self.name,
            "version": locked.map(|locked| &locked.version),
            "origin": locked.map(|locked| locked.origin.as_str()),
            "note": locked.map(|locked| locked.note),
            "keyset": locked.map(|locked| locked.keyset.to_string()),
            "permissions": locked.map(|locked| locked.permissions),
            "prefix": locked.map(|locked| &locked.prefix),
            "yanked": self.yanked,
            "effective": effective,
            "danger": danger.as_ref().map(Warning::to_json),
            "revoked": &self.revoked,
            "problem": self.state.as_ref().err(),
        })
    }
}
