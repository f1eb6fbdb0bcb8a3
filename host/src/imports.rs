//! What a component may import in this version.
//!
//! A gated interface that is not linked is refused before anything is compiled: a power that is not
//! controlled yet is not given, whatever was granted.

use claw_package::{Gate, Import, ImportClass};

use crate::text;

/// A component needs a kind of power that this version, or this system, does not control.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{capability}` is not enforced on this system: only Linux can confine a program")]
pub struct NotEnforced {
    /// The kind of power: `process`.
    pub capability: &'static str,
    /// The import that needs it.
    pub interface: String,
}

/// Why a component's imports are refused.
pub(crate) enum Refused {
    Unknown(String),
    NotEnforced(NotEnforced),
}

/// Whether what this gate stands for is controlled here.
fn is_enforced(gate: Gate) -> bool {
    gate != Gate::Process || cfg!(target_os = "linux")
}

/// Names the first import that is refused: an unknown one before one that is not enforced.
pub(crate) fn check(imports: &[Import]) -> Result<(), Refused> {
    if let Some(unknown) = imports
        .iter()
        .find(|import| import.class == ImportClass::Unknown)
    {
        return Err(Refused::Unknown(text::line(&unknown.name)));
    }
    for import in imports {
        if let ImportClass::Gated(gate) = import.class
            && !is_enforced(gate)
        {
            return Err(Refused::NotEnforced(NotEnforced {
                capability: gate.capability(),
                interface: text::line(&import.name),
            }));
        }
    }
    Ok(())
}
