//! The guests: what they are called, and the package that each comes in.

use crate::packages::{self, TestPackage};

/// A skill that tries something.
#[derive(Clone, Copy)]
pub struct Guest {
    /// The word after `acme/`.
    pub name: &'static str,
    package: fn(TestPackage) -> TestPackage,
}

impl Guest {
    /// Files, links, limits, output: `tests/guests/probe`.
    pub const PROBE: Guest = Guest {
        name: "probe",
        package: TestPackage::probe,
    };

    /// A guest made of a hand-written component whose action is `run`.
    pub const fn written(name: &'static str, component: fn(TestPackage) -> TestPackage) -> Guest {
        Guest {
            name,
            package: component,
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
