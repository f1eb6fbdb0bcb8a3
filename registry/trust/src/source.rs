//! Where a release says its source is: a repository and the exact commit.
//!
//! It is a claim for people, and nothing here follows it. What could carry a password, or would mean
//! another thing on another machine, is refused.

use std::fmt;
use std::str::FromStr;

/// Longer addresses than this don't fit a line that people read.
const URL_BYTES_MAX: usize = 1024;

/// A commit of a git repository, written `git+<url>#<40 hex>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    url: String,
    commit: String,
}

/// Why a text is no source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a source {0}")]
pub struct SourceError(&'static str);

impl Source {
    /// Names a commit of the repository at `url`.
    pub fn git(url: &str, commit: &str) -> Result<Self, SourceError> {
        let (scheme, rest) = url
            .split_once("://")
            .ok_or(SourceError("has no `https`, `http` or `ssh` address"))?;
        if !matches!(scheme, "https" | "http" | "ssh") {
            return Err(SourceError("has no `https`, `http` or `ssh` address"));
        }
        if url.len() > URL_BYTES_MAX {
            return Err(SourceError("has an address of more than 1,024 bytes"));
        }
        if rest.is_empty()
            || !url
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'#')
        {
            return Err(SourceError("has a space, a `#` or no host in its address"));
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        if user.is_some_and(|user| scheme != "ssh" || user.contains(':')) {
            return Err(SourceError("has a user or a password in its address"));
        }
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if commit.len() != 40 || !commit.bytes().all(is_hex) {
            return Err(SourceError(
                "does not end in `#` and the 40 hex digits of a commit",
            ));
        }
        Ok(Self {
            url: url.to_owned(),
            commit: commit.to_owned(),
        })
    }

    /// The repository's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The commit, 40 lower-case hex digits.
    pub fn commit(&self) -> &str {
        &self.commit
    }
}

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let address = text
            .strip_prefix("git+")
            .ok_or(SourceError("does not start with `git+`"))?;
        let (url, commit) = address.split_once('#').ok_or(SourceError(
            "does not end in `#` and the 40 hex digits of a commit",
        ))?;
        Self::git(url, commit)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "git+{}#{}", self.url, self.commit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_commit_of_a_repository_prints_as_it_was_read() {
        for url in [
            "https://git.acme.example/pdf",
            "http://h",
            "ssh://git@h/pdf.git",
        ] {
            let text = format!("git+{url}#{COMMIT}");
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_local_secret_or_vague_is_refused() {
        for url in [
            "file:///home/x",
            "https://user:token@h/x",
            "https://token@h/x",
            "ssh://git:password@h/x",
            "https://",
            "https://h/a b",
            "pdf",
        ] {
            assert!(Source::git(url, COMMIT).is_err(), "{url}");
        }
        for commit in ["", "main", &COMMIT[1..], &COMMIT.to_uppercase()] {
            assert!(Source::git("https://h/x", commit).is_err(), "{commit}");
        }
        assert!(format!("https://h/x#{COMMIT}").parse::<Source>().is_err());
    }
}
