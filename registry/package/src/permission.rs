//! Permissions: scoped requests for power, one line each, and the algebra of grants over them.
//!
//! The line (`kind=scope`) is the only form: manifests, command lines, notes, receipts and digests
//! all carry it. `meet` is the one operation that decides; `covers` is "the meet is the other one
//! itself". What no host can enforce does not parse. Nothing here looks at the world: whether a
//! folder exists or an address is public is for the host.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

pub use command::{Command, Word};
pub use environment::{EnvironmentName, SecretScope};
pub use error::PermissionError;
pub use folder::Folder;
pub use host::{Host, Port, Scheme};
pub use http::HttpScope;
pub use set::PermissionSet;
pub use target::HttpTarget;
pub use tcp::TcpScope;

use crate::limits::PERMISSION_BYTES_MAX;
use crate::text::{did_you_mean, is_deceptive, serde_as_string};

mod command;
mod environment;
mod error;
mod folder;
mod host;
mod http;
mod manifest;
mod set;
mod shell;
mod target;
mod tcp;

/// The kinds of power, in the order people are shown them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PermissionKind {
    /// `filesystem.read`
    FilesystemRead,
    /// `filesystem.write`
    FilesystemWrite,
    /// `network.external`
    NetworkExternal,
    /// `network.internal`
    NetworkInternal,
    /// `network.tcp`
    NetworkTcp,
    /// `process.execute`
    ProcessExecute,
    /// `environment`
    Environment,
    /// `secret`
    Secret,
}

impl PermissionKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::FilesystemRead,
        Self::FilesystemWrite,
        Self::NetworkExternal,
        Self::NetworkInternal,
        Self::NetworkTcp,
        Self::ProcessExecute,
        Self::Environment,
        Self::Secret,
    ];

    /// The text before the `=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FilesystemRead => "filesystem.read",
            Self::FilesystemWrite => "filesystem.write",
            Self::NetworkExternal => "network.external",
            Self::NetworkInternal => "network.internal",
            Self::NetworkTcp => "network.tcp",
            Self::ProcessExecute => "process.execute",
            Self::Environment => "environment",
            Self::Secret => "secret",
        }
    }
}

impl fmt::Display for PermissionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PermissionKind {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        if let Some(kind) = Self::ALL.into_iter().find(|kind| kind.as_str() == text) {
            return Ok(kind);
        }
        if matches!(text, "ask" | "memory.read" | "memory.write" | "llm") {
            return Err(PermissionError::NotSupported(text.into()));
        }
        let hint = did_you_mean(text, Self::ALL.map(Self::as_str));
        Err(PermissionError::UnknownKind {
            kind: error::shown(text),
            hint,
        })
    }
}

serde_as_string!(PermissionKind);

/// One request for power, or one grant of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read files below a folder of the workspace.
    FilesystemRead(Folder),
    /// Read, create, change and delete files below a folder of the workspace.
    FilesystemWrite(Folder),
    /// HTTP to public addresses.
    NetworkExternal(HttpScope),
    /// HTTP to loopback, private and link-local addresses.
    NetworkInternal(HttpScope),
    /// TCP to an address or a block of addresses.
    NetworkTcp(TcpScope),
    /// Run a program.
    ProcessExecute(Command),
    /// See an environment variable.
    Environment(EnvironmentName),
    /// Have the host put a secret into matching requests.
    Secret(SecretScope),
}

impl Permission {
    /// Which kind of power it is.
    pub fn kind(&self) -> PermissionKind {
        match self {
            Self::FilesystemRead(_) => PermissionKind::FilesystemRead,
            Self::FilesystemWrite(_) => PermissionKind::FilesystemWrite,
            Self::NetworkExternal(_) => PermissionKind::NetworkExternal,
            Self::NetworkInternal(_) => PermissionKind::NetworkInternal,
            Self::NetworkTcp(_) => PermissionKind::NetworkTcp,
            Self::ProcessExecute(_) => PermissionKind::ProcessExecute,
            Self::Environment(_) => PermissionKind::Environment,
            Self::Secret(_) => PermissionKind::Secret,
        }
    }

    /// What both allow: as narrow as the narrower in every part, or nothing.
    pub fn meet(&self, other: &Self) -> Option<Self> {
        use Permission as P;
        Some(match (self, other) {
            (P::FilesystemWrite(a), P::FilesystemWrite(b)) => P::FilesystemWrite(a.meet(b)?),
            (P::FilesystemRead(a) | P::FilesystemWrite(a), P::FilesystemRead(b))
            | (P::FilesystemRead(a), P::FilesystemWrite(b)) => P::FilesystemRead(a.meet(b)?),
            (P::NetworkExternal(a), P::NetworkExternal(b)) => P::NetworkExternal(a.meet(b)?),
            (P::NetworkInternal(a), P::NetworkInternal(b)) => P::NetworkInternal(a.meet(b)?),
            (P::NetworkTcp(a), P::NetworkTcp(b)) => P::NetworkTcp(a.meet(b)?),
            (P::ProcessExecute(a), P::ProcessExecute(b)) => P::ProcessExecute(a.meet(b)?),
            (P::Environment(a), P::Environment(b)) if a == b => self.clone(),
            (P::Secret(a), P::Secret(b)) => P::Secret(a.meet(b)?),
            _ => return None,
        })
    }

    /// Whether everything that `other` allows is allowed by this one too.
    pub fn covers(&self, other: &Self) -> bool {
        self.meet(other).as_ref() == Some(other)
    }

    /// What it means, for people: a phrase that follows "may".
    pub fn describe(&self) -> String {
        match self {
            Self::FilesystemRead(folder) => format!("read files in {}", folder.describe()),
            Self::FilesystemWrite(folder) => {
                format!("read, change and delete files in {}", folder.describe())
            }
            Self::NetworkExternal(scope) => {
                format!("{} on the internet", scope.describe())
            }
            Self::NetworkInternal(scope) => {
                format!("{} on this machine or the local network", scope.describe())
            }
            Self::NetworkTcp(scope) => format!("open TCP connections to {}", scope.describe()),
            Self::ProcessExecute(command) => command.describe(),
            Self::Environment(name) => format!("see the environment variable `{name}`"),
            Self::Secret(scope) => scope.describe(),
        }
    }

    fn scope(&self) -> &dyn fmt::Display {
        match self {
            Self::FilesystemRead(scope) | Self::FilesystemWrite(scope) => scope,
            Self::NetworkExternal(scope) | Self::NetworkInternal(scope) => scope,
            Self::NetworkTcp(scope) => scope,
            Self::ProcessExecute(scope) => scope,
            Self::Environment(scope) => scope,
            Self::Secret(scope) => scope,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.kind(), self.scope())
    }
}

impl FromStr for Permission {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        if text.len() > PERMISSION_BYTES_MAX {
            return Err(PermissionError::TooLong);
        }
        if text.chars().any(is_deceptive) {
            return Err(PermissionError::Invisible(error::shown(text)));
        }
        let Some((kind, scope)) = text.split_once('=') else {
            return Err(PermissionError::NoScope(text.parse()?));
        };
        let permission = match kind.parse()? {
            PermissionKind::FilesystemRead => Self::FilesystemRead(scope.parse()?),
            PermissionKind::FilesystemWrite => Self::FilesystemWrite(scope.parse()?),
            PermissionKind::NetworkExternal => Self::NetworkExternal(scope.parse()?),
            PermissionKind::NetworkInternal => Self::NetworkInternal(scope.parse()?),
            PermissionKind::NetworkTcp => Self::NetworkTcp(scope.parse()?),
            PermissionKind::ProcessExecute => Self::ProcessExecute(scope.parse()?),
            PermissionKind::Environment => Self::Environment(scope.parse()?),
            PermissionKind::Secret => Self::Secret(scope.parse()?),
        };
        // Quoting may lengthen a command: what is printed must be readable again.
        if permission.to_string().len() > PERMISSION_BYTES_MAX {
            return Err(PermissionError::TooLong);
        }
        Ok(permission)
    }
}

serde_as_string!(Permission);

/// By the bytes of the line, as digests and lists have it.
impl Ord for Permission {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialOrd for Permission {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod uses;
