//! `cargo claw publish`: signs the package and sends it to the registry that is logged in to.
//!
//! The registry is sent nothing before the note was verified here as everybody else will verify it.

use claw_package::{NoSink, Packed};
use claw_registry_api::{Visibility, paths};
use claw_registry_client::Standing;
use claw_trust::VerifiedRelease;
use serde_json::json;

use crate::commands::check;
use crate::credentials::Credentials;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::output::{Progress, Steps};
use crate::previous::{self, Compared, Since};
use crate::project::Project;
use crate::registry::Registry;
use crate::{compile, output, package, signing, standing};

/// Sign the skill and publish it
///
/// Whoever reaches the registry can read what is published there. A release never changes: publishing the same again
/// does nothing, and something else needs another version.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Make and check the package, say what would be published, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Who may read it
    #[arg(long, value_name = "public|private", default_value = "public", value_parser = visibility)]
    visibility: Visibility,
    /// A category, besides those in the manifest
    #[arg(long = "category", value_name = "CATEGORY")]
    categories: Vec<String>,
}

fn visibility(text: &str) -> Result<Visibility, String> {
    match text {
        "public" => Ok(Visibility::Public),
        "private" => Ok(Visibility::Private),
        _ => Err("it is `public` or `private`".to_owned()),
    }
}

/// Builds, packs, signs, uploads and publishes.
pub(crate) fn run(args: Args, json: bool) -> Outcome {
    if args.visibility == Visibility::Private {
        let failure = Failure::usage("private packages are not supported in this version");
        return Err(
            failure.hint("a registry that only your team reaches keeps packages to your team")
        );
    }
    let home = Home::from_environment()?;
    let credentials = Credentials::read(&home)?;
    // Who has to log in first learns it before anything is built.
    let login = if args.dry_run {
        credentials.current()
    } else {
        Some(credentials.needed()?)
    };
    let mut project = Project::here()?;
    for category in args.categories {
        if !project.manifest.categories.contains(&category) {
            project.manifest.categories.push(category);
        }
    }
    let built = compile::build(&project, Progress::beside(json))?;
    let mut warnings = check::not_run(&built.info.imports);
    let made = package::pack(&project, built)?;
    warnings.extend(made.warnings);
    let packed = made.packed;
    if !json {
        warnings.iter().for_each(output::warn);
    }
    let package = claw_package::read(packed.tarball.as_slice(), &mut NoSink);
    let package = package.or_fail(Kind::Bug, "the package that was made is no good package")?;
    if args.dry_run {
        let compared = previous::compare_where_possible(&project.manifest, &package.info)?;
        let registry = login.map(|(origin, _)| origin.as_str());
        dry_run(&packed, &package, registry, &compared, &warnings, json)?;
        return compared.judged();
    }

    let (origin, login) = credentials.needed()?;
    let registry = Registry::of_login(origin, login)?;
    let keyset = registry.learn_keyset(&home, project.manifest.name.namespace())?;
    // The registry refuses it too, but only when everything was sent.
    let since = previous::compare(&registry, &keyset, &project.manifest, &package.info)?;
    if let Some(refusal) = since.as_ref().and_then(Since::refusal) {
        return Err(refusal);
    }
    let key = signing::key_for(&home, &keyset)?;
    let note = signing::sign(&project, &packed, origin, keyset.reference(), &key);
    let release = VerifiedRelease::verify(&note, &keyset)
        .or_fail(Kind::Bug, "the release does not verify")?;
    release
        .check_package(&package)
        .or_fail(Kind::Bug, "the release does not verify")?;

    let tarball = packed.tarball_digest.digest;
    let steps = Steps::beside(json);
    if !registry.ask(|client| client.has_blob(&tarball))? {
        steps.begin(format_args!(
            "uploading {}",
            output::size(packed.tarball_digest.size)
        ));
        registry.ask(|client| client.upload_blob(&tarball, packed.tarball.clone()))?;
    }
    steps.begin("publishing");
    let accepted = registry.try_ask(|client| client.publish(note));
    let accepted = accepted
        .map_err(|error| standing::explained(error, &registry, &keyset, release.release()))?;
    let stands = accepted.answer.release;
    let is_new = accepted.standing == Standing::Created;
    if json {
        return output::json(&json!({
            "package": stands.package, "version": stands.version, "note": stands.note, "tarball": stands.tarball,
            "leaf": stands.leaf, "registry": registry.origin, "created": is_new, "warnings": warnings,
        }));
    }
    let title = format!("{}@{}", stands.package, stands.version);
    if let (true, Some(since)) = (is_new, &since) {
        output::say(since.lines().join("\n"));
    }
    if is_new {
        output::say(format_args!(
            "published {title} at `{}`, signed by `{}`",
            registry.origin,
            key.public().name()
        ));
    } else {
        output::say(format_args!(
            "{title} is published at `{}` already, with the same content",
            registry.origin
        ));
    }
    output::say(summary(&packed, &registry.address()));
    output::data(format_args!("{title} {}", stands.note))
}

/// What others get and what they type, for people.
fn summary(packed: &Packed, address: &str) -> String {
    let manifest = &packed.skill.manifest;
    let address = address.trim_end_matches('/');
    let mut lines = vec![format!(
        "  size      {} packed, {} the component",
        output::size(packed.tarball_digest.size),
        output::size(packed.component.size)
    )];
    if manifest.permissions.is_empty() {
        lines.push("  may       touch nothing outside of itself".to_owned());
    }
    for permission in manifest.permissions.iter() {
        lines.push(format!("  may       {}", permission.describe()));
    }
    lines.push(format!(
        "  link      {address}{}",
        paths::index(&manifest.name)
    ));
    lines.push(format!(
        "  to use it claw add {}@{}",
        manifest.name, manifest.version
    ));
    lines.join("\n")
}

/// Says what would be published.
fn dry_run(
    packed: &Packed,
    package: &claw_package::Package,
    registry: Option<&str>,
    compared: &Compared,
    warnings: &[String],
    json: bool,
) -> Outcome {
    let manifest = &packed.skill.manifest;
    if json {
        let files: Vec<_> = package
            .entries
            .iter()
            .map(|entry| json!({"path": entry.path, "size": entry.size}))
            .collect();
        return output::json(&json!({
            "package": manifest.name, "version": manifest.version, "tarball": packed.tarball_digest.digest,
            "size": packed.tarball_digest.size, "permissions": manifest.permissions, "files": files, "registry": registry,
            "warnings": warnings, "compared": compared.json(),
        }));
    }
    for entry in &package.entries {
        output::data(format_args!("{:>10}  {}", entry.size, entry.path))?;
    }
    output::data(format_args!("tarball {}", packed.tarball_digest))?;
    for permission in manifest.permissions.iter() {
        output::data(format_args!("asks for {permission}"))?;
    }
    compared.print()?;
    let at = registry.map_or_else(
        || "a registry that you log in to".to_owned(),
        |origin| format!("`{origin}`"),
    );
    output::say(format_args!(
        "would publish {}@{} at {at}; nothing was sent",
        manifest.name, manifest.version
    ));
    Ok(())
}
