//! The name of a registry, which stays when its addresses change.
//!
//! An origin is not a URL and is never resolved. It stands in every note, so that a note made for
//! one registry proves nothing at another.

use std::fmt;
use std::str::FromStr;

use crate::text::serde_as_string;

/// Long enough for any host name with a suffix; short enough for one line.
const ORIGIN_BYTES_MAX: usize = 128;

/// A registry's lasting name: lower-case ASCII words of letters, digits, `-` and `_`, joined by
/// dots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// Why a text is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no registry origin: {fault}")]
pub struct OriginError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub fault: &'static str,
}

impl Origin {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fault(text: &str) -> Option<&'static str> {
    if text.len() > ORIGIN_BYTES_MAX {
        return Some("it is longer than 128 bytes");
    }
    let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_' | '.');
    if !text.chars().all(allowed) {
        return Some("only lower-case letters, digits, `-`, `_` and `.` are allowed");
    }
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphanumeric())
            && word.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    if !text.split('.').all(is_word) {
        return Some("every part between dots starts and ends with a letter or a digit");
    }
    None
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        match fault(text) {
            Some(fault) => Err(OriginError {
                text: text.to_owned(),
                fault,
            }),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_string!(Origin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_like_names_are_origins() {
        for text in [
            "skills.acme.example",
            "laptop-k3jq7wxz",
            "my_box",
            "a",
            "127.0.0.1",
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long = "a".repeat(129);
        for text in [
            "", ".", "a.", ".a", "a..b", "-a", "a-", "A", "a b", "a/b", "a:1", "a+b", "ä", &long,
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
