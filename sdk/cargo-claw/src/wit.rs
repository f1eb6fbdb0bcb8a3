//! The author's `wit/` folder: what the skill promises, before anything is compiled.
//!
//! It decides nothing about permissions: those are decided on the component, which is what runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use claw_package::{ComponentError, PackageName, WitFile};
use wit_parser::{InterfaceId, PackageId, Resolve, WorldId, WorldItem, WorldKey};

use crate::failure::{Failure, Kind, OrFail, Outcome};

/// The world that a skill implements.
const WORLD: &str = "skill";

/// A `wit/` folder that was read, with its world `skill`.
#[derive(Debug)]
pub(crate) struct Wit {
    resolve: Resolve,
    package: PackageId,
    world: WorldId,
    folder: PathBuf,
}

impl Wit {
    /// Reads `wit/` in the folder of a skill; `None` if there is none.
    pub(crate) fn read(folder: &Path) -> Outcome<Option<Wit>> {
        let path = folder.join("wit");
        if !path.is_dir() {
            return Ok(None);
        }
        let mut resolve = Resolve::default();
        let read = resolve
            .push_dir(&path)
            .map_err(|error| anyhow::anyhow!("{error:#}"));
        let (package, _) =
            read.or_fail(Kind::Check, format!("could not read `{}`", path.display()))?;
        let Some(&world) = resolve.packages[package].worlds.get(WORLD) else {
            let name = &resolve.packages[package].name;
            let failure = Failure::new(
                Kind::Check,
                format!("the WIT package `{name}` has no world `{WORLD}`"),
            );
            return Err(failure.hint("declare `world skill { … }` in wit/world.wit"));
        };
        Ok(Some(Wit {
            resolve,
            package,
            world,
            folder: path,
        }))
    }

    /// Refuses a WIT package that is not called like the skill.
    pub(crate) fn check_name(&self, name: &PackageName) -> Outcome {
        let found = &self.resolve.packages[self.package].name;
        let expected = name.wit();
        let actual = format!("{}:{}", found.namespace, found.name);
        if actual == expected {
            return Ok(());
        }
        let message = format!("the WIT package is called `{actual}`, but the skill is `{name}`");
        Err(Failure::new(Kind::Check, message)
            .hint(format!("begin wit/world.wit with `package {expected}@…;`")))
    }

    /// The component with the comments of this folder, unless it has comments already.
    pub(crate) fn documented(&self, component: Vec<u8>) -> Outcome<Vec<u8>> {
        let act = || format!("could not read `{}`", self.folder.display());
        let package = sources(&self.folder).or_fail(Kind::Io, act())?;
        let dependencies = dependencies(&self.folder.join("deps")).or_fail(Kind::Io, act())?;
        match claw_package::append_docs(&component, &package, &dependencies) {
            Err(ComponentError::Docs(_)) => Ok(component),
            documented => documented.or_fail(
                Kind::Check,
                "could not add the comments of `wit/` to the component",
            ),
        }
    }

    /// Everything that agents and people will see and that has no comment, by name.
    pub(crate) fn undocumented(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let world = &self.resolve.worlds[self.world];
        if world.docs.contents.is_none() {
            missing.push(format!("world {WORLD}"));
        }
        for (key, item) in &world.exports {
            match (key, item) {
                (WorldKey::Name(name), WorldItem::Function(function))
                    if function.docs.contents.is_none() =>
                {
                    missing.push(name.clone());
                }
                (_, WorldItem::Interface { id, .. }) => self.undocumented_in(*id, &mut missing),
                _ => {}
            }
        }
        missing
    }

    fn undocumented_in(&self, id: InterfaceId, missing: &mut Vec<String>) {
        let interface = &self.resolve.interfaces[id];
        // What another package defines is for its authors to describe.
        if interface.package != Some(self.package) {
            return;
        }
        let name = interface.name.as_deref().unwrap_or_default();
        if interface.docs.contents.is_none() {
            missing.push(format!("interface {name}"));
        }
        let functions = interface
            .functions
            .iter()
            .filter(|(_, function)| function.docs.contents.is_none());
        missing.extend(functions.map(|(function, _)| format!("{name}.{function}")));
        let types = interface
            .types
            .iter()
            .filter(|(_, ty)| self.resolve.types[**ty].docs.contents.is_none());
        missing.extend(types.map(|(ty, _)| format!("type {name}.{ty}")));
    }
}

/// The WIT files in one folder.
fn sources(folder: &Path) -> io::Result<Vec<WitFile>> {
    entries(folder)?
        .into_iter()
        .filter(|path| is_wit(path))
        .map(|path| source(&path))
        .collect()
}

/// The WIT files of each package in `deps/`: a folder, or a file by itself.
fn dependencies(folder: &Path) -> io::Result<Vec<Vec<WitFile>>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let (folders, files): (Vec<_>, Vec<_>) =
        entries(folder)?.into_iter().partition(|path| path.is_dir());
    let files: Vec<_> = files.into_iter().filter(|path| is_wit(path)).collect();
    let packages = folders.iter().map(|folder| sources(folder));
    let packages = packages.chain(files.iter().map(|file| source(file).map(|file| vec![file])));
    packages
        .filter(|package| !package.as_ref().is_ok_and(Vec::is_empty))
        .collect()
}

fn is_wit(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "wit")
}

fn source(path: &Path) -> io::Result<WitFile> {
    Ok(WitFile {
        path: path.display().to_string(),
        text: fs::read_to_string(path)?,
    })
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wit(text: &str) -> Outcome<Wit> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("wit")).unwrap();
        std::fs::write(folder.path().join("wit/world.wit"), text).unwrap();
        Wit::read(folder.path()).map(|read| read.expect("there is a `wit/`"))
    }

    #[test]
    fn what_has_no_comment_is_named() {
        let read = wit(
            "package acme:x; interface x { record r { a: u8 } /// Does.\n f: func() -> r; g: func(); } world skill { export x; }",
        );
        assert_eq!(
            read.unwrap().undocumented(),
            ["world skill", "interface x", "x.g", "type x.r"]
        );
    }

    #[test]
    fn the_package_is_called_like_the_skill_and_has_its_world() {
        let read = wit("package acme:x; world skill {}").unwrap();
        assert!(read.check_name(&"acme/x".parse().unwrap()).is_ok());
        assert!(read.check_name(&"acme/y".parse().unwrap()).is_err());
        assert!(wit("package acme:x; world other {}").is_err());
        assert!(wit("package acme:x; world skill {").is_err());
    }
}
