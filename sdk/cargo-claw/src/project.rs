//! The skill in the working folder: its manifest, and where its component comes from.
//!
//! Manifests are understood by `claw-package`; here they are found and read.

use std::fs;
use std::path::{Path, PathBuf};

use claw_package::{Manifest, ManifestError};
use toml::Value;

use crate::cargo::{self, CargoPackage};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::place;

/// A skill that is being written.
#[derive(Debug)]
pub(crate) struct Project {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// What it says of itself.
    pub(crate) manifest: Manifest,
    /// Where its component comes from.
    pub(crate) code: Code,
}

/// Where a component comes from.
#[derive(Debug)]
pub(crate) enum Code {
    /// Cargo compiles it.
    Rust(CargoPackage),
    /// Another tool has made it: `skill.wasm` in the skill's folder.
    Ready(PathBuf),
}

impl Project {
    /// The skill whose folder is `from` or the nearest above it.
    pub(crate) fn find(from: &Path) -> Outcome<Project> {
        for folder in from.ancestors() {
            if let Some(project) = Project::read(folder)? {
                return Ok(project);
            }
        }
        let failure = Failure::usage(format!(
            "there is no skill in `{}` or above it",
            from.display()
        ));
        Err(failure.hint("cargo claw new NAME"))
    }

    /// The skill of the working folder.
    pub(crate) fn here() -> Outcome<Project> {
        let folder =
            std::env::current_dir().or_fail(Kind::Io, "could not find the working folder")?;
        Project::find(&folder)
    }

    /// Where what is made of the skill goes.
    pub(crate) fn output(&self) -> PathBuf {
        match &self.code {
            Code::Rust(package) => package
                .target
                .join("claw")
                .join(self.manifest.name.namespace().as_str()),
            Code::Ready(_) => self.folder.join("dist"),
        }
    }

    fn read(folder: &Path) -> Outcome<Option<Project>> {
        let project = |manifest, code| {
            Some(Project {
                folder: folder.to_path_buf(),
                manifest,
                code,
            })
        };
        if let Some(text) = text(folder, "Cargo.toml")? {
            let at = || format!("`{}` is no manifest", folder.join("Cargo.toml").display());
            let document: toml::Table = toml::from_str(&text).or_fail(Kind::Usage, at())?;
            if lookup(&document, &["package", "metadata", "claw"]).is_some() {
                let package = cargo::package(folder)?;
                let workspace = self::text(&package.workspace, "Cargo.toml")?;
                let manifest = Manifest::from_cargo_toml_in_workspace(&text, workspace.as_deref());
                let manifest =
                    manifest.map_err(|error| wrong(folder, "Cargo.toml", &text, error))?;
                return Ok(project(manifest, Code::Rust(package)));
            }
        }
        for name in ["package.json", "skill.toml"] {
            let Some(text) = text(folder, name)? else {
                continue;
            };
            if name == "package.json" && !has_claw(&text) {
                continue;
            }
            let manifest = Manifest::parse(name, &text);
            let manifest = manifest.map_err(|error| wrong(folder, name, &text, error))?;
            return Ok(project(manifest, Code::Ready(folder.join("skill.wasm"))));
        }
        Ok(None)
    }
}

/// What is wrong with a manifest, and where.
fn wrong(folder: &Path, name: &str, text: &str, error: ManifestError) -> Failure {
    let place = place::of(&folder.join(name), text, &error);
    Failure {
        kind: Kind::Usage,
        error: anyhow::Error::new(error).context(format!("the manifest is wrong at {place}")),
        hint: None,
    }
}

/// The text of a file in `folder`, `None` if there is none.
fn text(folder: &Path, name: &str) -> Outcome<Option<String>> {
    let path = folder.join(name);
    if !path.is_file() {
        return Ok(None);
    }
    fs::read_to_string(&path)
        .or_fail(Kind::Io, format!("could not read `{}`", path.display()))
        .map(Some)
}

/// Whether a `package.json` is about a skill at all. One that does not parse is, when it speaks of one.
fn has_claw(text: &str) -> bool {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(document) => document.get("claw").is_some(),
        Err(_) => text.contains("\"claw\""),
    }
}

fn lookup<'a>(document: &'a toml::Table, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(document.get(*first)?, |value, key| value.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_of_another_language_is_found_from_below_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        assert!(Project::find(&folder.path().join("src")).is_err());
        let manifest = r#"{"name": "@acme/x", "version": "1.0.0", "description": "X.", "claw": {"permissions": []}}"#;
        fs::write(folder.path().join("package.json"), manifest).unwrap();
        let project = Project::find(&folder.path().join("src")).unwrap();
        assert_eq!(project.manifest.name.to_string(), "acme/x");
        assert!(matches!(project.code, Code::Ready(_)));
    }

    #[test]
    fn a_package_json_that_is_no_skill_is_passed_by() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("package.json"), r#"{"name": "x"}"#).unwrap();
        assert!(Project::find(folder.path()).is_err());
    }
}
