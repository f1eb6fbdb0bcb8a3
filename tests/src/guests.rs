//! Skills as their authors build them: compiled to components once per test process, by `cargo claw build`.
//!
//! A toolchain without the target for components gets it through rustup, or the one that `CLAW_WASM_TOOLCHAIN` names
//! is used; where neither works, the error names the command that helps.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Result, bail};

use crate::environment::Person;
use crate::programs;

/// The target that makes components.
const TARGET: &str = "wasm32-wasip2";

/// Makes sure that skills can be compiled here, or says what has to be done.
///
/// # Errors
///
/// When the active toolchain lacks the target, none is named by `CLAW_WASM_TOOLCHAIN`, and rustup cannot install it.
pub fn ensure_toolchain() -> Result<()> {
    if std::env::var_os("CLAW_WASM_TOOLCHAIN").is_some() || has_target() {
        return Ok(());
    }
    let installed = Command::new("rustup")
        .args(["target", "add", TARGET])
        .status();
    if !installed.is_ok_and(|status| status.success()) || !has_target() {
        bail!(
            "no toolchain here compiles to {TARGET}: run `rustup target add {TARGET}`, \
             or set CLAW_WASM_TOOLCHAIN to the name of a toolchain that does"
        );
    }
    Ok(())
}

/// Whether the active toolchain has the standard library of the target.
fn has_target() -> bool {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    let folder = output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_default();
    let files = std::fs::read_dir(folder.trim())
        .into_iter()
        .flatten()
        .flatten();
    files
        .into_iter()
        .any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

/// The package of the hostile guest `acme/probe`, as `cargo claw pack` makes it.
pub fn probe() -> &'static Path {
    static PACKAGE: OnceLock<PathBuf> = OnceLock::new();
    PACKAGE.get_or_init(|| pack(&programs::repository().join("tests/guests/probe"), "probe"))
}

/// The package of the hostile guest `acme/process`.
pub fn process() -> &'static Path {
    static PACKAGE: OnceLock<PathBuf> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        let folder = programs::repository().join("tests/guests/process");
        pack(&folder, "process")
    })
}

/// The package of the hostile guest `acme/net`, as `cargo claw pack` makes it.
pub fn net() -> &'static Path {
    static PACKAGE: OnceLock<PathBuf> = OnceLock::new();
    PACKAGE.get_or_init(|| pack(&programs::repository().join("tests/guests/net"), "net"))
}

/// The package of the hostile guest `acme/secret`.
pub fn secret() -> &'static Path {
    static PACKAGE: OnceLock<PathBuf> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        let folder = programs::repository().join("tests/guests/secret");
        pack(&folder, "secret")
    })
}

/// Every guest that hostile cases use by its name, with its package.
pub fn all() -> Vec<(&'static str, &'static Path)> {
    vec![("probe", probe()), ("net", net()), ("process", process())]
}

/// Packs the skill in `folder` and gives the path of its tarball.
fn pack(folder: &Path, name: &str) -> PathBuf {
    // Where tests go on as another user, who can build nothing.
    if let Some(packed) = std::env::var_os("CLAW_TESTS_GUESTS") {
        return PathBuf::from(packed).join(format!("{name}.tar.gz"));
    }
    ensure_toolchain().unwrap_or_else(|error| panic!("{error}"));
    let home = programs::guest_target().join("home");
    std::fs::create_dir_all(&home).expect("a folder can be made");
    let output = programs::guest_target().join(format!("{name}.tar.gz"));
    let person = Person {
        home,
        folder: folder.to_path_buf(),
    };
    person
        .cargo_claw(&["pack", "--output", output.to_str().expect("a UTF-8 path")])
        .ok();
    output
}
