//! Which interfaces a component needs from its host, and what each one takes.
//!
//! Ambient ones show nothing without permissions and are always linked. Gated ones are power, and
//! need a permission of their kind. Whatever this list does not know is refused by name: a host
//! that ignored an import could not say what it had let in.

use wasmparser::component_types::ComponentEntityType;

use super::ComponentError;
use super::bounds::is_instance;
use crate::permission::{PermissionKind, PermissionSet};

/// Something a component needs from its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// As the component names it: `wasi:filesystem/types@0.2.6`.
    pub name: String,
    /// What it takes.
    pub class: ImportClass,
}

/// What an import takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportClass {
    /// Nothing: always linked.
    Ambient,
    /// A permission of a kind.
    Gated(Gate),
    /// No host of this version offers it.
    Unknown,
}

/// The families of gated interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// `wasi:http`
    Http,
    /// `wasi:sockets`
    Sockets,
    /// `claw:skill/process`
    Process,
}

impl Gate {
    /// Any one of these kinds opens it.
    pub fn kinds(self) -> &'static [PermissionKind] {
        match self {
            Self::Http => &[
                PermissionKind::NetworkExternal,
                PermissionKind::NetworkInternal,
            ],
            Self::Sockets => &[PermissionKind::NetworkTcp],
            Self::Process => &[PermissionKind::ProcessExecute],
        }
    }

    /// The capability it belongs to: `network` or `process`.
    pub fn capability(self) -> &'static str {
        match self {
            Self::Http | Self::Sockets => "network",
            Self::Process => "process",
        }
    }
}

/// The import's name and class. Nothing for a type: a name for something else in the list.
pub(super) fn classify(name: &str, item: &ComponentEntityType) -> Option<Import> {
    if matches!(item, ComponentEntityType::Type { .. }) {
        return None;
    }
    let class = if is_instance(item) {
        class_of(name)
    } else {
        ImportClass::Unknown
    };
    Some(Import {
        name: name.into(),
        class,
    })
}

fn class_of(name: &str) -> ImportClass {
    let Some((interface, version)) = name.split_once('@') else {
        return ImportClass::Unknown;
    };
    let Some((package, interface)) = interface.split_once('/') else {
        return ImportClass::Unknown;
    };
    let of_line = |major: u64, minor: u64| {
        semver::Version::parse(version)
            .is_ok_and(|v| v.major == major && v.minor == minor && v.pre.is_empty())
    };
    match (package, interface) {
        ("wasi:cli" | "wasi:io" | "wasi:clocks" | "wasi:random" | "wasi:filesystem", _)
            if of_line(0, 2) =>
        {
            ImportClass::Ambient
        }
        ("wasi:http", _) if of_line(0, 2) => ImportClass::Gated(Gate::Http),
        ("wasi:sockets", _) if of_line(0, 2) => ImportClass::Gated(Gate::Sockets),
        ("claw:skill", "log") if of_line(0, 1) => ImportClass::Ambient,
        ("claw:skill", "process") if of_line(0, 1) => ImportClass::Gated(Gate::Process),
        _ => ImportClass::Unknown,
    }
}

/// Holds imports against what a manifest asks for. The first unknown one is named, then the first
/// whose kind of permission is missing.
pub fn check_imports(
    imports: &[Import],
    permissions: &PermissionSet,
) -> Result<(), ComponentError> {
    if let Some(unknown) = imports
        .iter()
        .find(|import| import.class == ImportClass::Unknown)
    {
        return Err(ComponentError::ImportUnknown(unknown.name.clone()));
    }
    for import in imports {
        if let ImportClass::Gated(gate) = import.class
            && !gate.kinds().iter().any(|kind| permissions.has_kind(*kind))
        {
            let (import, needs) = (import.name.clone(), gate.kinds());
            return Err(ComponentError::ImportNotPermitted { import, needs });
        }
    }
    Ok(())
}
