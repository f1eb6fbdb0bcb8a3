//! What a skill may do, as one pure function of who said what.
//!
//! A manifest only ever bounds; the operator's own lines only ever add; a revoked line wins over
//! all of them. Nothing here looks at the world.

use claw_package::{Permission, PermissionKind, PermissionSet};

/// `execution.sandbox.level`: what every skill gets without being asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum SandboxLevel {
    /// Nothing.
    #[default]
    Isolated,
    /// Reading the workspace.
    Restricted,
    /// Reading and writing the workspace.
    Trusted,
}

/// `skills.security_level`: how much a publisher's word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum SecurityLevel {
    /// Nothing that was not granted explicitly, whatever the sandbox level says.
    Strict,
    /// The sandbox level, and what was granted.
    #[default]
    Moderate,
    /// Also what the manifest asks for, except programs, secrets and the local network.
    Permissive,
}

/// What the two levels add, before the manifest bounds it.
pub fn auto(
    sandbox: SandboxLevel,
    security: SecurityLevel,
    manifest: &PermissionSet,
) -> PermissionSet {
    let workspace = claw_package::permission::Folder::workspace();
    let level = match (security, sandbox) {
        (SecurityLevel::Strict, _) | (_, SandboxLevel::Isolated) => None,
        (_, SandboxLevel::Restricted) => Some(Permission::FilesystemRead(workspace)),
        (_, SandboxLevel::Trusted) => Some(Permission::FilesystemWrite(workspace)),
    };
    let asked = manifest.iter().filter(|permission| {
        security == SecurityLevel::Permissive
            && !matches!(
                permission.kind(),
                PermissionKind::ProcessExecute
                    | PermissionKind::Secret
                    | PermissionKind::NetworkInternal
            )
    });
    PermissionSet::new(level.into_iter().chain(asked.cloned()))
}

/// The effective grants: manifest ∩ ((stored ∪ auto ∪ allowed) − revoked).
pub fn effective(
    manifest: &PermissionSet,
    stored: &PermissionSet,
    auto: &PermissionSet,
    allowed: &PermissionSet,
    revoked: &PermissionSet,
) -> PermissionSet {
    manifest.meet(&stored.union(auto).union(allowed).without(revoked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(lines: &[&str]) -> PermissionSet {
        PermissionSet::new(lines.iter().map(|line| line.parse().unwrap()))
    }

    const EVERYTHING: &[&str] = &[
        "filesystem.write=.",
        "network.external=https://*:*",
        "network.internal=https://*:*",
        "process.execute=**",
        "environment=HOME",
        "secret=TOKEN https://example.com authorization",
    ];

    #[test]
    fn the_manifest_bounds_every_grant() {
        let grants = set(&["filesystem.write=.", "environment=HOME"]);
        let none = PermissionSet::empty();
        let manifest = set(&["filesystem.read=docs"]);
        assert_eq!(effective(&manifest, &grants, &none, &none, &none), manifest);
        assert_eq!(effective(&none, &grants, &grants, &grants, &none), none);
    }

    #[test]
    fn without_a_yes_there_is_nothing() {
        let none = PermissionSet::empty();
        assert_eq!(
            effective(&set(EVERYTHING), &none, &none, &none, &none),
            none
        );
    }

    #[test]
    fn a_revoked_line_wins_under_every_level() {
        let manifest = set(EVERYTHING);
        let revoked = set(EVERYTHING);
        for sandbox in [
            SandboxLevel::Isolated,
            SandboxLevel::Restricted,
            SandboxLevel::Trusted,
        ] {
            for security in [
                SecurityLevel::Strict,
                SecurityLevel::Moderate,
                SecurityLevel::Permissive,
            ] {
                let auto = auto(sandbox, security, &manifest);
                let left = effective(&manifest, &manifest, &auto, &manifest, &revoked);
                assert!(
                    !left.has_kind(PermissionKind::FilesystemWrite)
                        && !left.has_kind(PermissionKind::ProcessExecute)
                        && !left.has_kind(PermissionKind::Environment),
                    "{sandbox:?} {security:?}: {left}"
                );
            }
        }
    }

    #[test]
    fn each_level_adds_what_it_says() {
        let manifest = set(EVERYTHING);
        let auto = |sandbox, security| auto(sandbox, security, &manifest);
        assert!(auto(SandboxLevel::Trusted, SecurityLevel::Strict).is_empty());
        assert!(auto(SandboxLevel::Isolated, SecurityLevel::Moderate).is_empty());
        assert_eq!(
            auto(SandboxLevel::Restricted, SecurityLevel::Moderate),
            set(&["filesystem.read=."])
        );
        assert_eq!(
            auto(SandboxLevel::Trusted, SecurityLevel::Moderate),
            set(&["filesystem.write=."])
        );
        let permissive = auto(SandboxLevel::Isolated, SecurityLevel::Permissive);
        assert_eq!(
            permissive,
            set(&[
                "filesystem.write=.",
                "network.external=https://*:*",
                "environment=HOME"
            ])
        );
    }

    #[test]
    fn what_two_lines_say_together_is_decided_line_by_line() {
        let none = PermissionSet::empty();
        let manifest = set(&["filesystem.read=a", "filesystem.write=a/b"]);
        let stored = set(&["filesystem.write=."]);
        assert_eq!(effective(&manifest, &stored, &none, &none, &none), manifest);
        let left = effective(
            &manifest,
            &stored,
            &none,
            &none,
            &set(&["filesystem.write=a/b"]),
        );
        assert_eq!(left, set(&["filesystem.read=a"]));
    }
}
