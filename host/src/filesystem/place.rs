//! Where a file really is: the names on the way down to it, and what follows from them.
//!
//! Pure. Names are bytes, because file systems hold any; grants are text, and match only what is
//! spelt exactly like them.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use claw_package::permission::Folder;
use claw_package::{Permission, PermissionSet};

/// Names from the workspace (or the package's assets) down to a file or folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place(Vec<OsString>);

impl Place {
    /// One level further down.
    pub(crate) fn child(&self, name: &OsStr) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }

    /// One level further up; the top stays.
    pub(crate) fn parent(&self) -> Self {
        let mut names = self.0.clone();
        names.pop();
        Self(names)
    }

    /// Where a path written by a guest would be if there were no links: for messages.
    pub(crate) fn lexical(&self, path: &str) -> Self {
        let mut names = self.0.clone();
        for name in path.split('/') {
            match name {
                "" | "." => {}
                ".." => drop(names.pop()),
                name => names.push(name.into()),
            }
        }
        Self(names)
    }

    /// Whether no skill may change what is here, whatever was granted.
    ///
    /// These decide what later runs as the operator: hooks, and what a project wants, also while
    /// claw writes it under another name.
    pub(crate) fn is_protected(&self) -> bool {
        let names: Vec<String> = self.0.iter().map(|name| folded(name)).collect();
        let is_wish = |name: &String| {
            ["claw.toml", "claw.lock"].iter().any(|wish| {
                name.strip_prefix(wish).is_some_and(|rest| {
                    rest.is_empty() || (rest.starts_with('.') && rest.ends_with(".tmp"))
                })
            })
        };
        names.iter().any(|name| name == ".git" || name == ".claw")
            || names.last().is_some_and(is_wish)
    }

    fn is_within(&self, folder: &Folder) -> bool {
        let granted = folder.components();
        self.0.len() >= granted.len()
            && self
                .0
                .iter()
                .zip(granted)
                .all(|(name, granted)| name.as_bytes() == granted.as_bytes())
    }

    /// The permission for this place as a folder, if it can be written as one.
    pub(crate) fn permission(&self, access: Access) -> Option<Permission> {
        let kind = match access {
            Access::Read => claw_package::PermissionKind::FilesystemRead,
            Access::Write => claw_package::PermissionKind::FilesystemWrite,
        };
        let names: Option<Vec<&str>> = self.0.iter().map(|name| name.to_str()).collect();
        let folder = match names?.join("/") {
            folder if folder.is_empty() => ".".to_owned(),
            folder => folder,
        };
        format!("{kind}={folder}").parse().ok()
    }
}

/// Whether nothing of this name may be changed, wherever it is.
#[cfg(target_os = "linux")]
pub(crate) fn is_protected_name(name: &OsStr) -> bool {
    Place::default().child(name).is_protected()
}

/// A name as those file systems see it that ignore the most: without case, without characters that
/// have no width, and with the two letters that are others in capitals.
fn folded(name: &OsStr) -> String {
    name.to_string_lossy()
        .chars()
        .filter_map(|c| match c {
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{206a}'..='\u{206f}'
            | '\u{feff}' => None,
            '\u{212a}' => Some('k'),
            '\u{17f}' => Some('s'),
            c => Some(c.to_ascii_lowercase()),
        })
        .collect()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(".");
        }
        let names: Vec<_> = self.0.iter().map(|name| name.to_string_lossy()).collect();
        f.write_str(&names.join("/"))
    }
}

/// What is wanted of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// What may be done where.
#[derive(Clone, Debug)]
pub(crate) enum Rules {
    /// Inside the workspace: what was granted.
    Granted {
        read: Vec<Folder>,
        write: Vec<Folder>,
    },
    /// The package's own files.
    ReadOnly,
}

impl Rules {
    /// The filesystem part of the effective grants.
    pub(crate) fn granted(grants: &PermissionSet) -> Self {
        let (mut read, mut write) = (Vec::new(), Vec::new());
        for permission in grants {
            match permission {
                Permission::FilesystemRead(folder) => read.push(folder.clone()),
                Permission::FilesystemWrite(folder) => write.push(folder.clone()),
                _ => {}
            }
        }
        Self::Granted { read, write }
    }

    /// Whether this access is granted here.
    pub(crate) fn allow(&self, access: Access, place: &Place) -> bool {
        match (self, access) {
            (Self::ReadOnly, Access::Read) => true,
            (Self::ReadOnly, Access::Write) => false,
            (Self::Granted { read, write }, access) => {
                let within =
                    |folders: &[Folder]| folders.iter().any(|folder| place.is_within(folder));
                within(write) || (access == Access::Read && within(read))
            }
        }
    }

    /// Every granted folder once, and whether it may be written.
    pub(crate) fn folders(&self) -> Vec<(&Folder, Access)> {
        let Self::Granted { read, write } = self else {
            return Vec::new();
        };
        let writable = write.iter().map(|folder| (folder, Access::Write));
        let readable = read.iter().filter(|folder| !write.contains(folder));
        writable
            .chain(readable.map(|folder| (folder, Access::Read)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Place {
        Place::default().lexical(path)
    }

    #[test]
    fn protected_names_are_protected_at_any_depth_and_in_any_case() {
        for path in [
            ".git",
            "a/.GIT/config",
            ".Claw/x",
            "claw.toml",
            "a/b/CLAW.Lock",
            ".git/hooks/pre-commit",
            "claw.toml.tmp",
            "a/Claw.Toml.12ab.TMP",
            "claw.lock.x.tmp",
            ".g\u{200c}it/config",
            "\u{feff}.claw",
            "claw.loc\u{212a}",
        ] {
            assert!(place(path).is_protected(), "{path}");
        }
        for path in [
            "git",
            ".gitignore",
            "a/claw.toml.md",
            "claw.tomlx.tmp",
            "claw.toml.tmp/x",
            ".gi\u{301}t",
            "claw.toml/x",
            "my-claw.toml",
            ".",
        ] {
            assert!(!place(path).is_protected(), "{path}");
        }
    }

    #[test]
    fn a_grant_covers_its_folder_and_nothing_beside_it() {
        let rules = Rules::granted(&PermissionSet::new([
            "filesystem.read=docs".parse().unwrap(),
            "filesystem.write=out/a".parse().unwrap(),
        ]));
        for (access, path, allowed) in [
            (Access::Read, "docs", true),
            (Access::Read, "docs/a/b", true),
            (Access::Read, "docs2", false),
            (Access::Read, "Docs", false),
            (Access::Read, ".", false),
            (Access::Write, "docs/a", false),
            (Access::Write, "out/a/b", true),
            (Access::Read, "out/a", true),
            (Access::Write, "out", false),
        ] {
            assert_eq!(
                rules.allow(access, &place(path)),
                allowed,
                "{access:?} {path}"
            );
        }
        assert!(!Rules::ReadOnly.allow(Access::Write, &place("x")));
    }

    #[test]
    fn a_place_suggests_the_permission_for_it() {
        let read = |path: &str| place(path).permission(Access::Read).map(|p| p.to_string());
        assert_eq!(read("."), Some("filesystem.read=.".to_owned()));
        assert_eq!(read("a/./b/../c"), Some("filesystem.read=a/c".to_owned()));
        assert_eq!(read("a*"), None);
    }
}
