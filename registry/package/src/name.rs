//! What packages are called: `namespace/name`, their versions, and how people ask for them.
//!
//! A name that exists as a type is safe as a path, a URL segment, a WIT package and an OCI
//! repository on every platform. It refuses look-alikes by alphabet (only `a-z`, `0-9` and single
//! `-`), and does not judge whether two good names are too similar: that is for the registry.

use std::fmt;
use std::str::FromStr;

pub use choice::ranked;
pub use error::{NameError, SemverError};
pub use spec::Spec;

pub use version::{Requirement, Version};

use crate::limits::{NAME_BYTES_MAX, NAMESPACE_BYTES_MAX};
use crate::text::serde_as_string;
use error::shown;
pub(crate) use reserved::{is_windows_device, is_wit_keyword};

mod choice;
mod error;
#[cfg(test)]
mod exhaustive;
mod reserved;
mod spec;
mod version;

/// The first part of a package's name: who it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(String);

impl Namespace {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Namespace {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check_words(text, NAMESPACE_BYTES_MAX)?;
        if reserved::is_reserved_namespace(text) {
            return Err(NameError::Reserved(text.into()));
        }
        Ok(Self(text.into()))
    }
}

serde_as_string!(Namespace);

/// The name of a package, `namespace/name`.
///
/// `@acme/x` and `acme:x` are read too, as people know them from npm and WIT.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName {
    namespace: Namespace,
    name: String,
}

impl PackageName {
    /// A package of this namespace.
    pub fn new(namespace: Namespace, name: &str) -> Result<Self, NameError> {
        check_words(name, NAME_BYTES_MAX)?;
        Ok(Self {
            namespace,
            name: name.into(),
        })
    }

    /// Who it belongs to.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The part after the slash.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The WIT package of the same name, `namespace:name`.
    pub fn wit(&self) -> String {
        format!("{}:{}", self.namespace, self.name)
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl FromStr for PackageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let shape = || NameError::NotTwoParts(shown(text));
        let (namespace, name) = match text.strip_prefix('@') {
            Some(rest) => rest.split_once('/').ok_or_else(shape)?,
            None => text.split_once(['/', ':']).ok_or_else(shape)?,
        };
        if name.contains(['/', ':']) {
            return Err(shape());
        }
        Self::new(namespace.parse()?, name)
    }
}

serde_as_string!(PackageName);

/// Words of `a-z` and `0-9` that begin with a letter, joined by single `-`.
fn check_words(text: &str, bytes_max: usize) -> Result<(), NameError> {
    if text.len() > bytes_max {
        return Err(NameError::TooLong {
            name: shown(text),
            bytes_max,
        });
    }
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if !text.split('-').all(word) {
        return Err(NameError::Alphabet(shown(text)));
    }
    if reserved::is_wit_keyword(text) {
        return Err(NameError::WitKeyword(text.into()));
    }
    if reserved::is_windows_device(text) {
        return Err(NameError::WindowsDevice(text.into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(text: &str) -> Result<PackageName, NameError> {
        text.parse()
    }

    #[test]
    fn the_spellings_of_npm_and_wit_are_read_and_ours_is_printed() {
        for text in ["acme/pdf-extract", "@acme/pdf-extract", "acme:pdf-extract"] {
            assert_eq!(package(text).unwrap().to_string(), "acme/pdf-extract");
        }
        assert_eq!(package("acme/x2-y").unwrap().wit(), "acme:x2-y");
        assert!(package("a/b").unwrap() < package("a/c").unwrap());
    }

    #[test]
    #[rustfmt::skip]
    fn names_that_deceive_or_break_a_platform_are_refused() {
        for text in [
            "", "/", "acme", "acme/", "/x", "acme/x/y", "acme:x:y", "@acme:x", "@@acme/x", "acme//x",
            "Acme/x", "acme/X", "acme/a_b", "acme/1st", "acme/a--b", "acme/-a", "acme/a-", "acme/a.b",
            "acme/a-1b", "acme/ x", "acme/x ", "acme/x\n", "acme/caf\u{e9}", "acme/\u{430}cme",
            "acme/a\u{200b}b", "acme/../x", "acme/nul", "con/x", "acme/com1", "acme/lpt9", "acme/list",
            "result/x", "acme/world", "claw/x", "admin/x", "api/x", "v2/x", "_/x", "wasi/x", "acme/_",
            "xn--80ak/x",
        ] {
            assert!(package(text).is_err(), "{text:?}");
        }
        for text in [
            "acme/hello-world", "acme/worldly", "acme/con-tact", "acme/api",
        ] {
            assert!(package(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn each_part_ends_at_its_limit() {
        let (namespace, name) = ("n".repeat(NAMESPACE_BYTES_MAX), "x".repeat(NAME_BYTES_MAX));
        assert!(package(&format!("{namespace}/{name}")).is_ok());
        for text in [
            format!("{namespace}n/{name}"),
            format!("{namespace}/{name}x"),
        ] {
            assert!(matches!(package(&text), Err(NameError::TooLong { .. })));
        }
    }

    #[test]
    fn names_are_strings_in_json() {
        let name: PackageName = serde_json::from_str("\"acme/x\"").unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"acme/x\"");
        assert!(serde_json::from_str::<PackageName>("\"x\"").is_err());
    }
}
