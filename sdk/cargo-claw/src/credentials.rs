//! `$CLAW_HOME/credentials.toml`: the registries that somebody logged in to, and what was learnt there.
//!
//! Readable for its owner alone. A token goes to the registry it is for and nowhere else.

use std::collections::BTreeMap;
use std::fmt;

use claw_package::Namespace;
use claw_trust::{KeysetRef, Origin};
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::{self, Home};

/// Every login of this person.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// The registry that commands mean: the one logged in to last.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Origin>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    registry: BTreeMap<String, Login>,
}

/// One registry, as its origin's entry has it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// Where it is.
    pub(crate) address: String,
    /// Whether plain `http://` to another machine was allowed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) allow_http: bool,
    /// What it lets this person do.
    pub(crate) token: String,
    /// The keysets that were seen there, by namespace: `pack` signs with nobody to ask.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    keysets: BTreeMap<String, KeysetRef>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads the file; without one nobody is logged in.
    pub(crate) fn read(home: &Home) -> Outcome<Credentials> {
        let path = home.credentials_file();
        let Some(text) = home::read_text(&path)? else {
            return Ok(Credentials::default());
        };
        // The fault is not shown with its line, which could be the one of a token.
        let read = toml::from_str(&text).map_err(|error| anyhow::anyhow!("{}", error.message()));
        read.or_fail(
            Kind::Usage,
            format!("`{}` holds no credentials", path.display()),
        )
    }

    /// Writes the file.
    pub(crate) fn write(&self, home: &Home) -> Outcome {
        let text = toml::to_string(self).or_fail(Kind::Bug, "could not write down credentials")?;
        home::write_private(&home.credentials_file(), text.as_bytes())
    }

    /// The registry logged in to last, `None` if there is none.
    pub(crate) fn current(&self) -> Option<(&Origin, &Login)> {
        let origin = self.current.as_ref()?;
        Some((origin, self.registry.get(origin.as_str())?))
    }

    /// The same, where it is needed.
    pub(crate) fn needed(&self) -> Outcome<(&Origin, &Login)> {
        let none = || {
            Failure::refused("nobody is logged in to a registry")
                .hint("cargo claw login --registry URL")
        };
        self.current().ok_or_else(none)
    }

    /// Makes this the current registry; what was learnt there before stays.
    pub(crate) fn log_in(
        &mut self,
        origin: &Origin,
        address: String,
        allow_http: bool,
        token: String,
    ) {
        let keysets = self
            .registry
            .remove(origin.as_str())
            .map(|login| login.keysets)
            .unwrap_or_default();
        self.registry.insert(
            origin.to_string(),
            Login {
                address,
                allow_http,
                token,
                keysets,
            },
        );
        self.current = Some(origin.clone());
    }

    /// Forgets the current registry; the answer is which it was.
    pub(crate) fn log_out(&mut self) -> Option<Origin> {
        let origin = self.current.take()?;
        self.registry.remove(origin.as_str());
        Some(origin)
    }

    /// Remembers the keyset of a namespace at a registry; the answer is whether it was not known yet.
    pub(crate) fn learn(
        &mut self,
        origin: &Origin,
        namespace: &Namespace,
        keyset: KeysetRef,
    ) -> bool {
        let Some(login) = self.registry.get_mut(origin.as_str()) else {
            return false;
        };
        login.keysets.insert(namespace.to_string(), keyset) != Some(keyset)
    }
}

impl Login {
    /// The keyset of a namespace as it was seen last.
    pub(crate) fn keyset(&self, namespace: &Namespace) -> Option<KeysetRef> {
        self.keysets.get(namespace.as_str()).copied()
    }
}

#[cfg(test)]
mod tests {
    use claw_package::Digest;

    use super::*;

    #[test]
    fn a_login_is_kept_with_what_was_learnt_and_forgotten_whole() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_owned());
        let (origin, acme): (Origin, Namespace) =
            ("skills.example".parse().unwrap(), "acme".parse().unwrap());
        let keyset = KeysetRef {
            sequence: 1,
            digest: Digest::of(b"keyset"),
        };

        let mut credentials = Credentials::read(&home).unwrap();
        assert_eq!(credentials.needed().unwrap_err().kind, Kind::Refused);
        credentials.log_in(
            &origin,
            "https://skills.example".to_owned(),
            false,
            "claw_publish_1".to_owned(),
        );
        assert!(credentials.learn(&origin, &acme, keyset));
        credentials.log_in(
            &origin,
            "https://other.example".to_owned(),
            false,
            "claw_publish_2".to_owned(),
        );
        credentials.write(&home).unwrap();

        let mut credentials = Credentials::read(&home).unwrap();
        let (found, login) = credentials.needed().unwrap();
        assert_eq!((found, login.token.as_str()), (&origin, "claw_publish_2"));
        assert_eq!(login.keyset(&acme), Some(keyset));
        assert!(!credentials.learn(&origin, &acme, keyset));
        assert_eq!(credentials.log_out(), Some(origin));
        assert!(credentials.current().is_none());
    }

    #[test]
    fn a_token_is_in_no_message() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_owned());
        home::write_private(
            &home.credentials_file(),
            b"[registry.x]\ntoken = \"claw_secret\" oops",
        )
        .unwrap();
        let failure = Credentials::read(&home).unwrap_err();
        assert!(!format!("{:#}", failure.error).contains("claw_secret"));
    }
}
