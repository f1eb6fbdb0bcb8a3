//! How people ask for a package: `acme/x`, or `acme/x@REQUIREMENT`.

use std::fmt;
use std::str::FromStr;

use super::{NameError, PackageName, Requirement};
use crate::text::serde_as_string;

/// A package, and which versions of it will do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    /// The package.
    pub name: PackageName,
    /// Which versions; none was said where this is `None`.
    pub requirement: Option<Requirement>,
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.requirement {
            Some(requirement) => write!(f, "{}@{requirement}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

impl FromStr for Spec {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        // The first byte may be the `@` of `@acme/x`, which asks for no version.
        let at = text
            .bytes()
            .skip(1)
            .position(|b| b == b'@')
            .map(|position| position + 1);
        let (name, requirement) = match at {
            Some(at) => (&text[..at], Some(text[at + 1..].parse()?)),
            None => (text, None),
        };
        Ok(Self {
            name: name.parse()?,
            requirement,
        })
    }
}

serde_as_string!(Spec);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_a_name_and_maybe_a_requirement() {
        for (text, printed) in [
            ("acme/x", "acme/x"),
            ("@acme/x", "acme/x"),
            ("acme/x@1.2", "acme/x@^1.2"),
            ("@acme/x@^1.2", "acme/x@^1.2"),
            ("acme:x@=1.0.0-rc.1", "acme/x@=1.0.0-rc.1"),
            ("acme/x@*", "acme/x@*"),
        ] {
            assert_eq!(text.parse::<Spec>().unwrap().to_string(), printed);
        }
        for text in [
            "",
            "@",
            "x",
            "acme/x@",
            "acme/x@latest",
            "acme/x@1@2",
            "@acme",
            "é@1",
        ] {
            assert!(text.parse::<Spec>().is_err(), "{text}");
        }
    }
}
