//! Which toolchain makes the component, and for which target.
//!
//! In this order: `wasm32-wasip2` of the active toolchain; the toolchain that `CLAW_WASM_TOOLCHAIN` names;
//! `wasm32-wasip1` of the active one, made a component with the adapter of preview 1. Nothing is installed here.

use std::path::Path;

use claw_package::Toolchain;

use crate::cargo;
use crate::failure::{Failure, Kind, OrFail, Outcome};

const PREVIEW_2: &str = "wasm32-wasip2";
const PREVIEW_1: &str = "wasm32-wasip1";

/// A toolchain and one of its targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    toolchain: Option<String>,
    triple: &'static str,
}

impl Target {
    /// The first that there is for the project in `folder`.
    pub(crate) fn find(folder: &Path) -> Outcome<Target> {
        let named = std::env::var("CLAW_WASM_TOOLCHAIN")
            .ok()
            .filter(|name| !name.is_empty());
        let mut choices = vec![Target {
            toolchain: None,
            triple: PREVIEW_2,
        }];
        for triple in [PREVIEW_2, PREVIEW_1] {
            choices.extend(named.iter().map(|name| Target {
                toolchain: Some(name.clone()),
                triple,
            }));
        }
        choices.push(Target {
            toolchain: None,
            triple: PREVIEW_1,
        });
        if let Some(found) = choices
            .into_iter()
            .find(|choice| choice.is_installed(folder))
        {
            return Ok(found);
        }
        let failure = match named {
            Some(name) => Failure::usage(format!(
                "neither the active toolchain nor `{name}` compiles to {PREVIEW_2}"
            )),
            None => Failure::usage(format!(
                "the active toolchain does not compile to {PREVIEW_2}"
            )),
        };
        Err(failure.hint(format!("rustup target add {PREVIEW_2}")))
    }

    /// The target as the compiler names it.
    pub(crate) fn triple(&self) -> &'static str {
        self.triple
    }

    /// The toolchain as rustup names it; `None` is the active one.
    pub(crate) fn toolchain(&self) -> Option<&str> {
        self.toolchain.as_deref()
    }

    /// Whether what the compiler makes is a module that needs the adapter to be a component.
    pub(crate) fn needs_adapter(&self) -> bool {
        self.triple == PREVIEW_1
    }

    /// What is recorded of it in `skill.json`.
    pub(crate) fn describe(&self, folder: &Path) -> Outcome<Toolchain> {
        let mut rustc = cargo::command("rustc", self.toolchain(), folder);
        let output = rustc
            .arg("--version")
            .output()
            .or_fail(Kind::Usage, "could not start `rustc`")?;
        let compiler = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Toolchain {
            compiler,
            target: self.triple.to_owned(),
            builder: builder(),
        })
    }

    /// Whether the standard library for it is there.
    fn is_installed(&self, folder: &Path) -> bool {
        let mut rustc = cargo::command("rustc", self.toolchain(), folder);
        let output = rustc
            .args(["--print", "target-libdir", "--target", self.triple])
            .output();
        output.is_ok_and(|output| {
            let libraries = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            output.status.success() && Path::new(&libraries).is_dir()
        })
    }
}

/// This program, as it is recorded in `skill.json`.
pub(crate) fn builder() -> String {
    format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}
