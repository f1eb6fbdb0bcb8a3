//! Which folder a skill may be shown, and which folders are never taken by accident.
//!
//! `/` and the home folder hold everything, so they must be named. The folder of claw's own files
//! is never a workspace, and the way there never leads through one: whoever may write in the
//! workspace could put another folder at its end.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;

/// As many symbolic links as Linux follows in one path.
const LINKS_MAX: usize = 40;

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
    let claw_home = fs::canonicalize(home.root()).and_then(|path| Place::of(&path));
    if claw_home.is_ok_and(|claw_home| claw_home.holds(&real)) {
        let failure = Failure::usage("it is inside the folder of claw's own files").during(act());
        return Err(failure.hint("name another folder with --workspace DIR"));
    }
    if let Some(step) = weak_step(home.root(), &place).or_fail(Kind::Usage, act())? {
        let failure = Failure::usage(format!(
            "claw's folder is reached through {step} in this workspace"
        ));
        return Err(failure.during(act()).hint("set CLAW_HOME to its real path"));
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

/// The first step on the way to `path` that could be led elsewhere from inside the workspace: a
/// link that lies there, or a step out of a folder there to the one above.
fn weak_step(path: &Path, workspace: &Place) -> io::Result<Option<String>> {
    let mut links = 0;
    let mut real = PathBuf::new();
    let mut ahead = steps(path);
    while let Some(step) = ahead.pop() {
        match Path::new(&step).components().next() {
            Some(Component::RootDir) => real = PathBuf::from("/"),
            Some(Component::ParentDir) => {
                let inner = real.clone();
                real.pop();
                if workspace.holds(&real) {
                    return Ok(Some(format!("`{}/..`", inner.display())));
                }
            }
            Some(Component::Normal(name)) => {
                let next = real.join(name);
                let is_link = match fs::symlink_metadata(&next) {
                    Ok(metadata) => metadata.is_symlink(),
                    // What does not exist yet is made where the path says.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                    Err(error) => return Err(error),
                };
                if !is_link {
                    real = next;
                    continue;
                }
                if workspace.holds(&real) {
                    return Ok(Some(format!("the link `{}`", next.display())));
                }
                links += 1;
                if links > LINKS_MAX {
                    return Err(io::Error::other("there are too many links in CLAW_HOME"));
                }
                ahead.extend(steps(&fs::read_link(&next)?));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// The steps of a path, the last one first.
fn steps(path: &Path) -> Vec<OsString> {
    let steps = path.components().rev();
    steps.map(|step| step.as_os_str().to_owned()).collect()
}

/// A folder by what it is and not by what it is called.
#[derive(PartialEq, Eq)]
struct Place {
    device: u64,
    inode: u64,
}

impl Place {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Place {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Whether `real`, a path without links, is this folder or lies in it.
    fn holds(&self, real: &Path) -> bool {
        real.ancestors()
            .any(|above| Place::of(above).is_ok_and(|above| above == *self))
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
    fn the_way_to_claws_folder_never_leads_through_a_workspace() {
        let Setting {
            user,
            project,
            home: _home,
            _root,
        } = setting();
        let link = |target: &Path, name: &Path| std::os::unix::fs::symlink(target, name).unwrap();
        let (deep, outside) = (project.join("deep"), user.join("outside"));
        fs::create_dir_all(&deep).unwrap();
        link(&user.join(".claw"), &project.join("end"));
        link(&user, &deep.join("middle"));
        link(Path::new("project/deep/middle/.claw"), &outside);
        let gone = |name: &str| project.join(name).join("not/yet");
        for path in [
            project.join("end"),
            project.join("end/store"),
            deep.join("middle/.claw"),
            // A link elsewhere that leads to one in the workspace.
            outside,
            gone("end"),
            // A guest could put a link in place of `deep`.
            deep.join("../../.claw"),
            user.join("project/deep/../end"),
        ] {
            let home = Home::at(path.clone(), Some(user.clone()));
            let failure = choose(Some(&project), None, &user, &home).unwrap_err();
            assert_eq!(failure.kind, Kind::Usage);
            assert!(
                failure.one_line().contains("is reached through"),
                "{path:?}"
            );
            assert_eq!(failure.hint.unwrap(), "set CLAW_HOME to its real path");
        }
        let named = choose(
            Some(&project),
            None,
            &user,
            &Home::at(project.join("end"), None),
        );
        let expected = format!(
            "claw's folder is reached through the link `{}` in this workspace",
            fs::canonicalize(&project).unwrap().join("end").display()
        );
        assert!(named.unwrap_err().one_line().ends_with(&expected));
    }

    #[test]
    fn links_outside_the_workspace_are_the_operators_own() {
        let Setting {
            user,
            project,
            home: _home,
            _root,
        } = setting();
        let link = user.join("link");
        std::os::unix::fs::symlink(user.join(".claw"), &link).unwrap();
        for path in [link, project.join("../.claw"), user.join("none/yet")] {
            let home = Home::at(path, None);
            assert!(choose(Some(&project), None, &user, &home).is_ok());
        }
        let endless = user.join("endless");
        std::os::unix::fs::symlink("endless", &endless).unwrap();
        let home = Home::at(endless, None);
        assert!(choose(Some(&project), None, &user, &home).is_err());
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
