//! `claw list`: what is installed in this project, and what it may do.

use claw_package::PermissionSet;
use serde_json::{Value, json};

use super::Context;
use crate::failure::Outcome;
use crate::installed::Shelf;
use crate::lock::Locked;
use crate::output;
use crate::settings::Settings;
use crate::show;
use crate::store;

/// List the skills of this project and what each may do now.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let shelf = Shelf::open(&context.home)?;
    let mut rows = Vec::new();
    for locked in shelf.lock.skills.values() {
        rows.push(Row::of(context, &settings, &shelf, locked));
    }
    if context.json {
        let rows: Vec<_> = rows.iter().map(Row::to_json).collect();
        return output::json(&Value::Array(rows));
    }
    for row in &rows {
        row.print()?;
    }
    if rows.is_empty() {
        output::say("no skills are installed here");
        output::say("hint: claw add NAMESPACE/NAME");
    }
    Ok(())
}

/// One skill.
struct Row<'a> {
    locked: &'a Locked,
    yanked: bool,
    /// What it may do, or why it can't run.
    state: Result<PermissionSet, String>,
}

impl<'a> Row<'a> {
    fn of(context: &Context, settings: &Settings, shelf: &Shelf, locked: &'a Locked) -> Self {
        let state = shelf.get(&context.home, &locked.name);
        let state = state.map(|installed| installed.effective(settings, &PermissionSet::empty()));
        Row {
            locked,
            yanked: store::was_yanked(&context.home, &locked.name, &locked.note),
            state: state.map_err(|failure| failure.one_line()),
        }
    }

    fn print(&self) -> Outcome {
        let Locked { name, version, .. } = self.locked;
        let yanked = if self.yanked { " (yanked)" } else { "" };
        match &self.state {
            Ok(effective) => output::data(format_args!(
                "{name} {version}{yanked}  may: {}",
                show::one_line(effective)
            )),
            Err(problem) => output::data(format_args!(
                "{name} {version}{yanked}  can't run: {problem}"
            )),
        }
    }

    fn to_json(&self) -> Value {
        let Locked {
            name,
            version,
            origin,
            note,
            keyset,
            permissions,
            prefix,
        } = self.locked;
        json!({
            "name": name,
            "version": version,
            "origin": origin.as_str(),
            "note": note,
            "keyset": keyset.to_string(),
            "permissions": permissions,
            "prefix": prefix,
            "yanked": self.yanked,
            "effective": self.state.as_ref().ok(),
            "problem": self.state.as_ref().err(),
        })
    }
}
