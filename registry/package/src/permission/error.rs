//! Why a text is not a permission, in words that say what to write instead.

use super::PermissionKind;
use crate::limits::{PERMISSION_BYTES_MAX, PERMISSIONS_MAX};

/// Why a text is not a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PermissionError {
    /// No such kind.
    #[error("`{kind}` is not a kind of permission{hint}")]
    UnknownKind {
        /// What was given.
        kind: String,
        /// ` (did you mean …?)`, or nothing.
        hint: String,
    },
    /// A kind that this version does not enforce yet, and so does not read.
    #[error("`{0}` is not supported in this version")]
    NotSupported(String),
    /// A kind alone.
    #[error("`{0}` needs a scope: write `{0}={example}`", example = example(*.0))]
    NoScope(PermissionKind),
    /// A folder that is not one below the workspace.
    #[error("`{scope}` is not a folder of the workspace: {reason}")]
    Folder {
        /// What was given.
        scope: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a place on a network.
    #[error("`{scope}` is not a place on a network: {reason}")]
    Network {
        /// What was given.
        scope: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a command line.
    #[error("`{scope}` is not a command: {reason}")]
    Command {
        /// What was given.
        scope: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not the name of an environment variable.
    #[error("`{0}` is not the name of an environment variable")]
    EnvironmentName(String),
    /// Not a secret's scope.
    #[error("`{scope}` is not the scope of a secret: {reason}")]
    Secret {
        /// What was given.
        scope: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Characters that a person cannot see.
    #[error("`{0}` has characters that do not show")]
    Invisible(String),
    /// A line nobody would read.
    #[error("a permission is longer than {PERMISSION_BYTES_MAX} bytes")]
    TooLong,
    /// A list nobody would read.
    #[error("there are more than {PERMISSIONS_MAX} permissions")]
    TooMany,
}

fn example(kind: PermissionKind) -> &'static str {
    match kind {
        PermissionKind::FilesystemRead | PermissionKind::FilesystemWrite => ".",
        PermissionKind::NetworkExternal => "https://api.example.com",
        PermissionKind::NetworkInternal => "http://localhost:8080",
        PermissionKind::NetworkTcp => "10.0.0.5:5432",
        PermissionKind::ProcessExecute => "git status **",
        PermissionKind::Environment => "LANG",
        PermissionKind::Secret => "API_TOKEN https://api.example.com authorization",
    }
}

/// Somebody else's text inside an error: short, and without characters that deceive.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .take(120)
        .flat_map(|c| c.escape_debug())
        .collect()
}
