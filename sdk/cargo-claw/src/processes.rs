//! The programs that a skill runs while its author tries it: confined by this program, found on `PATH`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use claw_host::{ProcessConfig, Programs, pin_program};
use claw_package::{Permission, PermissionSet};

use crate::output;

/// The first word of a command line by which this program is started to confine a child. It is for nobody to type.
const HELPER: &str = "__confine";

/// Confines a child, if that is what this process was started for.
pub(crate) fn answer() -> Option<ExitCode> {
    #[cfg(target_os = "linux")]
    if env::args_os().nth(1).is_some_and(|word| word == HELPER) {
        return Some(claw_host::confine::main());
    }
    None
}

/// This program itself confines children.
pub(crate) fn config() -> ProcessConfig {
    ProcessConfig {
        helper: PathBuf::from("/proc/self/exe"),
        helper_arguments: vec![HELPER.into()],
        temporary: env::temp_dir(),
        level_max: None,
    }
}

/// What the granted words stand for now. A word without a program is told.
pub(crate) fn programs(grants: &PermissionSet, workspace: &Path) -> Programs {
    let path = env::var_os("PATH").unwrap_or_default();
    let search: Vec<PathBuf> = env::split_paths(&path).collect();
    let words = grants.iter().filter_map(|permission| match permission {
        Permission::ProcessExecute(command) => command.program(),
        _ => None,
    });
    let mut pins = Vec::new();
    for word in words {
        match pin_program(word, &search, Some(workspace)) {
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
