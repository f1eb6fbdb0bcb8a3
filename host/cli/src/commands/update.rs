//! `claw update`: resolves again, and stops when a release asks for more.

use claw_host::Rebuild;
use claw_package::{PackageName, Permission, Version};
use serde_json::{Value, json};

use super::{Context, NetworkArgs, block_on};
use crate::consent::Flags;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::resolve;
use crate::session::{Arrival, Session, add_command};
use crate::show;
use crate::store;

/// Move skills to the highest versions that claw.toml allows.
///
/// A release that asks for more than the one you accepted is shown with the difference and needs
/// your yes. If one skill is refused, none is moved.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Skills to move; all of them by default.
    #[arg(value_name = "NAME")]
    names: Vec<PackageName>,
    /// Show what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

/// One skill, before and after.
struct Move {
    name: PackageName,
    from: Option<Version>,
    to: Version,
    grown: Vec<Permission>,
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
    let names: Vec<PackageName> = if args.names.is_empty() {
        session.wishes.skills.keys().cloned().collect()
    } else {
        args.names.clone()
    };
    let mut moves = Vec::new();
    for name in names {
        let moved = block_on(update(&mut session, &name, &args));
        moves.push(moved.map_err(|failure| failure.during(format!("could not update `{name}`")))?);
    }
    if !args.dry_run {
        session.commit()?;
        session.sweep(moves.iter().map(|moved| &moved.name));
    }
    if context.json {
        let updates: Vec<_> = moves.iter().map(Move::to_json).collect();
        return output::json(&json!({"dry_run": args.dry_run, "updates": updates}));
    }
    moves.iter().try_for_each(|moved| moved.print(args.dry_run))
}

async fn update(session: &mut Session<'_>, name: &PackageName, args: &Args) -> Outcome<Move> {
    let Some(wish) = session.wishes.skills.get(name).cloned() else {
        return Err(Failure::not_found(format!("`{name}` is not in claw.toml")));
    };
    let from = session
        .lock
        .skills
        .get(name)
        .map(|locked| locked.version.clone());
    let source = session
        .source_of(name, None, args.network.allow_http)
        .await?;
    let offer = resolve::highest(&source, name, &wish.requirement).await?;
    let to = offer.release.release().version.clone();
    let grown = session.grown_in(name, &offer);
    if args.dry_run {
        return Ok(Move {
            name: name.clone(),
            from,
            to,
            grown,
        });
    }
    let stored = store::install(session.home(), &source, &offer).await?;
    let arrival = Arrival {
        source: &source,
        offer: &offer,
        stored: &stored,
        wish: wish.clone(),
        flags: &Flags::Silent,
        command: add_command(name, Some(&wish.requirement)),
    };
    let granted = session.adopt(&arrival)?;
    let manifest = stored.component.permissions().clone();
    // Growth that was accepted is a wish from now on.
    let accepted = grown
        .iter()
        .filter(|permission| granted.covers(permission))
        .cloned()
        .collect();
    session.wish_answered(
        name,
        &crate::wishes::Wish {
            grants: wish.grants.union(&manifest.meet(&accepted)),
            ..wish
        },
    )?;
    session.prepare(&stored, Rebuild::No)?;
    Ok(Move {
        name: name.clone(),
        from,
        to,
        grown,
    })
}

impl Move {
    fn to_json(&self) -> Value {
        json!({"name": self.name, "from": self.from, "to": self.to, "grown": self.grown})
    }

    fn print(&self, dry_run: bool) -> Outcome {
        let Move {
            name,
            from,
            to,
            grown,
        } = self;
        let line = match from {
            Some(from) if from == to => format!("{name} {to} is current"),
            Some(from) if dry_run => format!("{name} {from} would become {to}"),
            Some(from) => format!("updated {name} {from} to {to}"),
            None if dry_run => format!("{name} would be locked at {to}"),
            None => format!("locked {name} {to}"),
        };
        output::data(line)?;
        if dry_run && !grown.is_empty() {
            output::data(format_args!(
                "it asks for more, and would need your yes:\n{}",
                show::permissions(grown, "  + ")
            ))?;
        }
        Ok(())
    }
}
