//! From a project to its component: compiled, made a component where it is not one yet, and with its comments.
//!
//! Nothing is judged here: `check` does that.

use std::fs;
use std::path::{Path, PathBuf};

use claw_package::{ComponentInfo, Toolchain};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};

use crate::cargo::{self, CargoPackage};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::output::Progress;
use crate::project::{Code, Project};
use crate::target::{self, Target};
use crate::wit::Wit;

/// What was made of a project.
#[derive(Debug)]
pub(crate) struct Built {
    /// The component, comments included.
    pub(crate) bytes: Vec<u8>,
    /// What it exports and imports.
    pub(crate) info: ComponentInfo,
    /// What made it.
    pub(crate) toolchain: Toolchain,
    /// The `wit/` folder, where there is one.
    pub(crate) wit: Option<Wit>,
    /// Where it was written.
    pub(crate) path: PathBuf,
}

/// Makes the component of `project` and writes it to the project's output folder.
pub(crate) fn build(project: &Project, progress: Progress) -> Outcome<Built> {
    // Before anything is compiled, because what is wrong here is found in no time.
    let wit = Wit::read(&project.folder)?;
    if let Some(wit) = &wit {
        wit.check_name(&project.manifest.name)?;
    }
    let (component, toolchain) = match &project.code {
        Code::Rust(package) => rust(package, &project.folder, progress)?,
        Code::Ready(path) => (ready(path)?, others()),
    };
    let bytes = match &wit {
        Some(wit) => wit.documented(component)?,
        None => component,
    };
    let info = claw_package::decode(&bytes)
        .or_fail(Kind::Check, "the component can't be used as a skill")?;
    let path = project
        .output()
        .join(format!("{}.wasm", project.manifest.name.name()));
    write(&path, &bytes)?;
    Ok(Built {
        bytes,
        info,
        toolchain,
        wit,
        path,
    })
}

/// Writes what people can find again, making the folders above it: all of it, or the old file stays.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Outcome {
    let temporary = path.with_added_extension(format!("{}.tmp", std::process::id()));
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = made
        .and_then(|()| fs::write(&temporary, bytes))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What failed is the error to report.
        let _ = fs::remove_file(&temporary);
    }
    written.or_fail(Kind::Io, format!("could not write `{}`", path.display()))
}

/// The component that Cargo and, for preview 1, the adapter make.
fn rust(
    package: &CargoPackage,
    folder: &Path,
    progress: Progress,
) -> Outcome<(Vec<u8>, Toolchain)> {
    let target = Target::find(folder)?;
    let toolchain = target.describe(folder)?;
    let made = read(&cargo::build(package, &target, progress)?)?;
    Ok((
        if target.needs_adapter() {
            adapted(&made)?
        } else {
            made
        },
        toolchain,
    ))
}

/// A component from a module for preview 1.
fn adapted(module: &[u8]) -> Outcome<Vec<u8>> {
    let encoder = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module);
    let encoder = encoder.and_then(|encoder| {
        encoder.adapter(
            WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
            WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
        )
    });
    let encoded = encoder
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| anyhow::anyhow!("{error:#}"));
    encoded.or_fail(
        Kind::Build,
        "could not make a component of what the compiler made",
    )
}

/// The component that another tool has made.
fn ready(path: &Path) -> Outcome<Vec<u8>> {
    if path.is_file() {
        return read(path);
    }
    let failure = Failure::usage(format!("there is no component `{}`", path.display()));
    Err(failure.hint("make it with the tools of your language: cargo claw compiles Rust only"))
}

/// What is recorded of a component that was not made here.
fn others() -> Toolchain {
    Toolchain {
        compiler: "other".to_owned(),
        target: "component".to_owned(),
        builder: target::builder(),
    }
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).or_fail(Kind::Io, format!("could not read `{}`", path.display()))
}
