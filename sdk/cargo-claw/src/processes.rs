//! The programs that a skill runs while its author tries it, found on `PATH`.

use std::env;
use std::path::{Path, PathBuf};

use claw_host::{Programs, pin_granted_programs};
use claw_package::PermissionSet;

use crate::output;

/// What the granted words stand for now. A word without a program is told.
pub(crate) fn programs(grants: &PermissionSet, workspace: &Path) -> Programs {
    let path = env::var_os("PATH").unwrap_or_default();
    let search: Vec<PathBuf> = env::split_paths(&path).collect();
    let mut pins = Vec::new();
    for (word, found) in pin_granted_programs(grants, &search, Some(workspace)) {
        match found {
            Ok(pin) => pins.push(pin),
            Err(error) => output::warn(format_args!("`process.execute` of `{word}`: {error}")),
        }
    }
    Programs {
        pins,
        search,
        ..Programs::default()
    }
}
