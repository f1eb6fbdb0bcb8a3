//! `claw update`: resolves again, shows what would be different, and asks once for all of it.

mod difference;

use claw_host::Rebuild;
use claw_package::{PackageName, PermissionSet, Version};
use serde_json::json;

use super::{Context, NetworkArgs, block_on};
use crate::consent::Flags;
use crate::failure::{Failure, Kind, Outcome};
use crate::output;
use crate::registry::Source;
use crate::resolve::{self, Offer};
use crate::session::{Arrival, Considered, Session, add_command, ask};
use crate::store::{self, Stored};
use crate::wishes::Wish;
use difference::Difference;

/// Move skills to the highest versions that claw.toml allows.
///
/// What changes is shown for each: its version, what it asks for, and what its actions take and
/// give. Everything is asked in one question; without a terminal only a release that asks for more
/// than the one you accepted stops. If the answer is no, none is moved.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Skills to move; all of them by default.
    #[arg(value_name = "NAME", add = crate::completions::skills())]
    names: Vec<PackageName>,
    /// Show what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

/// A skill whose release was found.
struct Candidate {
    name: PackageName,
    wish: Wish,
    source: Source,
    offer: Offer,
    /// What was locked and accepted before.
    from: Option<Version>,
    before: Option<Stored>,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let mut session = Session::open(context)?;
    if let Some(name) = args
        .names
        .iter()
        .find(|name| !session.wishes.skills.contains_key(name))
    {
        let failure = Failure::not_found(format!("`{name}` is not in claw.toml"));
        return Err(failure.hint(format!("claw add {name}")));
    }
    let mut names: Vec<PackageName> = if args.names.is_empty() {
        session.wishes.skills.keys().cloned().collect()
    } else {
        args.names.clone()
    };
    names.sort();
    names.dedup();
    let mut candidates = Vec::new();
    for name in &names {
        let candidate =
            block_on(look(&mut session, name, &args)).map_err(|failure| during(name, failure))?;
        candidates.push(candidate);
    }
    let differences = if args.dry_run {
        let mut differences = Vec::new();
        for candidate in &candidates {
            let difference =
                block_on(preview(candidate)).map_err(|failure| during(&candidate.name, failure))?;
            differences.push(difference);
        }
        differences
    } else {
        let moved = make(&mut session, &candidates);
        // What was downloaded and is not accepted goes, and so does what was replaced.
        session.sweep(&names);
        moved?
    };
    if context.json {
        let updates: Vec<_> = differences.iter().map(Difference::to_json).collect();
        return output::json(&json!({"dry_run": args.dry_run, "updates": updates}));
    }
    for difference in &differences {
        output::data(difference.headline(args.dry_run))?;
        if args.dry_run {
            output::lines(&difference.details())?;
        }
    }
    if differences.is_empty() {
        output::say("claw.toml names no skills");
        output::say("hint: claw add NAMESPACE/NAME");
    }
    Ok(())
}

fn during(name: &PackageName, failure: Failure) -> Failure {
    failure.during(format!("could not update `{name}`"))
}

async fn look(session: &mut Session<'_>, name: &PackageName, args: &Args) -> Outcome<Candidate> {
    let Some(wish) = session.wishes.skills.get(name).cloned() else {
        return Err(Failure::not_found(format!("`{name}` is not in claw.toml")));
    };
    let locked = session.lock.skills.get(name);
    let from = locked.map(|locked| locked.version.clone());
    let source = session
        .source_of(name, None, args.network.allow_http)
        .await?;
    let offer = resolve::highest(&source, name, &wish.requirement).await?;
    Ok(Candidate {
        name: name.clone(),
        wish,
        before: session.accepted_release(name),
        source,
        offer,
        from,
    })
}

/// What an update would change, with nothing kept of it.
async fn preview(candidate: &Candidate) -> Outcome<Difference> {
    if candidate.is_current() {
        return Ok(candidate.unchanged());
    }
    let package = store::look(&candidate.source, &candidate.offer).await?;
    let permissions = &package.skill.manifest.permissions;
    Ok(candidate.difference(permissions, &package.component_bytes))
}

/// Brings all releases in, asks once, and moves every skill or none.
fn make(session: &mut Session<'_>, candidates: &[Candidate]) -> Outcome<Vec<Difference>> {
    let mut stored = Vec::new();
    for candidate in candidates {
        let installed = store::install(session.home(), &candidate.source, &candidate.offer);
        let installed = block_on(installed);
        stored.push(installed.map_err(|failure| during(&candidate.name, failure))?);
    }
    let flags = Flags::Silent;
    let pairs = candidates.iter().zip(&stored);
    let arrivals: Vec<_> = pairs
        .map(|(candidate, stored)| Arrival {
            source: &candidate.source,
            offer: &candidate.offer,
            stored,
            wish: candidate.wish.clone(),
            flags: &flags,
            command: add_command(&candidate.name, Some(&candidate.wish.requirement)),
        })
        .collect();
    let considered: Vec<_> = arrivals
        .iter()
        .map(|arrival| session.consider(arrival))
        .collect();
    let differences: Vec<_> = candidates
        .iter()
        .zip(&stored)
        .map(|(candidate, stored)| match candidate.is_current() {
            true => candidate.unchanged(),
            false => {
                let component = &stored.component;
                candidate.difference(component.permissions(), component.bytes())
            }
        })
        .collect();
    let pairs: Vec<_> = arrivals.iter().zip(&considered).collect();
    session.warn_of(&pairs);
    ask_once(&arrivals, &considered, &differences)?;
    for (arrival, considered) in arrivals.iter().zip(considered) {
        settle(session, arrival, considered)?;
    }
    session.commit()?;
    Ok(differences)
}

/// Shows what is new, and asks for all of it together.
fn ask_once(
    arrivals: &[Arrival],
    considered: &[Considered],
    differences: &[Difference],
) -> Outcome {
    let mut requests = Vec::new();
    let mut unanswered = Vec::new();
    let mut may_ask = output::somebody_is_there();
    let mut moves = 0;
    for ((arrival, considered), difference) in arrivals.iter().zip(considered).zip(differences) {
        if considered.is_new {
            moves += 1;
            output::say_lines(ask::origin(arrival));
            output::say_lines(output::indented(&difference.details()));
        }
        if let Some(open) = &considered.open {
            may_ask &= open.may_ask;
            requests.extend(ask::requests(arrival, open));
            unanswered.push(ask::unanswered(arrival, open));
        }
    }
    if may_ask && (moves > 0 || !requests.is_empty()) {
        let first = match moves {
            0 | 1 => "update".to_owned(),
            count => format!("update {count} skills"),
        };
        requests.insert(0, first);
        let mut said = Vec::new();
        for request in requests {
            // Several may want the same thing said.
            if !said.contains(&request) {
                said.push(request);
            }
        }
        if output::ask(&ask::question(&said))? {
            return Ok(());
        }
        return Err(Failure::refused("you said no, and nothing was moved"));
    }
    let mut unanswered = unanswered.into_iter();
    let Some(first) = unanswered.next() else {
        return Ok(());
    };
    // Each has a command of its own; nothing is moved before all are answered.
    let others: Vec<_> = unanswered.map(|failure| failure.one_line()).collect();
    if others.is_empty() {
        return Err(first);
    }
    let hint = first.hint.clone();
    let message = format!("{}; and {}", first.one_line(), others.join("; and "));
    let failure = Failure::new(Kind::Refused, message);
    Err(match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}

fn settle(session: &mut Session<'_>, arrival: &Arrival, considered: Considered) -> Outcome {
    let name = arrival.stored.release.release().package.clone();
    let grown = considered.grown.clone();
    let granted = session.settle(arrival, considered)?;
    let manifest = arrival.stored.component.permissions();
    // Growth that was accepted is a wish from now on.
    let accepted = grown.iter().filter(|permission| granted.covers(permission));
    let accepted = PermissionSet::new(accepted.cloned());
    let wish = Wish {
        grants: arrival.wish.grants.union(&manifest.meet(&accepted)),
        ..arrival.wish.clone()
    };
    session.wish_answered(&name, &wish)?;
    session.prepare(arrival.stored, Rebuild::No)
}

impl Candidate {
    /// Whether nothing moves. Where the accepted release is gone from this machine, its version says
    /// so: a release never changes.
    fn is_current(&self) -> bool {
        let found = &self.offer.release;
        let before = self.before.as_ref();
        self.from.as_ref() == Some(&found.release().version)
            && before.is_none_or(|before| before.release.note_digest() == found.note_digest())
    }

    fn unchanged(&self) -> Difference {
        let to = self.offer.release.release().version.clone();
        Difference::none(self.name.clone(), self.from.clone(), to)
    }

    fn difference(&self, permissions: &PermissionSet, component: &[u8]) -> Difference {
        let before = self.before.as_ref();
        let mut difference = self.unchanged();
        difference.compare_permissions(
            before.map(|before| before.component.permissions()),
            permissions,
        );
        if let Some(before) = before {
            difference.compare_interfaces(before.component.bytes(), component);
        }
        difference
    }
}
