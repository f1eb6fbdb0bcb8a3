//! The guests: what they are called, and the package that each comes in.

use serde_json::{Value, json};

use crate::packages::{self, TestPackage};

/// An action that does nothing, and what it takes.
type Idle = (&'static str, fn() -> Value);

/// A skill that tries something.
#[derive(Clone, Copy)]
pub struct Guest {
    /// The word after `acme/`.
    pub name: &'static str,
    package: fn(TestPackage) -> TestPackage,
    /// An action that does nothing, and an input that it takes.
    pub(super) idle: Option<Idle>,
}

impl Guest {
    /// Files, links, limits, output: `tests/guests/probe`.
    pub const PROBE: Guest = Guest {
        name: "probe",
        package: TestPackage::probe,
        idle: Some(("echo", || json!({ "text": "on" }))),
    };

    /// Requests and sockets: `tests/guests/net`.
    pub const NET: Guest = Guest {
        name: "net",
        package: TestPackage::net,
        idle: Some(("environment", || json!({}))),
    };

    /// Programs: `tests/guests/process`.
    pub const PROCESS: Guest = Guest {
        name: "process",
        package: TestPackage::process,
        idle: Some(("again", || json!({ "argv": ["none"], "count": 1 }))),
    };

    /// A guest made of a hand-written component whose action is `run`.
    pub const fn written(name: &'static str, component: fn(TestPackage) -> TestPackage) -> Guest {
        Guest {
            name,
            package: component,
            idle: None,
        }
    }

    /// The name of its package.
    pub fn package_name(&self) -> String {
        format!("acme/{}", self.name)
    }

    /// Its package.
    pub fn package(&self) -> TestPackage {
        (self.package)(TestPackage::new(&self.package_name(), "0.1.0"))
    }
}

/// A package of the component that `text` describes. It asks for what every stage grants, so that this can be granted.
pub(super) fn of_text(package: TestPackage, text: &str) -> TestPackage {
    let package = package.permission("filesystem.write=.");
    package.component(packages::component(text))
}
