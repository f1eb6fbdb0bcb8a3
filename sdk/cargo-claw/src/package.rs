//! The package of a project: the component that was built, and the files that go with it.
//!
//! Which of them may be in a package, and what else has to hold, is decided by `claw-package`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use claw_package::{PackFile, PackSource, Packed};

use crate::compile::Built;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::project::Project;
use crate::{leaks, strays};

/// The files of a project that go into its package as they are, where they are there.
const FILES: [&str; 2] = ["README.md", "SKILL.md"];

/// The folders of which everything goes into the package.
const FOLDERS: [&str; 2] = ["assets", "references"];

/// A package, and what looks wrong with its files.
pub(crate) struct Made {
    pub(crate) packed: Packed,
    pub(crate) warnings: Vec<String>,
}

/// Packs what was built of `project`, unless there is a secret in it.
pub(crate) fn pack(project: &Project, built: Built) -> Outcome<Made> {
    let files = files(&project.folder)?;
    leaks::refuse(&files, &built.bytes)?;
    let warnings = strays::warnings(&files);
    let manifest = project.manifest.clone();
    let source = PackSource {
        manifest,
        component: built.bytes,
        toolchain: built.toolchain,
        files,
    };
    let packed = claw_package::pack(source).or_fail(
        Kind::Check,
        format!("could not pack `{}`", project.manifest.name),
    )?;
    Ok(Made { packed, warnings })
}

/// Everything beside the component.
fn files(folder: &Path) -> Outcome<Vec<PackFile>> {
    let mut files = Vec::new();
    let mut names: Vec<String> = FILES.iter().map(|name| (*name).to_owned()).collect();
    let all =
        entries(folder).or_fail(Kind::Io, format!("could not list `{}`", folder.display()))?;
    let all = all.iter().filter_map(|path| path.file_name()?.to_str());
    names.extend(
        all.filter(|name| name.starts_with("LICENSE"))
            .map(str::to_owned),
    );
    for name in names.iter().filter(|name| folder.join(name).exists()) {
        files.push(file(folder, name)?);
    }
    for name in FOLDERS {
        if folder.join(name).exists() {
            below(folder, name, &mut files)?;
        }
    }
    Ok(files)
}

/// The files in and below one folder; `path` is relative to the skill's.
fn below(folder: &Path, path: &str, files: &mut Vec<PackFile>) -> Outcome {
    let act = || format!("could not list `{}`", folder.join(path).display());
    for entry in entries(&folder.join(path)).or_fail(Kind::Io, act())? {
        let Some(name) = entry.file_name().and_then(|name| name.to_str()) else {
            return Err(Failure::usage(format!(
                "the name of `{}` is not UTF-8",
                entry.display()
            )));
        };
        let path = format!("{path}/{name}");
        let metadata = fs::symlink_metadata(&entry)
            .or_fail(Kind::Io, format!("could not look at `{path}`"))?;
        if metadata.is_dir() {
            below(folder, &path, files)?;
        } else {
            files.push(file(folder, &path)?);
        }
    }
    Ok(())
}

/// One file, which has to be a regular one: what a link points to could be anything.
fn file(folder: &Path, path: &str) -> Outcome<PackFile> {
    let place = folder.join(path);
    let metadata =
        fs::symlink_metadata(&place).or_fail(Kind::Io, format!("could not look at `{path}`"))?;
    if !metadata.is_file() {
        return Err(Failure::usage(format!(
            "`{path}` is no regular file, and a package has only these"
        )));
    }
    let bytes = fs::read(&place).or_fail(Kind::Io, format!("could not read `{path}`"))?;
    Ok(PackFile {
        path: path.to_owned(),
        bytes,
        executable: is_executable(&metadata),
    })
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

/// The paths in a folder, sorted.
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

    #[test]
    fn what_goes_into_a_package_is_named_and_links_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        for path in [
            "README.md",
            "LICENSE-MIT",
            "Cargo.toml",
            "src/lib.rs",
            "assets/a/b.txt",
            "assets/a.txt",
            "references/r.md",
        ] {
            write(path);
        }
        let paths: Vec<String> = files(folder.path())
            .unwrap()
            .into_iter()
            .map(|file| file.path)
            .collect();
        assert_eq!(
            paths,
            [
                "README.md",
                "LICENSE-MIT",
                "assets/a/b.txt",
                "assets/a.txt",
                "references/r.md"
            ]
        );

        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("assets/link")).unwrap();
        assert_eq!(files(folder.path()).unwrap_err().kind, Kind::Usage);
    }
}
