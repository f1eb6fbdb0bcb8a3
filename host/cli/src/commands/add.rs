//! `claw add`: finds a release, verifies it, asks for what it needs, and installs it.

use claw_host::Rebuild;
use claw_package::{Digest, PackageName, Permission, PermissionSet, Requirement, Spec};
use claw_trust::KeysetRef;
use serde_json::{Value, json};

use super::{Context, NetworkArgs, block_on};
use crate::consent::Flags;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::registry::Source;
use crate::resolve::{self, Offer};
use crate::session::{Arrival, Session, add_command};
use crate::show;
use crate::store;
use crate::wishes::Wish;

/// Add skills to the project: resolve, verify, ask, install.
///
/// The highest version that matches is taken, never a yanked one, and a pre-release only when the
/// requirement names one. What the skill asks for is shown in plain words and granted after one
/// yes. Without a terminal the namespace has to be trusted (`claw trust add`, or --trust) and
/// grants have to be given with --allow or refused with --no-grants.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// namespace/name, or namespace/name@REQUIREMENT such as acme/files@^1.2.
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<Spec>,
    /// Grant this without asking, for example filesystem.read=docs.
    #[arg(long, value_name = "PERMISSION", conflicts_with = "no_grants")]
    allow: Vec<Permission>,
    /// Grant nothing new, and do not ask.
    #[arg(long)]
    no_grants: bool,
    /// The digest of the namespace's keyset, from its owner: pins the namespace to it.
    #[arg(long, value_name = "KEYSET_DIGEST", value_parser = keyset_digest)]
    trust: Option<Digest>,
    #[command(flatten)]
    network: NetworkArgs,
}

/// `sha256:…`, or `1:sha256:…` as pins and locks write it.
pub(super) fn keyset_digest(text: &str) -> Result<Digest, String> {
    let short = text.parse::<Digest>();
    let long = text.parse::<KeysetRef>().map(|keyset| keyset.digest);
    short
        .or(long)
        .map_err(|_| "a keyset digest is sha256: and 64 hexadecimal digits".to_owned())
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let namespaces = args
        .specs
        .windows(2)
        .all(|pair| pair[0].name.namespace() == pair[1].name.namespace());
    if args.trust.is_some() && !namespaces {
        return Err(Failure::usage(
            "--trust names the keyset of one namespace, and these specs have more",
        ));
    }
    let mut session = Session::open(context)?;
    let flags = if args.no_grants {
        Flags::NoGrants
    } else if args.allow.is_empty() {
        Flags::Silent
    } else {
        Flags::Allow(PermissionSet::new(args.allow.iter().cloned()))
    };
    let mut added = Vec::new();
    let mut manifests = PermissionSet::empty();
    for spec in &args.specs {
        let skill = block_on(add(&mut session, spec, &flags, &args));
        let skill =
            skill.map_err(|failure| failure.during(format!("could not add `{}`", spec.name)))?;
        manifests = manifests.union(&skill.manifest);
        added.push(skill);
    }
    // A grant that nobody asks for is a typing error, and would look as if it gave something.
    if let Some(useless) = args.allow.iter().find(|permission| {
        manifests
            .meet(&PermissionSet::new([(*permission).clone()]))
            .is_empty()
    }) {
        let failure = Failure::usage(format!("no skill added here asks for `{useless}`"));
        return Err(failure.hint(format!("they ask for: {}", show::one_line(&manifests))));
    }
    session.commit()?;
    session.sweep(added.iter().map(|skill| &skill.name));
    if context.json {
        return output::json(
            &json!({"added": added.iter().map(Added::to_json).collect::<Vec<_>>()}),
        );
    }
    for skill in &added {
        output::data(format_args!("added {} {}", skill.name, skill.version))?;
        if !skill.manifest.is_empty() {
            output::say(format_args!("  may: {}", show::one_line(&skill.effective)));
        }
    }
    Ok(())
}

/// What became of one spec.
struct Added {
    name: PackageName,
    version: String,
    manifest: PermissionSet,
    granted: PermissionSet,
    /// What it may do now, levels and revocations included.
    effective: PermissionSet,
}

impl Added {
    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "version": self.version,
            "granted": self.granted,
            "effective": self.effective,
        })
    }
}

async fn add(session: &mut Session<'_>, spec: &Spec, flags: &Flags, args: &Args) -> Outcome<Added> {
    let name = &spec.name;
    let pinned = session.pins.namespace(name.namespace()).is_some();
    // `strict` takes nobody along with the first thing that is theirs, however it is said.
    let trust = args.trust.filter(|_| pinned || !session.is_strict());
    let source = session
        .source_of(name, trust, args.network.allow_http)
        .await?;
    if !source.pinned && session.is_strict() {
        let (namespace, origin) = (name.namespace(), &source.registry.origin);
        let message =
            format!("`{namespace}` is not pinned, and `strict` takes nobody on first use");
        let keyset = source.keyset.reference();
        let hint = format!("claw trust add {namespace} --origin {origin} --keyset {keyset}");
        return Err(Failure::refused(message).hint(hint));
    }
    let (offer, requirement) = choose(session, &source, spec).await?;
    let stored = store::install(session.home(), &source, &offer).await?;
    let manifest = stored.component.permissions().clone();
    let before = session
        .wishes
        .skills
        .get(name)
        .map(|wish| wish.grants.clone());
    let asked = match flags {
        Flags::Silent => before.clone().unwrap_or_else(|| manifest.clone()),
        Flags::Allow(allowed) => manifest
            .meet(allowed)
            .union(&before.clone().unwrap_or_default()),
        Flags::NoGrants => before.clone().unwrap_or_default(),
    };
    let arrival = Arrival {
        source: &source,
        offer: &offer,
        stored: &stored,
        wish: Wish {
            requirement,
            grants: asked,
        },
        flags,
        command: command(spec, &source, trust.filter(|_| !pinned), args),
    };
    let granted = session.adopt(&arrival)?;
    // What was said yes to beyond the old wishes becomes a wish, so that the next person is asked
    // for it as well.
    let wish = Wish {
        grants: arrival.wish.grants.union(&granted),
        ..arrival.wish
    };
    session.wish_answered(name, &wish)?;
    session.prepare(&stored, Rebuild::No)?;
    let version = offer.release.release().version.to_string();
    Ok(Added {
        name: name.clone(),
        version,
        effective: session.effective(name, &manifest),
        manifest,
        granted,
    })
}

/// The command as it was typed for this skill, but for its grants: nothing of a command that ends in a question is
/// kept, so that its answer has to say all of it again.
fn command(spec: &Spec, source: &Source, trust: Option<Digest>, args: &Args) -> String {
    let mut command = add_command(&spec.name, spec.requirement.as_ref());
    if trust.is_some() {
        command.push_str(&format!(" --trust {}", source.keyset.reference()));
    }
    if args.network.allow_http {
        command.push_str(" --allow-http");
    }
    command
}

/// The release to take, and the requirement to write down. A skill that is there stays at its
/// locked version until another requirement is typed or `claw update` moves it.
async fn choose(
    session: &Session<'_>,
    source: &Source,
    spec: &Spec,
) -> Outcome<(Offer, Requirement)> {
    if let Some(requirement) = &spec.requirement {
        return Ok((
            resolve::highest(source, &spec.name, requirement).await?,
            requirement.clone(),
        ));
    }
    let wish = session
        .wishes
        .skills
        .get(&spec.name)
        .map(|wish| wish.requirement.clone());
    if let (Some(requirement), Some(locked)) = (&wish, session.lock.get(&spec.name)?)
        && requirement.matches(&locked.version)
    {
        return Ok((resolve::locked(source, locked).await?, requirement.clone()));
    }
    let wanted = wish.clone().unwrap_or_else(Requirement::any);
    let offer = resolve::highest(source, &spec.name, &wanted).await?;
    let requirement = match wish {
        Some(requirement) => requirement,
        None => resolve::compatible_with(&offer.release.release().version)?,
    };
    Ok((offer, requirement))
}
