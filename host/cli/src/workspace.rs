//! Which folder a skill may be shown, and which folders are never taken by accident.
//!
//! `/` and the home folder hold everything, so they must be named. The folder of claw's own files
//! is never a workspace.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;

/// The folder named, else the project's, else the working folder.
pub(crate) fn choose(
    named: Option<&Path>,
    project: Option<&Path>,
    working: &Path,
    home: &Home,
) -> Outcome<PathBuf> {
    let chosen = named.or(project).unwrap_or(working);
    let act = || format!("could not use `{}` as the workspace", chosen.display());
    let real = fs::canonicalize(chosen).or_fail(Kind::Usage, act())?;
    let place = Place::of(&real).or_fail(Kind::Usage, act())?;
    if !real.is_dir() {
        return Err(Failure::usage("it is not a folder").during(act()));
    }
    if let Ok(claw_home) = fs::canonicalize(home.root()).and_then(|path| Place::of(&path)) {
        let inside = real
            .ancestors()
            .any(|above| Place::of(above).is_ok_and(|above| above == claw_home));
        if inside {
            let failure =
                Failure::usage("it is inside the folder of claw's own files").during(act());
            return Err(failure.hint("name another folder with --workspace DIR"));
        }
    }
    if named.is_none() {
        let is_root = real.parent().is_none();
        let is_home = home
            .user_home()
            .is_some_and(|path| Place::of(path).is_ok_and(|user_home| user_home == place));
        if is_root || is_home {
            let what = if is_root {
                "it is the root of all files"
            } else {
                "it is your home folder"
            };
            let failure = Failure::refused(format!("{what}, and was not named")).during(act());
            return Err(failure.hint(format!(
                "name a folder with --workspace DIR, or this one with --workspace {}",
                real.display()
            )));
        }
    }
    Ok(real)
}

/// A folder by what it is and not by what it is called.
#[derive(PartialEq, Eq)]
struct Place {
    device: u64,
    inode: u64,
}

impl Place {
    fn of(path: &Path) -> std::io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Place {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Setting {
        _root: tempfile::TempDir,
        user: PathBuf,
        project: PathBuf,
        home: Home,
    }

    fn setting() -> Setting {
        let root = tempfile::tempdir().unwrap();
        let user = root.path().join("user");
        let (claw, project) = (user.join(".claw"), user.join("project"));
        fs::create_dir_all(claw.join("store")).unwrap();
        fs::create_dir_all(&project).unwrap();
        let home = Home::at(claw, Some(user.clone()));
        Setting {
            _root: root,
            user,
            project,
            home,
        }
    }

    #[test]
    fn named_beats_project_beats_working_folder() {
        let Setting {
            user,
            project,
            home,
            _root,
        } = setting();
        let real = |path: &Path| fs::canonicalize(path).unwrap();
        assert_eq!(
            choose(Some(&project), Some(&user), &user, &home).unwrap(),
            real(&project)
        );
        assert_eq!(
            choose(None, Some(&project), &user, &home).unwrap(),
            real(&project)
        );
        assert_eq!(choose(None, None, &project, &home).unwrap(), real(&project));
    }

    #[test]
    fn the_root_and_the_home_folder_must_be_named() {
        let Setting {
            user, home, _root, ..
        } = setting();
        let link = user.join("project/me");
        std::os::unix::fs::symlink(&user, &link).unwrap();
        for folder in [user.as_path(), &link, Path::new("/")] {
            assert_eq!(
                choose(None, None, folder, &home).unwrap_err().kind,
                Kind::Refused
            );
            assert_eq!(
                choose(None, Some(folder), folder, &home).unwrap_err().kind,
                Kind::Refused
            );
            assert!(choose(Some(folder), None, folder, &home).is_ok());
        }
    }

    #[test]
    fn the_folder_of_claw_is_never_a_workspace() {
        let Setting {
            user,
            project,
            home,
            _root,
        } = setting();
        let link = project.join("innocent");
        std::os::unix::fs::symlink(user.join(".claw/store"), &link).unwrap();
        for folder in [user.join(".claw"), user.join(".claw/store"), link] {
            let failure = choose(Some(&folder), None, &project, &home).unwrap_err();
            assert!(failure.one_line().contains("claw's own files"));
        }
    }

    #[test]
    fn a_file_is_no_workspace() {
        let Setting {
            project,
            home,
            _root,
            ..
        } = setting();
        fs::write(project.join("file"), "").unwrap();
        assert!(choose(Some(&project.join("file")), None, &project, &home).is_err());
        assert!(choose(Some(&project.join("gone")), None, &project, &home).is_err());
    }
}
