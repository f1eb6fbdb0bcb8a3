//! `$CLAW_HOME/secrets`: which secrets the operator has set, and where each is kept.
//!
//! A value is in the system keyring, or sealed in this very file where there is no keyring. It never
//! moves by itself: where a name was put it stays until it is removed, and is never looked for
//! elsewhere. Only the names of effective `secret` grants are ever read.

mod keyring;
mod value;
mod vault;

use std::collections::BTreeMap;

use claw_host::SecretValue;
use claw_package::permission::EnvironmentName;
use claw_package::{Permission, PermissionSet};
use serde::{Deserialize, Serialize};

use crate::durable::{self, Audience};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::output;
use crate::show;
pub(crate) use keyring::{Keyring, SystemKeyring, Unavailable};
pub(crate) use value::{Value, from_stdin, from_terminal};

/// More than any operator has; few enough that all of them, at their longest, are read at once.
const SECRETS_MAX: usize = 256;

/// All of them at their longest, in base64, with their names.
const BOOK_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// The keyring of the system: the Secret Service, or the keychain.
    Keyring,
    /// The encrypted file.
    File,
}

impl Place {
    /// For people, after "kept in".
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Keyring => "the system keyring",
            Self::File => "the encrypted file",
        }
    }

    /// For programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File => "file",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kept: Place,
    /// The value as [`vault`] seals it, where it is kept here.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
}

/// The operator's secrets.
pub(crate) struct Secrets<'a> {
    home: &'a Home,
    keyring: &'a dyn Keyring,
    entries: BTreeMap<String, Entry>,
}

impl<'a> Secrets<'a> {
    /// Reads which there are, and no value.
    pub(crate) fn open(home: &'a Home, keyring: &'a dyn Keyring) -> Outcome<Self> {
        let path = home.secrets();
        let text = durable::read_text(&path, BOOK_BYTES_MAX, Audience::Owner)?.unwrap_or_default();
        let entries = parse(&text)
            .map_err(|failure| failure.during(format!("`{}` does not hold", path.display())))?;
        Ok(Secrets {
            home,
            keyring,
            entries,
        })
    }

    /// Every name, and where its value is.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, Place)> {
        let entries = self.entries.iter();
        entries.map(|(name, entry)| (name.as_str(), entry.kept))
    }

    /// Where the value of this name is.
    pub(crate) fn place(&self, name: &EnvironmentName) -> Option<Place> {
        self.entries.get(name.as_str()).map(|entry| entry.kept)
    }

    /// Keeps a value: where the name is kept already, else in the keyring, else in the file. Then
    /// the reason why not in the keyring comes back, too. The caller holds the lock of the home.
    pub(crate) fn set(
        &mut self,
        name: &EnvironmentName,
        value: &Value,
    ) -> Outcome<(Place, Option<Unavailable>)> {
        let known = self.place(name);
        if known.is_none() && self.entries.len() >= SECRETS_MAX {
            let failure = Failure::new(
                Kind::Limit,
                format!("there are {SECRETS_MAX} secrets already"),
            );
            return Err(failure.hint("claw secret remove NAME"));
        }
        let kept = match known {
            Some(Place::File) => Err(None),
            _ => self.keyring.set(name.as_str(), value).map_err(Some),
        };
        let (entry, why) = match (kept, known) {
            (Ok(()), _) => {
                let kept = Place::Keyring;
                (Entry { kept, sealed: None }, None)
            }
            // Two values of one name in two places would be worse than none.
            (Err(Some(why)), Some(Place::Keyring)) => {
                return Err(out_of_reach(name.as_str(), &why)
                    .hint(format!("claw secret remove {name}, and set it again")));
            }
            (Err(why), _) => {
                let key = vault::load_or_create(self.home)?;
                let sealed = vault::seal(&key, name.as_str(), value)?;
                let kept = Place::File;
                let sealed = Some(sealed);
                (Entry { kept, sealed }, why)
            }
        };
        let kept = entry.kept;
        if self.entries.get(name.as_str()) != Some(&entry) {
            self.entries.insert(name.to_string(), entry);
            self.write()?;
        }
        Ok((kept, why))
    }

    /// Forgets a name and its value. A keyring that does not answer is no reason to keep the name:
    /// claw does not use the value any more; but why it may still be there comes back. The caller
    /// holds the lock of the home.
    pub(crate) fn remove(&mut self, name: &EnvironmentName) -> Outcome<Option<Unavailable>> {
        let Some(entry) = self.entries.remove(name.as_str()) else {
            let failure = Failure::not_found(format!("there is no secret `{name}`"));
            return Err(failure.hint("claw secret list"));
        };
        let left = match entry.kept {
            Place::Keyring => self.keyring.remove(name.as_str()).err(),
            Place::File => None,
        };
        self.write()?;
        Ok(left)
    }

    /// The value of a name that was set.
    pub(crate) fn value(&self, name: &str) -> Outcome<Option<Value>> {
        let Some(entry) = self.entries.get(name) else {
            return Ok(None);
        };
        let value = match (entry.kept, &entry.sealed) {
            (Place::File, Some(sealed)) => {
                let key = vault::load(self.home)?;
                Some(vault::open(&key, name, sealed)?)
            }
            _ => match self.keyring.get(name) {
                Ok(value) => value,
                Err(why) => return Err(out_of_reach(name, &why)),
            },
        };
        let lost = || {
            let failure = Failure::not_found(format!(
                "the secret `{name}` is gone from {}",
                entry.kept.describe()
            ));
            failure.hint(set_command(name))
        };
        value.ok_or_else(lost).map(Some)
    }

    fn write(&self) -> Outcome {
        let text = toml::to_string(&self.entries)
            .or_fail(Kind::Bug, "could not print the list of secrets")?;
        durable::write(&self.home.secrets(), text.as_bytes(), Audience::Owner)
    }
}

/// The values of the secrets that these grants name, for the host and for nobody else. A granted
/// name that was never set is told and left out: not every action needs every secret, and the host
/// denies a request that does.
pub(crate) fn granted(home: &Home, grants: &PermissionSet) -> Outcome<claw_host::Secrets> {
    let names = names_of(grants);
    if names.is_empty() {
        return Ok(claw_host::Secrets::new());
    }
    let keyring = SystemKeyring::of(home);
    let secrets = Secrets::open(home, &keyring)?;
    let mut values = claw_host::Secrets::new();
    for name in names {
        let name = name.as_str();
        match secrets.value(name)? {
            Some(value) => {
                let value = SecretValue::new(value.into_inner())
                    .or_fail(Kind::Usage, format!("the secret `{name}` is none"))?;
                values.insert(name.to_owned(), value);
            }
            None => {
                output::warn(format_args!(
                    "the secret `{name}` is granted, and was never set"
                ));
                output::say(format_args!("hint: {}", set_command(name)));
            }
        }
    }
    Ok(values)
}

/// The names that grants let a skill use, each once.
pub(crate) fn names_of(grants: &PermissionSet) -> Vec<&EnvironmentName> {
    let mut names: Vec<_> = grants
        .iter()
        .filter_map(|grant| match grant {
            Permission::Secret(scope) => Some(scope.name()),
            _ => None,
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

fn out_of_reach(name: &str, why: &Unavailable) -> Failure {
    Failure::new(Kind::Io, why).during(format!(
        "the secret `{name}` is kept in the system keyring, which can't be used"
    ))
}

fn set_command(name: &str) -> String {
    format!("claw secret set {}", show::shell_word(name))
}

fn parse(text: &str) -> Outcome<BTreeMap<String, Entry>> {
    let act = "it is no list of secrets";
    let entries: BTreeMap<String, Entry> = toml::from_str(text)
        // The parser shows the line it stumbles over, which may hold a sealed value.
        .map_err(|error: toml::de::Error| anyhow::Error::msg(error.message().to_owned()))
        .or_fail(Kind::Verification, act)?;
    for (name, entry) in &entries {
        name.parse::<EnvironmentName>()
            .or_fail(Kind::Verification, act)?;
        if (entry.kept == Place::File) != entry.sealed.is_some() {
            let message = format!("`{name}` has a sealed value in the wrong place, or none");
            return Err(Failure::verification(message));
        }
    }
    if entries.len() > SECRETS_MAX {
        let message = format!("it has more than {SECRETS_MAX} secrets");
        return Err(Failure::verification(message));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;
