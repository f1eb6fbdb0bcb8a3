//! What is asked of `cargo` and `rustc`: where things are, and a component.
//!
//! Both are taken from `PATH`, so that a toolchain can be chosen by name. What the caller's environment says about
//! compiler flags is meant for other programs and is left out: the same source is to give the same component.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::output::{self, Progress};
use crate::target::Target;

/// Variables that would change what the compiler makes.
const NOT_INHERITED: [&str; 5] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_INCREMENTAL",
];

/// A package as Cargo sees it.
#[derive(Debug, Clone)]
pub(crate) struct CargoPackage {
    /// Its `Cargo.toml`.
    pub(crate) manifest: PathBuf,
    /// The folder of the workspace it belongs to, which is its own when it belongs to none.
    pub(crate) workspace: PathBuf,
    /// Where Cargo puts what it makes.
    pub(crate) target: PathBuf,
}

/// A command of the toolchain `toolchain`, or of the active one.
pub(crate) fn command(program: &str, toolchain: Option<&str>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    if let Some(toolchain) = toolchain {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command
}

/// The package whose `Cargo.toml` is in `folder`.
pub(crate) fn package(folder: &Path) -> Outcome<CargoPackage> {
    let metadata = metadata(folder, &["--no-deps"])?;
    let manifest = folder.join("Cargo.toml");
    let path = |pointer: &str| {
        metadata
            .pointer(pointer)
            .and_then(Value::as_str)
            .map(PathBuf::from)
    };
    let of_this = |package: &&Value| {
        package["manifest_path"]
            .as_str()
            .is_some_and(|path| Path::new(path) == manifest)
    };
    let packages = metadata["packages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    match (
        packages.iter().any(|package| of_this(&package)),
        path("/workspace_root"),
        path("/target_directory"),
    ) {
        (true, Some(workspace), Some(target)) => Ok(CargoPackage {
            manifest,
            workspace,
            target,
        }),
        _ => Err(Failure::new(
            Kind::Usage,
            format!("cargo does not know the package in `{}`", folder.display()),
        )),
    }
}

/// Compiles the package's library for `target`; the answer is the file that Cargo made.
pub(crate) fn build(
    package: &CargoPackage,
    target: &Target,
    progress: Progress,
) -> Outcome<PathBuf> {
    let folder = package.manifest.parent().unwrap_or(Path::new("."));
    let triple = target.triple();
    let mut cargo = command("cargo", target.toolchain(), folder);
    cargo.args([
        "build",
        "--release",
        "--lib",
        "--target",
        triple,
        "--message-format=json-render-diagnostics",
    ]);
    cargo.arg("--config").arg(remap(package, triple)?);
    if progress == Progress::Hidden {
        cargo.arg("--quiet");
    }
    cargo.stdout(Stdio::piped());
    let act = || "could not start `cargo`";
    let output = cargo
        .spawn()
        .or_fail(Kind::Usage, act())?
        .wait_with_output()
        .or_fail(Kind::Io, act())?;
    if !output.status.success() {
        return Err(Failure::new(Kind::Build, "the skill does not compile")
            .hint("see what cargo says above"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let made = messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .find_map(|line| component(&line, package));
    made.ok_or_else(|| {
        let failure = Failure::new(
            Kind::Usage,
            "the package has no library that becomes a component",
        );
        failure.hint("put `crate-type = [\"cdylib\"]` under [lib] in Cargo.toml")
    })
}

/// The `.wasm` file that this message of Cargo is about, when it is about this package.
fn component(message: &Value, package: &CargoPackage) -> Option<PathBuf> {
    let of_this = message["reason"] == "compiler-artifact"
        && Path::new(message["manifest_path"].as_str()?) == package.manifest;
    let files = message["filenames"].as_array().filter(|_| of_this)?;
    let wasm = |path: &&Path| path.extension() == Some(OsStr::new("wasm"));
    files
        .iter()
        .filter_map(|path| path.as_str().map(Path::new))
        .find(wasm)
        .map(Path::to_path_buf)
}

/// The setting that keeps the places of this machine out of the component.
fn remap(package: &CargoPackage, triple: &str) -> Outcome<String> {
    let mut places = BTreeSet::new();
    // The last one that fits is taken, so what is inside of another place comes after it; paths sort that way.
    if let Some(home) = cargo_home() {
        places.insert((home, "/cargo".to_owned()));
    }
    places.insert((package.workspace.clone(), "/skill".to_owned()));
    places.insert((package.target.clone(), "/target".to_owned()));
    let metadata = metadata(&package.workspace, &[])?;
    for found in metadata["packages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        let manifest = found["manifest_path"]
            .as_str()
            .map(Path::new)
            .and_then(Path::parent);
        if let (true, Some(folder), Some(name)) =
            (found["source"].is_null(), manifest, found["name"].as_str())
            && !folder.starts_with(&package.workspace)
        {
            // Cargo mixes the whole path of such a package into what the compiler makes of it.
            output::warn(format_args!(
                "`{name}` is outside of the workspace: built in another folder, the component can differ"
            ));
            places.insert((folder.to_path_buf(), format!("/{name}")));
        }
    }
    let flags = places
        .iter()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    let flags = toml::Value::Array(flags.map(toml::Value::String).collect());
    Ok(format!("target.{triple}.rustflags={flags}"))
}

/// Where Cargo keeps the sources of dependencies.
fn cargo_home() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    named.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

/// What `cargo metadata` says of the folder's package.
fn metadata(folder: &Path, arguments: &[&str]) -> Outcome<Value> {
    let mut cargo = command("cargo", None, folder);
    cargo
        .args(["metadata", "--format-version", "1", "--quiet"])
        .args(arguments)
        .stderr(Stdio::inherit());
    let output = cargo
        .output()
        .or_fail(Kind::Usage, "could not start `cargo`")?;
    if !output.status.success() {
        return Err(Failure::usage(format!(
            "cargo can't read the package in `{}`",
            folder.display()
        )));
    }
    serde_json::from_slice(&output.stdout)
        .or_fail(Kind::Bug, "could not read what `cargo metadata` says")
}
