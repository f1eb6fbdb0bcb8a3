//! A record of grants as it is written: TOML, in which whatever is half there is refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use claw_host::ProgramPin;
use claw_package::{Digest, PackageName, PermissionSet};
use serde::{Deserialize, Serialize};

use super::{Accepted, Record, Records};
use crate::failure::{Failure, Kind, OrFail, Outcome};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    path: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    prefixes: BTreeMap<String, PackageName>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    skills: BTreeMap<PackageName, Entry>,
}

/// The five in the middle stand together or not at all.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wishes: Option<Digest>,
    granted: PermissionSet,
    revoked: PermissionSet,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    programs: Vec<Program>,
}

/// A program as it was when it was granted.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    word: String,
    path: PathBuf,
    digest: Digest,
}

impl Records {
    pub(super) fn parse(text: &str) -> Outcome<Self> {
        let act = "it is no record of grants";
        let document: Document = toml::from_str(text).or_fail(Kind::Verification, act)?;
        let mut skills = BTreeMap::new();
        for (name, entry) in document.skills {
            let record = entry
                .parse()
                .map_err(|failure| failure.during(format!("at `{name}`")))?;
            skills.insert(name, record);
        }
        Ok(Records {
            path: document.path,
            skills,
            prefixes: document.prefixes,
        })
    }

    pub(super) fn to_text(&self) -> Outcome<String> {
        let skills = self
            .skills
            .iter()
            .map(|(name, record)| (name.clone(), Entry::of(record)))
            .collect();
        let document = Document {
            path: self.path.clone(),
            prefixes: self.prefixes.clone(),
            skills,
        };
        toml::to_string(&document).or_fail(Kind::Bug, "could not print the record of grants")
    }
}

impl Entry {
    fn of(record: &Record) -> Self {
        let accepted = record.accepted.as_ref();
        Entry {
            origin: accepted.map(|accepted| accepted.origin.to_string()),
            keyset: accepted.map(|accepted| accepted.keyset.to_string()),
            permissions: accepted.map(|accepted| accepted.permissions),
            note: accepted.map(|accepted| accepted.note),
            wishes: accepted.map(|accepted| accepted.wishes),
            granted: record.granted.clone(),
            revoked: record.revoked.clone(),
            programs: record
                .programs
                .iter()
                .map(|pin| Program {
                    word: pin.word.clone(),
                    path: pin.path.clone(),
                    digest: pin.digest,
                })
                .collect(),
        }
    }

    fn parse(self) -> Outcome<Record> {
        let accepted = match (
            self.origin,
            self.keyset,
            self.permissions,
            self.note,
            self.wishes,
        ) {
            (Some(origin), Some(keyset), Some(permissions), Some(note), Some(wishes)) => {
                Some(Accepted {
                    origin: origin
                        .parse()
                        .or_fail(Kind::Verification, "its `origin` does not hold")?,
                    keyset: keyset
                        .parse()
                        .or_fail(Kind::Verification, "its `keyset` does not hold")?,
                    permissions,
                    note,
                    wishes,
                })
            }
            (None, None, None, None, None) => None,
            _ => {
                let message =
                    "it has some of origin, keyset, permissions, note and wishes, not all";
                return Err(Failure::verification(message));
            }
        };
        if accepted.is_none() && !(self.granted.is_empty() && self.programs.is_empty()) {
            return Err(Failure::verification("it has grants for nobody"));
        }
        Ok(Record {
            accepted,
            granted: self.granted,
            revoked: self.revoked,
            programs: self
                .programs
                .into_iter()
                .map(|program| ProgramPin {
                    word: program.word,
                    path: program.path,
                    digest: program.digest,
                })
                .collect(),
        })
    }
}
