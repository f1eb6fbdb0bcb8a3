//! `claw install`: makes a project that somebody else wrote ready to run here.

use claw_host::Rebuild;
use claw_package::PackageName;
use claw_trust::TrustError;
use serde_json::json;

use super::{Context, NetworkArgs, block_on};
use crate::consent::Flags;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::lock::{Locked, altered_hint};
use crate::output;
use crate::registry::Source;
use crate::resolve::{self, Offer};
use crate::session::{Arrival, Session, add_command};
use crate::store::{self, Stored};
use crate::wishes::Wish;

/// Install what claw.toml and claw.lock name.
///
/// Locked versions are installed as they are, yanked ones with a warning; what is missing in the
/// lock is resolved. Wishes that were not answered on this machine are asked about once. Files of
/// installed skills that were removed or altered are fetched again.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Refuse if claw.lock would have to change.
    #[arg(long)]
    locked: bool,
    /// Compile again from the verified components.
    #[arg(long)]
    rebuild: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let mut session = Session::open(context)?;
    if args.locked {
        refuse_drift(&session)?;
    }
    let names = session.lock.names().into_iter();
    let gone = names.filter(|name| !session.wishes.skills.contains_key(name));
    let gone: Vec<PackageName> = gone.cloned().collect();
    for name in &gone {
        output::say(format_args!(
            "{name} is no longer in claw.toml, and leaves the lock"
        ));
        session.drop_skill(name);
    }
    let wanted: Vec<(PackageName, Wish)> = session
        .wishes
        .skills
        .iter()
        .map(|(name, wish)| (name.clone(), wish.clone()))
        .collect();
    let mut installed = Vec::new();
    for (name, wish) in wanted {
        let version = block_on(install(&mut session, &name, wish, &args));
        let version =
            version.map_err(|failure| failure.during(format!("could not install `{name}`")))?;
        installed.push((name, version));
    }
    session.commit()?;
    let names = installed.iter().map(|(name, _)| name);
    session.sweep(gone.iter().chain(names));
    if context.json {
        let installed: Vec<_> = installed
            .iter()
            .map(|(name, version)| json!({"name": name, "version": version}))
            .collect();
        return output::json(&json!({"installed": installed}));
    }
    for (name, version) in &installed {
        output::data(format_args!("installed {name} {version}"))?;
    }
    if installed.is_empty() {
        output::say("claw.toml names no skills");
    }
    Ok(())
}

async fn install(
    session: &mut Session<'_>,
    name: &PackageName,
    wish: Wish,
    args: &Args,
) -> Outcome<String> {
    let rebuild = if args.rebuild {
        Rebuild::Yes
    } else {
        Rebuild::No
    };
    let locked = session
        .lock
        .get(name)?
        .filter(|locked| wish.requirement.matches(&locked.version))
        .cloned();
    if let Some(owner) = locked
        .as_ref()
        .and_then(|locked| session.prefix_conflict(locked))
    {
        if args.locked {
            let failure =
                Failure::verification(format!("its prefix belongs to `{owner}` on this machine"));
            return Err(failure.hint("claw install"));
        }
        output::say(format_args!(
            "{name} gets another prefix for its tools: the locked one belongs to {owner} here"
        ));
    }
    let source = match session.source_of(name, None, args.network.allow_http).await {
        Ok(source) => source,
        Err(failure) => {
            // Everything may be here already; only whether it was yanked since can't be known.
            let Some(stored) = complete(session, &failure, locked.as_ref(), &wish) else {
                return Err(failure);
            };
            output::warn(format_args!(
                "{}; {name} is installed as it was",
                failure.one_line()
            ));
            session.prepare(&stored, rebuild)?;
            return Ok(stored.release.release().version.to_string());
        }
    };
    let offer = match &locked {
        Some(locked) => {
            let offer = resolve::locked(&source, locked).await?;
            matches_lock(locked, &source, &offer)?;
            offer
        }
        None => resolve::highest(&source, name, &wish.requirement).await?,
    };
    let stored = store::install(session.home(), &source, &offer).await?;
    let arrival = Arrival {
        source: &source,
        offer: &offer,
        stored: &stored,
        wish: wish.clone(),
        flags: &Flags::Silent,
        command: add_command(name, None),
    };
    session.adopt(&arrival)?;
    session.prepare(&stored, rebuild)?;
    Ok(offer.release.release().version.to_string())
}

/// A locked, accepted and undamaged release needs no registry.
fn complete(
    session: &Session<'_>,
    failure: &Failure,
    locked: Option<&Locked>,
    wish: &Wish,
) -> Option<Stored> {
    let locked = locked.filter(|_| failure.kind == Kind::Registry)?;
    let pin = session.pins.namespace(locked.name.namespace())?;
    let accepted = session
        .records
        .skills
        .get(&locked.name)?
        .accepted
        .as_ref()?;
    let same = accepted.note == locked.note
        && accepted.wishes == wish.grants.digest()
        && pin.origin == locked.origin
        && pin.keyset == locked.keyset;
    let stored = Stored::load(session.home(), &locked.name, &locked.note, &pin.keyset)
        .ok()
        .flatten()?;
    let said = stored.release.release();
    (same && said.version == locked.version && said.permissions == locked.permissions)
        .then_some(stored)
}

/// Every field of the lock against what is signed and pinned.
fn matches_lock(locked: &Locked, source: &Source, offer: &Offer) -> Outcome {
    let said = offer.release.release();
    let of = format!("`{}` in claw.lock", locked.name);
    let checked = TrustError::check(&of, "origin", &source.registry.origin, &locked.origin)
        .and_then(|()| TrustError::check(&of, "keyset", &said.keyset, &locked.keyset))
        .and_then(|()| TrustError::check(&of, "note", &offer.release.note_digest(), &locked.note))
        .and_then(|()| {
            TrustError::check(&of, "permissions", &said.permissions, &locked.permissions)
        });
    checked
        .or_fail(Kind::Verification, "claw.lock was altered")
        .map_err(|failure| failure.hint(altered_hint(&locked.name)))
}

/// With `--locked`, claw.toml and claw.lock name the same skills, and every locked version matches.
fn refuse_drift(session: &Session<'_>) -> Outcome {
    let refuse = |message: String| {
        let failure = Failure::verification(message).during("claw.lock does not fit claw.toml");
        Err(failure.hint("claw install"))
    };
    for (name, wish) in &session.wishes.skills {
        match session.lock.get(name)? {
            None => return refuse(format!("`{name}` is not locked")),
            Some(locked) if !wish.requirement.matches(&locked.version) => {
                return refuse(format!(
                    "`{name}` is locked at {}, which `{}` does not match",
                    locked.version, wish.requirement
                ));
            }
            Some(_) => {}
        }
    }
    let names = session.lock.names();
    let extra = names
        .into_iter()
        .find(|name| !session.wishes.skills.contains_key(name));
    match extra {
        Some(name) => refuse(format!("`{name}` is locked and not in claw.toml")),
        None => Ok(()),
    }
}
