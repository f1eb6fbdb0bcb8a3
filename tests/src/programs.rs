//! Where the programs under test are, and how to start them with nothing of the caller's own in reach.
//!
//! The programs are built once per test process, with the profile and the target folder of the caller,
//! so that what is tested is what `cargo build` makes. Nothing here knows what the programs do.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The programs that tests and benchmarks start. Optimised, each takes minutes to link.
const STARTED: [&str; 4] = ["claw", "cargo-claw", "claw-registry", "confined"];

/// The folder of the whole project.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are one folder below the project")
}

/// The folder that holds `claw`, `cargo-claw` and `claw-registry`, built on first use.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // Where tests go on as another user, who can build nothing.
        if let Some(folder) = std::env::var_os("CLAW_TESTS_PROGRAMS") {
            return PathBuf::from(folder);
        }
        let (folder, profile) = of_this_process();
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--quiet", "--workspace", "--profile", &profile]);
        cargo.args(STARTED.iter().flat_map(|name| ["--bin", name]));
        cargo.current_dir(repository());
        // The target folder is the one above the profile's, wherever this process was built.
        cargo.env(
            "CARGO_TARGET_DIR",
            folder
                .parent()
                .expect("a profile's folder is in a target folder"),
        );
        let status = cargo.status().expect("cargo is on the PATH");
        assert!(status.success(), "the programs do not build: {cargo:?}");
        folder
    })
}

/// The profile's folder (`target/debug`) and the profile's name that this process was built with.
fn of_this_process() -> (PathBuf, String) {
    let program = std::env::current_exe().expect("this process has a path");
    let mut folder = program.parent().expect("a program is in a folder");
    if folder.ends_with("deps") {
        folder = folder.parent().expect("deps is in a profile's folder");
    }
    let name = folder
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or("debug");
    let profile = if name == "debug" { "dev" } else { name };
    (folder.to_path_buf(), profile.to_owned())
}

/// The path of one program, by its name.
pub fn path(name: &str) -> PathBuf {
    folder().join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// A command for `name` in `folder`, with `home` as `CLAW_HOME` and an environment that holds nothing else of ours.
///
/// Kept are only what programs need to run at all and what building a skill needs: `PATH` (with the programs
/// under test in front), the folders of rustup and Cargo, and the name of a toolchain for components.
pub fn command(name: &str, folder: &Path, home: &Path) -> Command {
    let mut command = Command::new(path(name));
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    for kept in ["CLAW_WASM_TOOLCHAIN", "TMPDIR", "LANG"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    let user = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    let or_below_home = |name: &str, below: &str| {
        std::env::var_os(name).map_or_else(|| user.join(below), PathBuf::from)
    };
    command.env("CARGO_HOME", or_below_home("CARGO_HOME", ".cargo"));
    command.env("RUSTUP_HOME", or_below_home("RUSTUP_HOME", ".rustup"));
    command.env("CARGO_TARGET_DIR", guest_target());
    command.env("PATH", search_path());
    command.env("HOME", home.parent().unwrap_or(home));
    command.env("CLAW_HOME", home);
    // A desktop's keyring would be found without it, and is nobody's to write to here.
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    command
}

/// `PATH` with the programs under test before everything else.
fn search_path() -> std::ffi::OsString {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder().to_path_buf()).chain(std::env::split_paths(&inherited));
    std::env::join_paths(folders).expect("no folder on the PATH has a separator in its name")
}

/// Where skills are compiled: beside the programs, so that a second run finds them.
pub fn guest_target() -> PathBuf {
    folder()
        .parent()
        .expect("a profile's folder is in a target folder")
        .join("skills")
}

/// What a program that has ended left behind.
#[derive(Debug)]
pub struct Run {
    /// The command as a person would type it.
    pub typed: String,
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Everything on standard output.
    pub stdout: String,
    /// Everything on standard error.
    pub stderr: String,
}

impl Run {
    /// Runs `command` to its end.
    pub fn of(mut command: Command) -> Run {
        let typed = typed(&command);
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("`{typed}` does not start: {error}"));
        Run::from_output(typed, &output)
    }

    /// Takes what `output` holds.
    pub fn from_output(typed: String, output: &Output) -> Run {
        Run {
            typed,
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Goes on only if the program exited with `code`; else the test fails and shows everything.
    #[track_caller]
    pub fn exits(self, code: i32) -> Run {
        assert_eq!(
            self.code,
            Some(code),
            "`{}` should exit with {code}\n--- stdout\n{}\n--- stderr\n{}",
            self.typed,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Goes on only if the program exited with 0.
    #[track_caller]
    pub fn ok(self) -> Run {
        self.exits(0)
    }

    /// Goes on only if standard error has `text` in it.
    #[track_caller]
    pub fn says(self, text: &str) -> Run {
        assert!(
            self.stderr.contains(text),
            "`{}` should say `{text}`\n--- stdout\n{}\n--- stderr\n{}",
            self.typed,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Standard output read as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "`{}` printed no JSON ({error}):\n{}",
                self.typed, self.stdout
            )
        })
    }
}

/// The command as a person would type it: words quoted where a shell needs it.
pub fn typed(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| quoted(&word.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}

/// One word as a shell reads it back.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@^~,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
