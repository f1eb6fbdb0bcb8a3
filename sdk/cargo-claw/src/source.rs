//! Where the source of a release is: the commit that is checked out, when everybody could check out the same.
//!
//! It is a claim for people. Where anything is unclear (changes that are not committed, a remote that is not
//! `https://`, no git) nothing is claimed.

use std::path::Path;
use std::process::{Command, Stdio};

use claw_trust::Source;

/// The commit of the repository around `folder`.
pub(crate) fn of(folder: &Path) -> Option<Source> {
    let url = git(folder, &["remote", "get-url", "origin"])?;
    let commit = git(folder, &["rev-parse", "HEAD"])?;
    let is_clean = git(folder, &["status", "--porcelain"])?.is_empty();
    if is_clean && url.starts_with("https://") {
        Source::git(&without_user(&url), &commit).ok()
    } else {
        None
    }
}

/// The address without the user and password that some put into theirs.
fn without_user(url: &str) -> String {
    let Some(rest) = url.strip_prefix("https://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("https://{host}{path}")
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(arguments);
    // Inside a hook these name the repository of the hook, wherever we are.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    git.stdin(Stdio::null()).stderr(Stdio::null());
    let output = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_password_is_published() {
        assert_eq!(
            without_user("https://alice:secret@git.example/x.git"),
            "https://git.example/x.git"
        );
        assert_eq!(
            without_user("https://git.example/a@b"),
            "https://git.example/a@b"
        );
    }

    #[test]
    fn only_a_clean_repository_with_a_public_remote_is_a_source() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let git = |arguments: &[&str]| super::git(path, arguments).unwrap();
        git(&["init", "--quiet"]);
        std::fs::write(path.join("a"), "a").unwrap();
        git(&["add", "a"]);
        git(&[
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.com",
            "-c",
            "commit.gpgsign=false",
            "commit",
            "--quiet",
            "--message",
            "a",
        ]);
        assert_eq!(of(path), None, "no remote");
        git(&["remote", "add", "origin", "https://git.example/x"]);
        assert_eq!(of(path).unwrap().url(), "https://git.example/x");
        std::fs::write(path.join("a"), "b").unwrap();
        assert_eq!(of(path), None, "changes");
    }
}
