//! Which paths a package may have: safe to unpack on every platform, and in a known place.
//!
//! A path that passes is relative, in composed UTF-8, without names that any file system reads as
//! something else. Two paths that some file system holds for one are found by their folded form.

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::limits::{PATH_BYTES_MAX, PATH_COMPONENT_BYTES_MAX, PATH_DEPTH_MAX};
use crate::name::is_windows_device;
use crate::text::is_deceptive;

/// What is wrong with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// Bytes that are not UTF-8.
    #[error("the path is not UTF-8")]
    NotUtf8,
    /// It starts at the root of a file system.
    #[error("the path is absolute")]
    Absolute,
    /// `a//b`, or nothing at all.
    #[error("a name in the path is empty")]
    Empty,
    /// `.` or `..`.
    #[error("the path has a `.` or `..`")]
    Dots,
    /// A separator on Windows.
    #[error("the path has a backslash")]
    Backslash,
    /// Characters that Windows has no files for; a drive letter has one.
    #[error("the path has one of `< > : \" | ? *`, which Windows cannot store")]
    WindowsCharacter,
    /// A name that is a device on Windows.
    #[error("a name in the path is a device on Windows")]
    WindowsDevice,
    /// A dot or space that Windows drops.
    #[error("a name in the path ends in a dot or a space, or begins with a space")]
    Edge,
    /// Control, bidirectional or invisible characters.
    #[error("the path has characters that do not show")]
    Invisible,
    /// Characters that file systems compose differently.
    #[error("the path is not in composed form (NFC)")]
    NotComposed,
    /// Longer than a header can hold.
    #[error("the path is longer than {PATH_BYTES_MAX} bytes")]
    TooLong,
    /// One name longer than a header can hold.
    #[error("a name in the path is longer than {PATH_COMPONENT_BYTES_MAX} bytes")]
    ComponentTooLong,
    /// More folders inside each other than anybody has.
    #[error("the path is deeper than {PATH_DEPTH_MAX} names")]
    TooDeep,
}

/// Checks a path with its root folder, without the slash at the end of a folder's.
pub(super) fn check(path: &str) -> Result<(), PathFault> {
    if path.len() > PATH_BYTES_MAX {
        return Err(PathFault::TooLong);
    }
    if path.starts_with('/') {
        return Err(PathFault::Absolute);
    }
    if path.contains('\\') {
        return Err(PathFault::Backslash);
    }
    if path.chars().any(is_deceptive) {
        return Err(PathFault::Invisible);
    }
    if path.contains(['<', '>', ':', '"', '|', '?', '*']) {
        return Err(PathFault::WindowsCharacter);
    }
    if !is_nfc(path) {
        return Err(PathFault::NotComposed);
    }
    if path.split('/').count() > PATH_DEPTH_MAX {
        return Err(PathFault::TooDeep);
    }
    path.split('/').try_for_each(check_name)
}

fn check_name(name: &str) -> Result<(), PathFault> {
    match name {
        "" => Err(PathFault::Empty),
        "." | ".." => Err(PathFault::Dots),
        _ if name.len() > PATH_COMPONENT_BYTES_MAX => Err(PathFault::ComponentTooLong),
        _ if name.ends_with(['.', ' ']) || name.starts_with(' ') => Err(PathFault::Edge),
        _ if is_windows_device(name) => Err(PathFault::WindowsDevice),
        _ => Ok(()),
    }
}

/// Whether a package has a file here.
pub(super) fn is_file_place(relative: &str) -> bool {
    matches!(
        relative,
        "skill.json" | "skill.wasm" | "SKILL.md" | "README.md"
    ) || (relative.starts_with("LICENSE") && !relative.contains('/'))
        || is_below(relative)
}

/// Whether a package has a folder here.
pub(super) fn is_folder_place(relative: &str) -> bool {
    matches!(relative, "assets" | "references") || is_below(relative)
}

fn is_below(relative: &str) -> bool {
    relative.starts_with("assets/") || relative.starts_with("references/")
}

/// What a file system that ignores case or composition makes of a path.
pub(super) fn folded(path: &str) -> String {
    path.nfkd()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkd()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_some_platform_reads_otherwise_are_refused() {
        for (path, fault) in [
            ("", PathFault::Empty),
            ("/etc/passwd", PathFault::Absolute),
            ("x-1.0.0/../y", PathFault::Dots),
            ("x-1.0.0/./y", PathFault::Dots),
            ("..", PathFault::Dots),
            ("a//b", PathFault::Empty),
            ("a/", PathFault::Empty),
            ("a\\b", PathFault::Backslash),
            ("C:/x", PathFault::WindowsCharacter),
            ("a/b:stream", PathFault::WindowsCharacter),
            ("a/b?", PathFault::WindowsCharacter),
            ("a/NUL", PathFault::WindowsDevice),
            ("a/com1.txt", PathFault::WindowsDevice),
            ("a./b", PathFault::Edge),
            ("a/b ", PathFault::Edge),
            ("a/ b", PathFault::Edge),
            ("a/b\n", PathFault::Invisible),
            ("a/\u{202e}b", PathFault::Invisible),
            ("a/\u{200b}b", PathFault::Invisible),
            ("a/e\u{301}", PathFault::NotComposed),
        ] {
            assert_eq!(check(path), Err(fault), "{path:?}");
        }
        assert_eq!(check("x-1.0.0/assets/.keep é (1).tar.gz"), Ok(()));
    }

    #[test]
    fn length_and_depth_end_at_their_limits() {
        let name = "n".repeat(PATH_COMPONENT_BYTES_MAX);
        assert_eq!(check(&format!("{name}/{name}")), Ok(()));
        assert_eq!(check(&format!("{name}n")), Err(PathFault::ComponentTooLong));
        assert_eq!(
            check(&format!("{name}/{name}/{name}")),
            Err(PathFault::TooLong)
        );
        assert_eq!(check(&vec!["a"; PATH_DEPTH_MAX].join("/")), Ok(()));
        assert_eq!(
            check(&vec!["a"; PATH_DEPTH_MAX + 1].join("/")),
            Err(PathFault::TooDeep)
        );
    }

    #[test]
    fn folding_finds_what_some_file_system_holds_for_one() {
        for (a, b) in [
            ("SKILL.md", "skill.MD"),
            ("é", "e\u{301}"),
            ("straße", "STRASSE"),
            ("ﬁ", "fi"),
            ("Σ", "ς"),
        ] {
            assert_eq!(folded(a), folded(b), "{a} {b}");
        }
        assert_ne!(folded("a"), folded("b"));
    }

    #[test]
    fn every_file_has_a_known_place() {
        for good in [
            "skill.json",
            "LICENSE",
            "LICENSE-MIT",
            "assets/a",
            "references/a/b.md",
        ] {
            assert!(is_file_place(good), "{good}");
        }
        for bad in [
            "Skill.toml",
            "skill.md",
            "run.sh",
            "LICENSE/x",
            "assets",
            "scripts/x",
            ".git/config",
        ] {
            assert!(!is_file_place(bad), "{bad}");
        }
        assert!(
            is_folder_place("assets") && is_folder_place("assets/a") && !is_folder_place("src")
        );
    }
}
