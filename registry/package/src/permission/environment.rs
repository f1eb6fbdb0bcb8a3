//! Names of environment variables, and secrets bound to where they may go.

use std::fmt;
use std::str::FromStr;

use super::error::{PermissionError, shown};
use super::host::{Host, Scheme};
use super::http::HttpScope;

/// The name of an environment variable, as POSIX has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EnvironmentName {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        let good = (1..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !text.starts_with(|c: char| c.is_ascii_digit());
        if good {
            Ok(Self(text.into()))
        } else {
            Err(PermissionError::EnvironmentName(shown(text)))
        }
    }
}

/// A secret, the hosts it may be sent to, and the header it goes into:
/// `NAME " " scheme "://" host " " header`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretScope {
    name: EnvironmentName,
    scheme: Scheme,
    host: Host,
    header: String,
}

impl SecretScope {
    /// What the secret is called where the operator keeps it.
    pub fn name(&self) -> &EnvironmentName {
        &self.name
    }

    /// The scheme of the requests it goes into.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The hosts of the requests it goes into.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The header it is put into, in lower case.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// Whether some request that a network permission allows could carry it.
    pub fn reaches(&self, scope: &HttpScope) -> bool {
        self.scheme == scope.scheme() && self.host.meet(scope.host()).is_some()
    }

    /// Whether the secret may be put into this header of a request to this host.
    pub fn allows(&self, scheme: Scheme, host: &Host, header: &str) -> bool {
        self.scheme == scheme && self.host.allows(host) && self.header == header
    }

    pub(super) fn meet(&self, other: &Self) -> Option<Self> {
        let same =
            self.name == other.name && self.scheme == other.scheme && self.header == other.header;
        let host = same.then(|| self.host.meet(&other.host))??;
        Some(Self {
            host,
            ..self.clone()
        })
    }

    pub(super) fn describe(&self) -> String {
        format!(
            "have the secret `{}` sent to {} over {}, in the header `{}`",
            self.name,
            self.host.describe(),
            self.scheme,
            self.header,
        )
    }
}

impl fmt::Display for SecretScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}://{} {}",
            self.name, self.scheme, self.host, self.header
        )
    }
}

impl FromStr for SecretScope {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        let refuse = |reason| PermissionError::Secret {
            scope: shown(text),
            reason,
        };
        let [name, url, header] = text.split(' ').collect::<Vec<_>>()[..] else {
            return Err(refuse("write a name, `https://` and a host, and a header"));
        };
        let (scheme, host) =
            Scheme::split(url).ok_or_else(|| refuse("the second word begins with `https://`"))?;
        if host.trim_end_matches(']').contains(':') && !host.starts_with('[') || host.contains('/')
        {
            return Err(refuse("a secret has neither port nor path"));
        }
        let token = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if header.is_empty() || header.len() > 64 || !header.bytes().all(token) {
            return Err(refuse("a header has letters, digits, `-` and `_`"));
        }
        Ok(Self {
            name: name.parse()?,
            scheme,
            host: host.parse().map_err(refuse)?,
            header: header.to_ascii_lowercase(),
        })
    }
}
