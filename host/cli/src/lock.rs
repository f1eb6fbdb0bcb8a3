//! `claw.lock`: the exact releases of a project.
//!
//! It is shared with strangers and gives nothing: every value in it is compared with what was
//! signed and with what the operator accepted. It is read strictly, so that a changed byte is a
//! refusal and not another meaning.

use std::collections::BTreeMap;
use std::path::Path;

use claw_package::{Digest, PackageName, Version};
use claw_trust::{KeysetRef, Origin};
use serde::{Deserialize, Serialize};

use crate::durable::{self, Audience};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::prefix;

/// The only version of the format.
const FORMAT: u64 = 1;

/// Room for thousands of skills.
const LOCK_BYTES_MAX: u64 = 4 * 1024 * 1024;

const HEADER: &str =
    "# Written by claw. It names what was resolved; it grants nothing and trusts nobody.\n";

/// One release, as resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Locked {
    pub(crate) name: PackageName,
    pub(crate) version: Version,
    /// The registry that it is from.
    pub(crate) origin: Origin,
    /// The digest of its release note.
    pub(crate) note: Digest,
    /// Whose keys signed it.
    pub(crate) keyset: KeysetRef,
    /// The digest of what it may ask for.
    pub(crate) permissions: Digest,
    /// What its MCP tools are called by.
    pub(crate) prefix: String,
}

/// All of them, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lock {
    pub(crate) skills: BTreeMap<PackageName, Locked>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u64,
    #[serde(default, rename = "skill", skip_serializing_if = "Vec::is_empty")]
    skills: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    version: String,
    origin: String,
    note: String,
    keyset: String,
    permissions: String,
    prefix: String,
}

impl Lock {
    /// Reads the file; none is an empty lock.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let Some(text) = durable::read_text(path, LOCK_BYTES_MAX)? else {
            return Ok(Lock::default());
        };
        Lock::parse(&text).map_err(|failure| {
            let failure = failure.during(format!("`{}` was altered", path.display()));
            failure.hint("take it from version control again, or remove it and run `claw install`")
        })
    }

    /// Reads the text of the file.
    pub(crate) fn parse(text: &str) -> Outcome<Self> {
        let document: Document =
            toml::from_str(text).or_fail(Kind::Verification, "it is no lock file")?;
        if document.version != FORMAT {
            let message = format!(
                "it has version {}, and this claw reads version {FORMAT}",
                document.version
            );
            return Err(Failure::verification(message));
        }
        let mut lock = Lock::default();
        let mut prefixes: BTreeMap<String, PackageName> = BTreeMap::new();
        for entry in document.skills {
            let locked = entry.parse()?;
            if let Some(other) = prefixes.insert(locked.prefix.clone(), locked.name.clone()) {
                let message = format!(
                    "`{}` and `{other}` have the same prefix `{}`",
                    locked.name, locked.prefix
                );
                return Err(Failure::verification(message));
            }
            if let Some(other) = lock.skills.insert(locked.name.clone(), locked) {
                return Err(Failure::verification(format!(
                    "`{}` is in it twice",
                    other.name
                )));
            }
        }
        Ok(lock)
    }

    /// The text of the file.
    pub(crate) fn to_text(&self) -> Outcome<String> {
        let skills = self.skills.values().map(Entry::of).collect();
        let body = toml::to_string(&Document {
            version: FORMAT,
            skills,
        })
        .or_fail(Kind::Bug, "could not print the lock")?;
        Ok(format!("{HEADER}{body}"))
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path) -> Outcome {
        durable::write(path, self.to_text()?.as_bytes(), Audience::Everyone)
    }
}

impl Entry {
    fn of(locked: &Locked) -> Self {
        Entry {
            name: locked.name.to_string(),
            version: locked.version.to_string(),
            origin: locked.origin.to_string(),
            note: locked.note.to_string(),
            keyset: locked.keyset.to_string(),
            permissions: locked.permissions.to_string(),
            prefix: locked.prefix.clone(),
        }
    }

    fn parse(self) -> Outcome<Locked> {
        let name: PackageName = exact(&self.name, "name")?;
        if !prefix::may_belong_to(&self.prefix, &name) {
            return Err(Failure::verification(format!(
                "`{}` is no prefix of `{name}`",
                self.prefix
            )));
        }
        Ok(Locked {
            version: exact(&self.version, "version")?,
            origin: exact(&self.origin, "origin")?,
            note: exact(&self.note, "note")?,
            keyset: exact(&self.keyset, "keyset")?,
            permissions: exact(&self.permissions, "permissions")?,
            prefix: self.prefix,
            name,
        })
    }
}

/// Accepts a value only as it would be printed.
fn exact<T>(text: &str, field: &str) -> Outcome<T>
where
    T: std::str::FromStr<Err: Into<anyhow::Error>> + std::fmt::Display,
{
    let value: T = text
        .parse()
        .or_fail(Kind::Verification, format!("its `{field}` is `{text}`"))?;
    if value.to_string() == text {
        Ok(value)
    } else {
        Err(Failure::verification(format!(
            "its `{field}` is written `{text}` and not `{value}`"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, prefix: &str) -> String {
        let digest = Digest::of(name.as_bytes());
        format!(
            "[[skill]]\nname = \"{name}\"\nversion = \"0.1.0\"\norigin = \"skills-abcdefgh\"\nnote = \"{digest}\"\n\
             keyset = \"1:{digest}\"\npermissions = \"{digest}\"\nprefix = \"{prefix}\"\n"
        )
    }

    fn lock(entries: &[String]) -> Outcome<Lock> {
        Lock::parse(&format!("version = 1\n\n{}", entries.join("\n")))
    }

    #[test]
    fn what_is_written_is_read_again() {
        let lock = lock(&[entry("acme/files", "files"), entry("acme/hello", "hello")]).unwrap();
        assert_eq!(Lock::parse(&lock.to_text().unwrap()).unwrap(), lock);
        assert_eq!(
            Lock::parse(&Lock::default().to_text().unwrap()).unwrap(),
            Lock::default()
        );
    }

    #[test]
    fn anything_unexpected_is_an_altered_lock() {
        let good = entry("acme/files", "files");
        for bad in [
            good.replace("sha256:", "sha512:"),
            good.replace("\"0.1.0\"", "\"0.1\""),
            good.replace("acme/files", "@acme/files"),
            good.replace("prefix = \"files\"", "prefix = \"git\""),
            good.replace("prefix", "prefixes"),
            format!("{good}extra = 1\n"),
            format!("{good}\n{good}"),
        ] {
            assert_eq!(
                lock(std::slice::from_ref(&bad)).unwrap_err().kind,
                Kind::Verification,
                "{bad}"
            );
        }
        assert_eq!(
            Lock::parse("version = 2\n").unwrap_err().kind,
            Kind::Verification
        );
        assert_eq!(Lock::parse("").unwrap_err().kind, Kind::Verification);
    }

    #[test]
    fn two_skills_never_share_a_prefix() {
        let failure =
            lock(&[entry("acme/files", "files"), entry("evil/files", "files")]).unwrap_err();
        assert!(failure.one_line().contains("same prefix"));
        assert!(
            lock(&[
                entry("acme/files", "files"),
                entry("evil/files", "evil-files")
            ])
            .is_ok()
        );
    }
}
