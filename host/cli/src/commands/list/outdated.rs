//! `claw list --outdated`: which skills have newer releases, verified as far as they would be chosen.

use claw_package::{PackageName, Requirement, Version};
use serde_json::{Value, json};

use super::super::{Context, NetworkArgs, block_on};
use crate::failure::Outcome;
use crate::installed::Shelf;
use crate::output;
use crate::registry::Network;
use crate::resolve;

/// One skill that is not at its newest release.
struct Row {
    name: PackageName,
    version: Version,
    /// Why the locked release was taken back, if it was.
    yanked: Option<String>,
    /// What `claw update` would take.
    wanted: Option<Version>,
    /// The newest there is, whatever claw.toml asks for.
    newest: Option<Version>,
}

pub(super) fn run(args: NetworkArgs, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let mut shelf = Shelf::open(&context.home)?;
    let network = Network {
        settings: &settings,
        allow_http: args.allow_http,
    };
    let wishes = shelf.project.wishes()?.skills;
    let names: Vec<PackageName> = shelf.lock.names().into_iter().cloned().collect();
    let mut rows = Vec::new();
    let mut failed = None;
    for name in &names {
        let wish = wishes.get(name).map(|wish| &wish.requirement);
        let row = block_on(compare(&network, &mut shelf, name, wish));
        match row.map_err(|failure| failure.during(format!("could not look for `{name}`"))) {
            Ok(row) => rows.extend(row),
            // The others can be told all the same.
            Err(failure) => {
                output::warn(failure.one_line());
                failed = Some(failure);
            }
        }
    }
    if context.json {
        output::json(&Value::Array(rows.iter().map(Row::to_json).collect()))?;
    } else {
        rows.iter().try_for_each(Row::print)?;
    }
    if let Some(failure) = failed {
        return Err(failure);
    }
    if !context.json && rows.is_empty() {
        output::say(match names.is_empty() {
            true => "no skills are installed here",
            false => "every skill is at its newest release",
        });
    }
    Ok(())
}

/// What there is of one skill; none if it is at its newest release.
async fn compare(
    network: &Network<'_>,
    shelf: &mut Shelf,
    name: &PackageName,
    wish: Option<&Requirement>,
) -> Outcome<Option<Row>> {
    let Some(locked) = shelf.lock.get(name)?.cloned() else {
        return Ok(None);
    };
    let source = network
        .source_of(name.namespace(), None, &mut shelf.pins)
        .await?;
    let any = Requirement::any();
    let newest = resolve::highest_of(&source, name, &any).await?;
    let wanted = match wish {
        Some(requirement) => resolve::highest_of(&source, name, requirement).await?,
        None => newest.clone(),
    };
    let yanked = match resolve::locked(&source, &locked).await {
        Ok(offer) => offer.yank_reason(),
        // Whatever else is wrong with it is for `claw audit` to say.
        Err(_) => None,
    };
    let is_newer =
        |found: &Option<Version>| found.as_ref().is_some_and(|found| *found > locked.version);
    let moves = is_newer(&newest) || is_newer(&wanted) || yanked.is_some();
    Ok(moves.then(|| Row {
        name: name.clone(),
        version: locked.version.clone(),
        yanked,
        wanted,
        newest,
    }))
}

impl Row {
    fn print(&self) -> Outcome {
        let Row { name, version, .. } = self;
        let mut line = format!("{name} {version}");
        if let Some(reason) = &self.yanked {
            line.push_str(&format!(" (yanked: {reason})"));
        }
        match &self.wanted {
            Some(wanted) if wanted != version => {
                line.push_str(&format!("  claw update takes {wanted}"));
            }
            Some(_) => line.push_str("  claw.toml asks for no newer one"),
            None => line.push_str("  nothing that claw.toml asks for is left"),
        }
        if let Some(newest) = self.newest.as_ref().filter(|_| self.newest != self.wanted) {
            line.push_str(&format!("  newest: {newest}"));
        }
        output::data(line)
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "version": self.version,
            "yanked": self.yanked,
            "wanted": self.wanted,
            "newest": self.newest,
        })
    }
}
