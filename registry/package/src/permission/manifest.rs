//! Permissions as manifests may write them: bare kinds, and the strings of OpenClaw.
//!
//! Both are written out here, once, when a package is packed. Nothing else in the system knows them.

use super::{Permission, PermissionError, PermissionKind, PermissionSet};
use crate::limits::PERMISSIONS_MAX;

impl PermissionSet {
    /// Reads the list of a manifest, with bare kinds and OpenClaw's strings written out.
    pub fn from_manifest(lines: &[String]) -> Result<Self, PermissionError> {
        if lines.len() > PERMISSIONS_MAX {
            return Err(PermissionError::TooMany);
        }
        let mut permissions = Vec::with_capacity(lines.len());
        for line in lines {
            match written_out(line)? {
                [] => permissions.push(line.parse()?),
                known => {
                    for line in known {
                        permissions.push(line.parse()?);
                    }
                }
            }
        }
        Ok(Self::new(permissions))
    }
}

/// What a bare kind stands for; nothing for a line with a scope.
fn written_out(line: &str) -> Result<&'static [&'static str], PermissionError> {
    let kind: PermissionKind = match line {
        "filesystem:read" => PermissionKind::FilesystemRead,
        "filesystem:write" => PermissionKind::FilesystemWrite,
        "network:external" => PermissionKind::NetworkExternal,
        "network:internal" => PermissionKind::NetworkInternal,
        "process:execute" => PermissionKind::ProcessExecute,
        _ if line.contains('=') => return Ok(&[]),
        _ => match line.parse::<Permission>() {
            Err(PermissionError::NoScope(kind)) => kind,
            Err(error) => return Err(error),
            Ok(_) => return Ok(&[]),
        },
    };
    match kind {
        PermissionKind::FilesystemRead => Ok(&["filesystem.read=."]),
        PermissionKind::FilesystemWrite => Ok(&["filesystem.write=."]),
        PermissionKind::NetworkExternal => Ok(&[
            "network.external=https://*:*",
            "network.external=http://*:*",
        ]),
        PermissionKind::NetworkInternal => Ok(&[
            "network.internal=https://*:*",
            "network.internal=http://*:*",
        ]),
        PermissionKind::ProcessExecute => Ok(&["process.execute=**"]),
        PermissionKind::NetworkTcp | PermissionKind::Environment | PermissionKind::Secret => {
            Err(PermissionError::NoScope(kind))
        }
    }
}
