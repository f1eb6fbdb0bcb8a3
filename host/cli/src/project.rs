//! Which project a command is about, and its two files.
//!
//! A project is the folder of the nearest `claw.toml` above the working folder. Without one, the
//! operator's own folder is the project, so that `claw add` works anywhere.

use std::fs;
use std::path::{Path, PathBuf};

use crate::durable::{self, FolderLock};
use crate::failure::{Kind, OrFail, Outcome};
use crate::home::Home;
use crate::lock::Lock;
use crate::record::Records;
use crate::wishes::{self, Wishes};

/// One project.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    folder: PathBuf,
    is_home: bool,
}

/// Keeps other claw processes from writing what this one is changing.
#[derive(Debug)]
pub(crate) struct WriteLock {
    _home: FolderLock,
    _project: Option<FolderLock>,
}

impl Project {
    /// The project of the working folder.
    pub(crate) fn find(home: &Home) -> Outcome<Self> {
        let working =
            std::env::current_dir().or_fail(Kind::Io, "could not find the working folder")?;
        Project::find_from(&working, home)
    }

    fn find_from(working: &Path, home: &Home) -> Outcome<Self> {
        let real = |path: &Path| {
            fs::canonicalize(path).or_fail(Kind::Io, format!("could not find `{}`", path.display()))
        };
        // Symbolic links are followed, so that one project has one record however it was entered.
        let home_folder = if home.root().exists() {
            real(home.root())?
        } else {
            home.root().to_owned()
        };
        for folder in real(working)?.ancestors() {
            if folder.join(wishes::FILE_NAME).is_file() {
                return Ok(Project {
                    folder: folder.to_owned(),
                    is_home: folder == home_folder,
                });
            }
        }
        Ok(Project {
            folder: home_folder,
            is_home: true,
        })
    }

    /// Where `claw.toml` and `claw.lock` are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder that skills of this project work in, if the project is more than the operator's
    /// own folder.
    pub(crate) fn workspace(&self) -> Option<&Path> {
        (!self.is_home).then_some(&*self.folder)
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.folder.join("claw.lock")
    }

    pub(crate) fn wishes(&self) -> Outcome<Wishes> {
        Wishes::read(self.folder.join(wishes::FILE_NAME))
    }

    pub(crate) fn lock(&self) -> Outcome<Lock> {
        Lock::read(&self.lock_file())
    }

    pub(crate) fn records(&self, home: &Home) -> Outcome<Records> {
        Records::read(home, &self.folder)
    }

    /// Waits until nobody else writes to the project or the operator's folder.
    pub(crate) fn lock_for_writing(&self, home: &Home) -> Outcome<WriteLock> {
        let home_lock = home.lock()?;
        durable::clear_leftovers(&self.folder, |name| {
            [wishes::FILE_NAME, "claw.lock"].contains(&name)
        });
        // Locking the same folder twice would wait for oneself.
        let project = if self.is_home {
            None
        } else {
            Some(FolderLock::take(self.folder.clone())?)
        };
        Ok(WriteLock {
            _home: home_lock,
            _project: project,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_claw_toml_above_wins_and_the_home_folder_is_the_last_resort() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("outer/inner/deep");
        let home_folder = root.path().join("home");
        fs::create_dir_all(&inner).unwrap();
        fs::create_dir_all(&home_folder).unwrap();
        let home = Home::at(home_folder.clone(), None);
        let real = |path: &Path| fs::canonicalize(path).unwrap();

        let project = Project::find_from(&inner, &home).unwrap();
        assert_eq!(
            (project.folder(), project.workspace()),
            (&*real(&home_folder), None)
        );

        let outer = root.path().join("outer");
        fs::write(outer.join("claw.toml"), "").unwrap();
        let project = Project::find_from(&inner, &home).unwrap();
        assert_eq!(
            (project.folder(), project.workspace()),
            (&*real(&outer), Some(&*real(&outer)))
        );

        fs::write(home_folder.join("claw.toml"), "").unwrap();
        assert_eq!(
            Project::find_from(&home_folder, &home).unwrap().workspace(),
            None
        );
        drop(
            Project::find_from(&home_folder, &home)
                .unwrap()
                .lock_for_writing(&home)
                .unwrap(),
        );
    }
}
