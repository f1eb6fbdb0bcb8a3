//! `claw.lock`: the exact releases of a project.
//!
//! It is shared with strangers and gives nothing: every value in it is compared with what was
//! signed and with what the operator accepted. It is read strictly, so that a changed byte is a
//! refusal and not another meaning.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use claw_package::{Digest, PackageName, Version};
use claw_trust::{KeysetRef, Origin};
use serde::{Deserialize, Serialize};

use crate::durable::{self, Audience};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::journal::Changes;
use crate::prefix;

/// The only version of the format.
const FORMAT: u64 = 1;

/// Room for thousands of skills.
const LOCK_BYTES_MAX: u64 = 4 * 1024 * 1024;

const HEADER: &str =
    "# Written by claw. It names what was resolved; it grants nothing and trusts nobody.\n";

/// One release, as resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// Which skill it is.
    pub name: PackageName,
    /// Which of its releases.
    pub version: Version,
    /// The registry that it is from.
    pub origin: Origin,
    /// The digest of its release note.
    pub note: Digest,
    /// Whose keys signed it.
    pub keyset: KeysetRef,
    /// The digest of what it may ask for.
    pub permissions: Digest,
    /// What its MCP tools are called by.
    pub prefix: String,
}

/// All of them, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// The good entries.
    pub skills: BTreeMap<PackageName, Locked>,
    /// Entries that were altered, and how. The others are as good as before.
    pub faults: BTreeMap<PackageName, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<T> {
    version: u64,
    #[serde(
        default = "Vec::new",
        rename = "skill",
        skip_serializing_if = "Vec::is_empty"
    )]
    skills: Vec<T>,
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
        let Some(text) = durable::read_text(path, LOCK_BYTES_MAX, Audience::Everyone)? else {
            return Ok(Lock::default());
        };
        Lock::parse(&text).map_err(|failure| {
            let failure = failure.during(format!("`{}` was altered", path.display()));
            failure.hint("take it from version control again, or remove it and run `claw install`")
        })
    }

    /// Reads the text of the file.
    pub fn parse(text: &str) -> Outcome<Self> {
        let document: Document<toml::Table> =
            toml::from_str(text).or_fail(Kind::Verification, "it is no lock file")?;
        if document.version != FORMAT {
            let version = document.version;
            let message = format!("it has version {version}, and this claw reads version {FORMAT}");
            return Err(Failure::verification(message));
        }
        let mut lock = Lock::default();
        let mut prefixes = BTreeSet::new();
        for table in document.skills {
            let name = table
                .get("name")
                .and_then(toml::Value::as_str)
                .unwrap_or_default();
            let name: PackageName = exact(name, "name")?;
            if lock.skills.contains_key(&name) || lock.faults.contains_key(&name) {
                return Err(Failure::verification(format!("`{name}` is in it twice")));
            }
            let entry = table
                .try_into::<Entry>()
                .or_fail(Kind::Verification, "it has other fields");
            let locked = entry.and_then(Entry::parse).and_then(|locked| {
                if prefixes.insert(locked.prefix.clone()) {
                    return Ok(locked);
                }
                let message = format!("its prefix `{}` is another skill's", locked.prefix);
                Err(Failure::verification(message))
            });
            match locked {
                Ok(locked) => drop(lock.skills.insert(name, locked)),
                Err(failure) => drop(lock.faults.insert(name, failure.one_line())),
            }
        }
        Ok(lock)
    }

    /// The entry of one skill. An altered one is refused, and stops no other.
    pub(crate) fn get(&self, name: &PackageName) -> Outcome<Option<&Locked>> {
        match self.faults.get(name) {
            Some(fault) => {
                let failure = Failure::verification(fault);
                let failure = failure.during(format!("claw.lock was altered at `{name}`"));
                Err(failure.hint(altered_hint(name)))
            }
            None => Ok(self.skills.get(name)),
        }
    }

    /// Every skill in it, altered or not.
    pub(crate) fn names(&self) -> BTreeSet<&PackageName> {
        self.skills.keys().chain(self.faults.keys()).collect()
    }

    /// Locks a release in place of whatever stood there.
    pub(crate) fn insert(&mut self, locked: Locked) {
        self.faults.remove(&locked.name);
        self.skills.insert(locked.name.clone(), locked);
    }

    /// Takes a skill out.
    pub(crate) fn remove(&mut self, name: &PackageName) {
        self.faults.remove(name);
        self.skills.remove(name);
    }

    /// The text of the file.
    pub fn to_text(&self) -> Outcome<String> {
        let skills = self.skills.values().map(Entry::of).collect();
        let body = toml::to_string(&Document {
            version: FORMAT,
            skills,
        })
        .or_fail(Kind::Bug, "could not print the lock")?;
        Ok(format!("{HEADER}{body}"))
    }

    /// Adds the file to others that are written with it, unless an altered entry would be lost by it.
    pub(crate) fn add_to(&self, changes: &mut Changes, path: &Path) -> Outcome {
        if let Some(name) = self.faults.keys().next() {
            self.get(name)?;
        }
        changes.add(path, self.to_text()?, Audience::Everyone)
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

/// What to do about an altered entry.
pub(crate) fn altered_hint(name: &PackageName) -> String {
    format!("take claw.lock from version control again, or: claw update {name}")
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
    fn an_altered_entry_is_refused_and_stops_no_other() {
        let (good, other) = (entry("acme/files", "files"), entry("acme/hello", "hello"));
        let (files, hello) = ("acme/files".parse().unwrap(), "acme/hello".parse().unwrap());
        for bad in [
            good.replace("sha256:", "sha512:"),
            good.replace("\"0.1.0\"", "\"0.1\""),
            good.replace("prefix = \"files\"", "prefix = \"git\""),
            good.replace("prefix", "prefixes"),
            format!("{good}extra = 1\n"),
        ] {
            let lock = lock(&[bad.clone(), other.clone()]).unwrap();
            assert_eq!(
                lock.get(&files).unwrap_err().kind,
                Kind::Verification,
                "{bad}"
            );
            assert!(lock.get(&hello).unwrap().is_some(), "{bad}");
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("claw.lock");
            assert!(
                lock.add_to(&mut Changes::default(), &path).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_file_that_makes_no_sense_is_refused() {
        let good = entry("acme/files", "files");
        for bad in [
            good.replace("acme/files", "@acme/files"),
            format!("{good}\n{good}"),
        ] {
            assert_eq!(
                lock(std::slice::from_ref(&bad)).unwrap_err().kind,
                Kind::Verification
            );
        }
        for bad in [
            "",
            "version = 2\n",
            "version = 1\nmore = 1\n",
            "version = 1\n[[skill]]\n",
        ] {
            assert_eq!(
                Lock::parse(bad).unwrap_err().kind,
                Kind::Verification,
                "{bad}"
            );
        }
    }

    #[test]
    fn two_skills_never_share_a_prefix() {
        let pair = [entry("acme/files", "files"), entry("evil/files", "files")];
        let read = lock(&pair).unwrap();
        assert!(read.get(&"acme/files".parse().unwrap()).unwrap().is_some());
        let failure = read.get(&"evil/files".parse().unwrap()).unwrap_err();
        assert!(failure.one_line().contains("another skill's"));
        let pair = [
            entry("acme/files", "files"),
            entry("evil/files", "evil-files"),
        ];
        assert!(lock(&pair).unwrap().faults.is_empty());
    }
}
