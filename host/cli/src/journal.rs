//! Several files changed as one: all of them, or none, whatever happens in between.
//!
//! What is to be written is written down first, in one file of the operator's folder. From then on it
//! is decided: this process writes the files and removes the list, or whoever comes next does. A file
//! that somebody else has changed since is left as it is.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use claw_package::Digest;
use serde::{Deserialize, Serialize};

use crate::durable::{self, Audience};
use crate::failure::{Kind, OrFail, Outcome};
use crate::home::Home;

/// A lock, a record, the pins and a list of wishes, each at its longest.
const JOURNAL_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Files to be written together.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changes {
    files: Vec<Change>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// Its path, which need not be text.
    path: OsString,
    /// Whether it is one of the operator's files, and not of a project.
    is_owners: bool,
    /// What was there when it was decided.
    before: Option<Digest>,
    text: String,
}

impl Changes {
    /// One more file, which has `text` afterwards.
    pub(crate) fn add(&mut self, path: &Path, text: String, audience: Audience) -> Outcome {
        self.files.push(Change {
            path: std::path::absolute(path)
                .or_fail(Kind::Io, format!("could not find `{}`", path.display()))?
                .into_os_string(),
            is_owners: audience == Audience::Owner,
            before: digest(path, audience)?,
            text,
        });
        Ok(())
    }

    /// Writes them. The caller holds the lock of the home folder.
    pub(crate) fn commit(self, home: &Home) -> Outcome {
        match &*self.files {
            [] => Ok(()),
            // A file by itself is old or new in any case.
            [change] => durable::write(&change.path(), change.text.as_bytes(), change.audience()),
            _ => {
                let text = serde_json::to_vec(&self)
                    .or_fail(Kind::Bug, "could not print what is to be written")?;
                durable::write(&home.journal(), &text, Audience::Owner)?;
                self.carry_out(home)
            }
        }
    }

    /// Writes what is not written yet, and forgets that it had to be.
    fn carry_out(&self, home: &Home) -> Outcome {
        for change in &self.files {
            let (path, audience) = (change.path(), change.audience());
            let is_there = path.parent().is_some_and(Path::is_dir);
            if is_there && digest(&path, audience)? == change.before {
                durable::write(&path, change.text.as_bytes(), audience)?;
            }
        }
        let path = home.journal();
        // It must be gone for good: found again after later commands, it would undo them.
        let removed = fs::remove_file(&path).and_then(|()| durable::sync_folder(home.root()));
        removed.or_fail(Kind::Io, format!("could not remove `{}`", path.display()))
    }
}

impl Change {
    fn path(&self) -> PathBuf {
        PathBuf::from(&self.path)
    }

    fn audience(&self) -> Audience {
        if self.is_owners {
            Audience::Owner
        } else {
            Audience::Everyone
        }
    }
}

/// Whether a command is writing several files just now, or ended while it did.
pub(crate) fn is_open(home: &Home) -> bool {
    // What can't be looked at is for `finish` to complain about.
    !matches!(fs::symlink_metadata(home.journal()), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// Writes what an ended command had decided. The caller holds the lock of the home folder.
pub(crate) fn finish(home: &Home) -> Outcome {
    let path = home.journal();
    let Some(bytes) = durable::read(&path, JOURNAL_BYTES_MAX, Audience::Owner)? else {
        return Ok(());
    };
    let changes: Changes = serde_json::from_slice(&bytes).or_fail(
        Kind::Verification,
        format!("`{}` does not hold", path.display()),
    )?;
    changes
        .carry_out(home)
        .map_err(|failure| failure.during("could not finish what an earlier command had decided"))
}

/// What a file holds now.
fn digest(path: &Path, audience: Audience) -> Outcome<Option<Digest>> {
    let bytes = durable::read(path, JOURNAL_BYTES_MAX, audience)?;
    Ok(bytes.map(|bytes| Digest::of(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct World {
        _root: tempfile::TempDir,
        home: Home,
        files: [PathBuf; 2],
    }

    fn world() -> World {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path().join("home"), None);
        home.make().unwrap();
        let files = ["a", "b"].map(|name| root.path().join(name));
        fs::write(&files[0], "old").unwrap();
        World {
            _root: root,
            home,
            files,
        }
    }

    fn changes(world: &World) -> Changes {
        let mut changes = Changes::default();
        for file in &world.files {
            changes
                .add(file, "new".to_owned(), Audience::Everyone)
                .unwrap();
        }
        changes
    }

    fn held(world: &World) -> [Option<String>; 2] {
        [0, 1].map(|index| fs::read_to_string(&world.files[index]).ok())
    }

    #[test]
    fn what_was_decided_is_written_by_whoever_comes_next() {
        let world = world();
        let text = serde_json::to_vec(&changes(&world)).unwrap();
        durable::write(&world.home.journal(), &text, Audience::Owner).unwrap();
        fs::write(&world.files[0], "new").unwrap(); // as far as it came
        assert!(is_open(&world.home));
        finish(&world.home).unwrap();
        assert!(!is_open(&world.home));
        assert_eq!(held(&world), [Some("new".into()), Some("new".into())]);
    }

    #[test]
    fn a_file_that_was_changed_meanwhile_is_left_alone() {
        let world = world();
        let text = serde_json::to_vec(&changes(&world)).unwrap();
        durable::write(&world.home.journal(), &text, Audience::Owner).unwrap();
        fs::write(&world.files[0], "by hand").unwrap();
        finish(&world.home).unwrap();
        assert_eq!(held(&world), [Some("by hand".into()), Some("new".into())]);
    }

    #[test]
    fn a_commit_leaves_nothing_but_the_files() {
        let world = world();
        changes(&world).commit(&world.home).unwrap();
        assert_eq!(held(&world), [Some("new".into()), Some("new".into())]);
        assert_eq!(fs::read_dir(world.home.root()).unwrap().count(), 0);
    }
}
