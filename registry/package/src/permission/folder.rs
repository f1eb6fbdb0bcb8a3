//! Folders of the workspace: `.`, or `a/b` below it.
//!
//! Words only. Patterns, absolute paths and ways upward are refused, so that what is granted is one
//! place in the tree and everything below it.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::is_nfc;

use super::error::{PermissionError, shown};

/// A folder relative to the workspace, and all that is below it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Folder(Vec<String>);

impl Folder {
    /// The workspace itself.
    pub fn workspace() -> Self {
        Self(Vec::new())
    }

    /// The names on the way down from the workspace; none for the workspace itself.
    pub fn components(&self) -> &[String] {
        &self.0
    }

    /// Whether it is the whole workspace.
    pub fn is_workspace(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a path, given by its names from the workspace down, is this folder or below it.
    pub fn contains<S: AsRef<str>>(&self, path: &[S]) -> bool {
        path.len() >= self.0.len() && self.0.iter().zip(path).all(|(a, b)| a == b.as_ref())
    }

    pub(super) fn meet(&self, other: &Self) -> Option<Self> {
        if self.contains(&other.0) {
            Some(other.clone())
        } else if other.contains(&self.0) {
            Some(self.clone())
        } else {
            None
        }
    }

    pub(super) fn describe(&self) -> String {
        if self.is_workspace() {
            "the workspace".into()
        } else {
            format!("`{self}`")
        }
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_workspace() {
            f.write_str(".")
        } else {
            f.write_str(&self.0.join("/"))
        }
    }
}

impl FromStr for Folder {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        if text == "." {
            return Ok(Self::workspace());
        }
        let refuse = |reason| {
            Err(PermissionError::Folder {
                scope: shown(text),
                reason,
            })
        };
        if text.starts_with('/') {
            return refuse("it is absolute; folders are relative to the workspace");
        }
        if text.starts_with('~') {
            return refuse("`~` is not expanded; folders are relative to the workspace");
        }
        if text.contains('\\') {
            return refuse("names are separated by `/`");
        }
        if text.contains(['*', '?', '[', ']', '{', '}']) {
            return refuse("patterns are not supported; a folder includes all below it");
        }
        if !is_nfc(text) {
            return refuse("its characters are not in composed form (NFC)");
        }
        for name in text.split('/') {
            match name {
                "" => return refuse("a name is empty"),
                "." | ".." => return refuse("`.` and `..` are no names"),
                _ if name.trim() != name => return refuse("a name begins or ends with a space"),
                _ => {}
            }
        }
        Ok(Self(text.split('/').map(str::to_owned).collect()))
    }
}
