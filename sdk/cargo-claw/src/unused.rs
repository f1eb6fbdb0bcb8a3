//! Permissions that nothing of the component can use, as far as that can be told.
//!
//! A permission whose interface is not imported is of no use. That can be told of `network.*`, `process.execute` and
//! `secret` for every component. Rust's standard library imports `wasi:filesystem` and `wasi:cli/environment`
//! whether it is used or not, so of `filesystem.*` and `environment` it can be told only where they are not imported,
//! as for components of JavaScript and Python without WASI, and nothing is said otherwise.

use claw_package::{Import, PermissionKind, PermissionSet};

/// What a kind of permission is used through: an interface, or all of a package.
fn interface(kind: PermissionKind) -> &'static str {
    match kind {
        PermissionKind::FilesystemRead | PermissionKind::FilesystemWrite => "wasi:filesystem",
        PermissionKind::NetworkExternal
        | PermissionKind::NetworkInternal
        | PermissionKind::Secret => "wasi:http",
        PermissionKind::NetworkTcp => "wasi:sockets",
        PermissionKind::ProcessExecute => "claw:skill/process",
        PermissionKind::Environment => "wasi:cli/environment",
    }
}

/// One warning for each permission that the component has no way to use.
pub(crate) fn warnings(permissions: &PermissionSet, imports: &[Import]) -> Vec<String> {
    let is_imported = |interface: &str| {
        let rest = |import: &Import| import.name.strip_prefix(interface).map(str::to_owned);
        imports
            .iter()
            .filter_map(rest)
            .any(|rest| rest.is_empty() || rest.starts_with(['/', '@']))
    };
    permissions
        .iter()
        .map(|permission| (permission, interface(permission.kind())))
        .filter(|(_, interface)| !is_imported(interface))
        .map(|(permission, interface)| {
            format!("nothing uses the permission `{permission}`: the component does not import `{interface}`")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use claw_package::ImportClass;

    use super::*;

    #[test]
    fn a_permission_without_its_import_is_of_no_use() {
        let permissions: PermissionSet = [
            "filesystem.read=.",
            "environment=HOME",
            "network.external=https://example.com",
            "process.execute=git log",
        ]
        .iter()
        .map(|line| line.parse().unwrap())
        .collect();
        let import = |name: &str| Import {
            name: name.to_owned(),
            class: ImportClass::Ambient,
        };
        let rust = [
            import("wasi:filesystem/types@0.2.6"),
            import("wasi:cli/environment@0.2.6"),
            import("wasi:clocks/wall-clock@0.2.6"),
        ];
        let told = warnings(&permissions, &rust);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("network.external") && told[0].contains("`wasi:http`"));
        assert!(told[1].contains("process.execute") && told[1].contains("`claw:skill/process`"));
        assert_eq!(warnings(&permissions, &[]).len(), 4);
        let process = [
            import("claw:skill/process@0.1.0"),
            import("wasi:http/types@0.2.6"),
        ];
        assert_eq!(warnings(&permissions, &process).len(), 2);
    }
}
