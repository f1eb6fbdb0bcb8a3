//! `$CLAW_HOME/projects/<digest>.toml`: what the operator accepted, granted and revoked in one
//! project.
//!
//! Only the operator's own commands write here, so this, and never a file of the project, decides
//! what a skill may do.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use claw_host::ProgramPin;
use claw_package::{Digest, PackageName, Permission, PermissionSet};
use claw_trust::{KeysetRef, Origin};

use crate::durable::{self, Audience};
use crate::failure::{Kind, OrFail, Outcome};
use crate::home::Home;
use crate::journal::Changes;

/// Room for thousands of skills with long lists of grants.
const RECORD_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What the operator said yes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The registry that the skill was from.
    pub(crate) origin: Origin,
    /// Whose keys had signed it.
    pub(crate) keyset: KeysetRef,
    /// The digest of what it may ask for.
    pub(crate) permissions: Digest,
    /// The digest of its release note: only this release runs.
    pub(crate) note: Digest,
    /// The digest of the wishes that were answered; other wishes are asked about again.
    pub(crate) wishes: Digest,
}

/// Whether a revoked line takes anything away from `wanted`: a revoked write leaves reading alone.
pub(crate) fn takes_from(revoked: &Permission, wanted: &PermissionSet) -> bool {
    wanted.without(&PermissionSet::new([revoked.clone()])) != *wanted
}

/// What is known of one skill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// None once the skill was removed.
    pub(crate) accepted: Option<Accepted>,
    pub(crate) granted: PermissionSet,
    /// What each word of the granted programs stood for.
    pub(crate) programs: Vec<ProgramPin>,
    /// Stays when the skill is removed: what was revoked once comes back by a grant only.
    pub(crate) revoked: PermissionSet,
}

/// One project's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Records {
    /// The project's folder, for people who read the file.
    path: String,
    pub(crate) skills: BTreeMap<PackageName, Record>,
    /// Every prefix that was ever given, and to whom.
    pub(crate) prefixes: BTreeMap<String, PackageName>,
}

impl Records {
    /// Reads the file of the project in `folder`; none means that nothing was accepted.
    pub(crate) fn read(home: &Home, folder: &Path) -> Outcome<Self> {
        let path = file(home, folder);
        let shown = folder.display().to_string();
        let Some(text) = durable::read_text(&path, RECORD_BYTES_MAX, Audience::Owner)? else {
            return Ok(Records {
                path: shown,
                skills: BTreeMap::new(),
                prefixes: BTreeMap::new(),
            });
        };
        Records::parse(&text)
            .map_err(|failure| failure.during(format!("`{}` does not hold", path.display())))
    }

    /// Writes the file. The caller holds the lock of the home folder.
    pub(crate) fn write(&self, home: &Home, folder: &Path) -> Outcome {
        let path = file(home, folder);
        if let Some(parent) = path.parent() {
            durable::make_private_folder(parent)?;
        }
        durable::write(&path, self.to_text()?.as_bytes(), Audience::Owner)
    }

    /// Adds the file to others that are written with it.
    pub(crate) fn add_to(&self, changes: &mut Changes, home: &Home, folder: &Path) -> Outcome {
        durable::make_private_folder(&home.projects())?;
        changes.add(&file(home, folder), self.to_text()?, Audience::Owner)
    }

    /// The notes that any project of this operator accepts.
    pub(crate) fn accepted_notes(home: &Home) -> Outcome<BTreeSet<Digest>> {
        let skills = Records::all(home)?
            .into_iter()
            .flat_map(|records| records.skills.into_values());
        let accepted = skills.filter_map(|record| record.accepted);
        Ok(accepted.map(|accepted| accepted.note).collect())
    }

    /// What is recorded of every project of this operator.
    pub(crate) fn all(home: &Home) -> Outcome<Vec<Self>> {
        let folder = home.projects();
        let act = || format!("could not read `{}`", folder.display());
        let mut all = Vec::new();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(all),
            Err(error) => return Err(error).or_fail(Kind::Io, act()),
        };
        for entry in entries {
            let path = entry.or_fail(Kind::Io, act())?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
                && let Some(text) = durable::read_text(&path, RECORD_BYTES_MAX, Audience::Owner)?
            {
                all.push(Records::parse(&text)?);
            }
        }
        Ok(all)
    }

    /// The folder of the project, as people read it.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Forgets a removed skill, but for what was revoked.
    pub(crate) fn forget(&mut self, name: &PackageName) {
        if let Some(record) = self.skills.get_mut(name) {
            if record.revoked.is_empty() {
                self.skills.remove(name);
            } else {
                record.accepted = None;
                record.granted = PermissionSet::empty();
                record.programs = Vec::new();
            }
        }
    }
}

impl Record {
    /// What was granted to this publisher. A grant never passes to another origin or keyset.
    pub(crate) fn granted_to(&self, origin: &Origin, keyset: &KeysetRef) -> PermissionSet {
        match &self.accepted {
            Some(accepted) if accepted.origin == *origin && accepted.keyset == *keyset => {
                self.granted.clone()
            }
            _ => PermissionSet::empty(),
        }
    }
}

/// A project is known by its path; the digest only makes a file name of it.
fn file(home: &Home, folder: &Path) -> PathBuf {
    home.project_file(&Digest::of(folder.as_os_str().as_encoded_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(lines: &[&str]) -> PermissionSet {
        PermissionSet::new(lines.iter().map(|line| line.parse().unwrap()))
    }

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    fn records() -> Records {
        let keyset = KeysetRef {
            sequence: 1,
            digest: digest("keyset"),
        };
        let accepted = Accepted {
            origin: "skills-abcdefgh".parse().unwrap(),
            keyset,
            permissions: digest("permissions"),
            note: digest("note"),
            wishes: digest("wishes"),
        };
        let record = Record {
            accepted: Some(accepted),
            granted: set(&["filesystem.read=.", "process.execute=git **"]),
            programs: vec![ProgramPin {
                word: "git".to_owned(),
                path: "/usr/bin/git".into(),
                digest: digest("git"),
            }],
            revoked: set(&["environment=HOME"]),
        };
        let name: PackageName = "acme/files".parse().unwrap();
        Records {
            path: "somewhere".to_owned(),
            skills: BTreeMap::from([(name.clone(), record)]),
            prefixes: BTreeMap::from([("files".to_owned(), name)]),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let records = records();
        assert_eq!(
            Records::parse(&records.to_text().unwrap()).unwrap(),
            records
        );
    }

    #[test]
    fn a_grant_does_not_pass_to_another_publisher() {
        let records = records();
        let record = &records.skills[&"acme/files".parse().unwrap()];
        let accepted = record.accepted.clone().unwrap();
        assert!(
            !record
                .granted_to(&accepted.origin, &accepted.keyset)
                .is_empty()
        );
        let other = KeysetRef {
            sequence: 1,
            digest: digest("other"),
        };
        assert!(record.granted_to(&accepted.origin, &other).is_empty());
        assert!(
            record
                .granted_to(&"elsewhere".parse().unwrap(), &accepted.keyset)
                .is_empty()
        );
    }

    #[test]
    fn what_was_revoked_outlives_the_skill() {
        let mut records = records();
        let name = "acme/files".parse().unwrap();
        records.forget(&name);
        assert_eq!(records.skills[&name].revoked, set(&["environment=HOME"]));
        assert!(records.skills[&name].granted.is_empty());
        assert!(records.skills[&name].programs.is_empty());
        assert_eq!(
            Records::parse(&records.to_text().unwrap()).unwrap(),
            records
        );
    }

    #[test]
    fn half_a_record_is_refused() {
        let text = records().to_text().unwrap();
        for (from, to) in [
            ("note = ", "nota = "),
            ("note = ", "# "),
            ("filesystem.read=.", "filesystem.reed=."),
        ] {
            assert_eq!(
                Records::parse(&text.replace(from, to)).unwrap_err().kind,
                Kind::Verification
            );
        }
    }
}
