//! Decides whether a file or folder is the operator's alone to change.
//!
//! Trust and grants are only as good as the folder that they are kept in. Others may read what is
//! in it as far as its mode lets them; whatever they may write is refused.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::failure::{Failure, Kind, OrFail, Outcome};

/// The bits that let the group and everybody else write.
const OTHERS_WRITE: u32 = 0o022;

/// Refuses what is there if others may change it. What is not there is as good as private: claw
/// makes it so.
pub(crate) fn check(path: &Path) -> Outcome {
    match fs::metadata(path) {
        Ok(metadata) => check_metadata(path, &metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => {
            Err(error).or_fail(Kind::Io, format!("could not look at `{}`", path.display()))
        }
    }
}

/// The same for what is open already.
pub(crate) fn check_metadata(path: &Path, metadata: &Metadata) -> Outcome {
    let user = rustix::process::geteuid().as_raw();
    judge(path, metadata, user)
}

fn judge(path: &Path, metadata: &Metadata, user: u32) -> Outcome {
    let shown = path.display();
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    if owner != user {
        let failure = Failure::usage(format!(
            "`{shown}` belongs to the user {owner}, and claw runs as {user}"
        ));
        return Err(failure.hint("set CLAW_HOME to a folder of your own"));
    }
    if mode & OTHERS_WRITE != 0 {
        let failure = Failure::usage(format!(
            "others may write to `{shown}`: its mode is {mode:o}"
        ));
        let private = if metadata.is_dir() { "700" } else { "600" };
        let word = crate::show::shell_word(&shown.to_string());
        return Err(failure.hint(format!("chmod {private} {word}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_may_write_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for (path, word) in [(folder.path(), "700"), (&file, "600")] {
            for good in [0o700, 0o755, 0o1755] {
                set(path, good);
                check(path).unwrap();
            }
            for bad in [0o720, 0o702, 0o777, 0o1777] {
                set(path, bad);
                let failure = check(path).unwrap_err();
                assert_eq!(failure.kind, Kind::Usage);
                let hint = failure.hint.unwrap();
                assert!(hint.starts_with(&format!("chmod {word} /")), "{hint}");
            }
            set(path, 0o700);
        }
    }

    #[test]
    fn what_belongs_to_somebody_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let metadata = fs::metadata(folder.path()).unwrap();
        let somebody = metadata.uid() + 1;
        let failure = judge(folder.path(), &metadata, somebody).unwrap_err();
        assert!(failure.one_line().contains("belongs to the user"));
    }

    #[test]
    fn what_does_not_exist_is_made_later() {
        let folder = tempfile::tempdir().unwrap();
        check(&folder.path().join("none")).unwrap();
    }
}
