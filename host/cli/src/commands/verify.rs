//! `claw verify`: checks a package file or an installed skill, and names the first thing that does
//! not hold.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use claw_host::{HostConfig, LoadError};
use claw_package::{NoSink, Package, PackageName};
use claw_trust::{Keyset, NOTE_BYTES_MAX, VerifiedRelease};
use serde_json::json;

use super::{Context, NetworkArgs, block_on};
use crate::durable::{self, Audience};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::installed::Shelf;
use crate::invoke;
use crate::output;
use crate::pins::Pins;
use crate::registry::Network;
use crate::resolve;
use crate::show;
use crate::store;

/// Verify a package file, or an installed skill.
///
/// A file is read as strictly as a registry reads it, then compared with its release note and the
/// keys of its namespace. An installed skill is compared with its note, lock, pins and compiled
/// code, and with its registry.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A .tar.gz file, or the name of an installed skill.
    #[arg(value_name = "FILE|NAME", add = crate::completions::skills_or_files())]
    what: String,
    /// The release note; by default FILE with .note in place of .tar.gz.
    #[arg(long, value_name = "FILE")]
    note: Option<PathBuf>,
    /// Check the file alone, without note and keys.
    #[arg(long, conflicts_with = "note")]
    structure_only: bool,
    /// Use only keys that are on this machine.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let path = Path::new(&args.what);
    match args.what.parse::<PackageName>() {
        Ok(name) if !path.is_file() => {
            if args.structure_only || args.note.is_some() {
                return Err(Failure::usage("--structure-only and --note are for files"));
            }
            installed(&args, context, &name)
        }
        _ => file(&args, context, path),
    }
}

fn file(args: &Args, context: &Context, path: &Path) -> Outcome {
    let act = || format!("`{}` does not hold", path.display());
    let file = File::open(path).map_err(|error| {
        let kind = if error.kind() == io::ErrorKind::NotFound {
            Kind::NotFound
        } else {
            Kind::Io
        };
        Failure {
            kind,
            error: anyhow::Error::new(error)
                .context(format!("could not read `{}`", path.display())),
            hint: None,
        }
    })?;
    let package = claw_package::read(file, &mut NoSink).or_fail(Kind::Verification, act())?;
    if args.structure_only {
        return report(context, &package, None);
    }
    let note = read_note(args, path)?;
    let namespace = package.skill.manifest.name.namespace().clone();
    let keyset = keyset(args, context, &namespace)?;
    let release = VerifiedRelease::verify(&note, &keyset).or_fail(Kind::Verification, act())?;
    release
        .check_package(&package)
        .or_fail(Kind::Verification, act())?;
    report(context, &package, Some(&release))
}

fn read_note(args: &Args, path: &Path) -> Outcome<Vec<u8>> {
    let beside = || {
        let text = path.to_string_lossy();
        let stem = text.strip_suffix(".tar.gz").unwrap_or(&text).to_owned();
        PathBuf::from(format!("{stem}.note"))
    };
    let note = args.note.clone().unwrap_or_else(beside);
    match durable::read(&note, NOTE_BYTES_MAX as u64, Audience::Everyone)? {
        Some(bytes) => Ok(bytes),
        None if args.note.is_some() => Err(Failure::not_found(format!(
            "there is no file `{}`",
            note.display()
        ))),
        None => {
            let failure = Failure::verification(format!(
                "`{}` is unsigned: there is no `{}`",
                path.display(),
                note.display()
            ));
            Err(failure.hint(
                "name the release note with --note, or check the file alone with --structure-only",
            ))
        }
    }
}

/// The keys of a namespace: from this machine where the pin says which, else from its registry.
fn keyset(args: &Args, context: &Context, namespace: &claw_package::Namespace) -> Outcome<Keyset> {
    let settings = context.settings()?;
    let mut pins = Pins::read(&context.home)?;
    let pin = pins.namespace(namespace);
    if let Some((keyset, _)) =
        pin.and_then(|pin| store::find_keyset(&context.home, namespace.as_str(), &pin.keyset))
    {
        return Ok(keyset);
    }
    if args.offline {
        let failure =
            Failure::verification(format!("no keyset of `{namespace}` is on this machine"));
        return Err(
            failure.hint("leave out --offline, or check the file alone with --structure-only")
        );
    }
    let network = Network {
        settings: &settings,
        allow_http: args.network.allow_http,
    };
    let source = block_on(network.source_of(namespace, None, &mut pins))?;
    if !source.pinned {
        output::warn(format_args!(
            "`{namespace}` is not trusted yet; its keys are {}",
            show::release_keys(&source.keyset)
        ));
    }
    Ok(source.keyset)
}

fn report(context: &Context, package: &Package, release: Option<&VerifiedRelease>) -> Outcome {
    let manifest = &package.skill.manifest;
    if context.json {
        return output::json(&json!({
            "verified": if release.is_some() { "signature" } else { "structure" },
            "name": manifest.name,
            "version": manifest.version,
            "tarball": package.tarball.digest,
            "content": package.content.digest,
            "component": package.component.digest,
            "permissions": manifest.permissions,
            "note": release.map(VerifiedRelease::note_digest),
            "origin": release.map(|release| release.release().registry.to_string()),
            "signer": release.map(show::signer),
        }));
    }
    let title = format!("{}@{}", manifest.name, manifest.version);
    match release {
        Some(release) => output::data(format_args!(
            "{title} holds: signed by {} for `{}`",
            show::signer(release),
            release.release().registry
        ))?,
        None => output::data(format_args!(
            "{title} holds in itself; who made it was not checked"
        ))?,
    }
    output::data(format_args!("  tarball {}", package.tarball))?;
    output::data(format_args!("  content {}", package.content))
}

fn installed(args: &Args, context: &Context, name: &PackageName) -> Outcome {
    let settings = context.settings()?;
    let mut shelf = Shelf::open(&context.home)?;
    let installed = shelf.get(&context.home, name)?;
    let host = invoke::host(HostConfig {
        cache: invoke::cache(&context.home),
        ..HostConfig::default()
    })?;
    match host.load(&installed.stored.component) {
        Ok(_) | Err(LoadError::NotEnforced(_)) => {}
        Err(error) => return Err(invoke::load_failure(error, &format!("`{name}`"))),
    }
    let mut yanked = None;
    if !args.offline {
        let network = Network {
            settings: &settings,
            allow_http: args.network.allow_http,
        };
        let offer = block_on(async {
            let source = network
                .source_of(name.namespace(), None, &mut shelf.pins)
                .await?;
            resolve::locked(&source, &installed.locked).await
        })?;
        yanked = offer.yank_reason();
    }
    if let Some(reason) = &yanked {
        output::warn(format_args!(
            "{} was yanked: {reason}",
            installed.stored.release.title()
        ));
    }
    let release = &installed.stored.release;
    if context.json {
        return output::json(&json!({
            "verified": "installed",
            "name": name,
            "version": release.release().version,
            "component": release.release().component.digest,
            "note": release.note_digest(),
            "origin": release.release().registry.as_str(),
            "signer": show::signer(release),
            "yanked": yanked,
        }));
    }
    output::data(format_args!(
        "{} holds as installed: signed by {} for `{}`",
        release.title(),
        show::signer(release),
        release.release().registry
    ))
}
