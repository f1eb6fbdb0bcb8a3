//! `cargo claw pack`: the package file, and the release note beside it when all that signs it is at hand.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::output::Progress;
use crate::project::Project;
use crate::{compile, keys, output, package, signing};

/// Make the package file of the skill, and its release note when a key is at hand
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to write it [default: NAME-VERSION.tar.gz in the target folder]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Builds, packs, and prints where the package is.
pub(crate) fn run(args: Args, json: bool) -> Outcome {
    let project = Project::here()?;
    let built = compile::build(&project, Progress::beside(json))?;
    let made = package::pack(&project, built)?;
    made.warnings.iter().for_each(output::warn);
    let packed = made.packed;
    let path = args
        .output
        .unwrap_or_else(|| project.output().join(packed.file_name()));
    let note_path = note_path(&path)?;
    // A note beside a package that is not the one it was made for would only be refused.
    remove_old(&note_path)?;
    compile::write(&path, &packed.tarball)?;
    let home = Home::from_environment()?;
    let note = match signing::at_hand(&home, &project)? {
        Ok(with) => {
            let key = keys::unlock(&home, &with.key)?;
            compile::write(
                &note_path,
                &signing::sign(&project, &packed, &with.origin, with.keyset, &key),
            )?;
            Some(&note_path)
        }
        Err(missing) => {
            output::say(format_args!("packed without a release note: {missing}"));
            None
        }
    };
    if json {
        return output::json(&json!({
            "package": path, "note": note, "tarball": packed.tarball_digest.digest, "size": packed.tarball_digest.size,
            "content": packed.content.digest, "component": packed.component.digest,
        }));
    }
    output::say(format_args!("tarball {}", packed.tarball_digest));
    output::say(format_args!("content {}", packed.content));
    output::data(path.display())?;
    note.map_or(Ok(()), |note| output::data(note.display()))
}

/// Where `claw verify` looks for the note of a package file.
fn note_path(package: &Path) -> Outcome<PathBuf> {
    let name = package.file_name().and_then(|name| name.to_str());
    let stem = name
        .and_then(|name| name.strip_suffix(".tar.gz"))
        .filter(|stem| !stem.is_empty());
    let stem = stem.ok_or_else(|| {
        Failure::usage(format!("`{}` does not end in .tar.gz", package.display()))
    })?;
    Ok(package.with_file_name(format!("{stem}.note")))
}

/// Removes the note of an earlier package, which is not the note of this one.
fn remove_old(note: &Path) -> Outcome {
    match std::fs::remove_file(note) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).or_fail(
            Kind::Io,
            format!("could not remove the old `{}`", note.display()),
        ),
        _ => Ok(()),
    }
}
