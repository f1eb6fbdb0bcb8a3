//! The programs that skills may run: which file each was when it was granted, how a child is confined, and who
//! makes commits.
//!
//! A grant names a program by a word. What the word stood for is written beside the grant, so that nobody can put
//! another program in its place: what changed is asked about again.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use claw_host::{
    Author, Confinement, Level, ProcessConfig, ProgramPin, Programs, granted_programs,
    pin_granted_programs, pin_program,
};
use claw_package::PermissionSet;

use crate::commands::block_on;
use crate::output;

/// This program itself confines children.
pub(crate) fn config() -> ProcessConfig {
    ProcessConfig::of_this_program(env::temp_dir())
}

/// How programs are confined here, found out by confining one; else why none is run.
pub(crate) fn confinement() -> Result<Confinement, String> {
    let config = config();
    let found = block_on(async { Ok(claw_host::confinement(&config).await) });
    match found {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(why)) => Err(format!("no program is run here: {why}")),
        Err(failure) => Err(failure.one_line()),
    }
}

/// What a grant of a program means here beyond its words; nothing where a program is held in by all layers.
pub(crate) fn caveat(found: Result<Confinement, String>) -> Option<String> {
    let found = match found {
        Ok(found) if found.level == Level::Full => return None,
        Ok(found) => found,
        Err(why) => return Some(why),
    };
    let why = found.reason.unwrap_or_default();
    Some(format!(
        "programs are confined at the level `{}` here, by Landlock and seccomp alone ({why}): one that is \
         granted can write `.git`, `claw.toml` and other protected names in a folder that it may write, and \
         see the size and times of any file",
        found.level
    ))
}

/// The folders of `PATH`.
fn search() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect()
}

/// Finds what the words of `asked` stand for now. A word without a program is told, and has none until it is granted
/// again.
pub(crate) fn pin(asked: &PermissionSet, workspace: Option<&Path>) -> Vec<ProgramPin> {
    let mut pins = Vec::new();
    for (word, found) in pin_granted_programs(asked, &search(), workspace) {
        match found {
            Ok(pin) => pins.push(pin),
            Err(error) => {
                let again = "it can be run once it is granted again";
                output::warn(format_args!(
                    "`process.execute` of `{word}`: {error}; {again}"
                ));
            }
        }
    }
    pins
}

/// Tells the operator what was found.
pub(crate) fn tell(pins: &[ProgramPin]) {
    for ProgramPin { word, path, digest } in pins {
        output::say(format_args!("`{word}` is `{}`, {digest}", path.display()));
    }
}

/// What is written beside `granted`: new pins for what was asked for just now, and the old ones of what is still
/// granted.
pub(crate) fn renewed(
    old: &[ProgramPin],
    granted: &PermissionSet,
    asked: &PermissionSet,
    workspace: Option<&Path>,
) -> Vec<ProgramPin> {
    let new = pin(asked, workspace);
    tell(&new);
    let (asked, granted) = (granted_programs(asked), granted_programs(granted));
    let kept = old
        .iter()
        .filter(|pin| !asked.contains(&pin.word.as_str()))
        .cloned();
    let mut pins: Vec<_> = kept.chain(new).collect();
    pins.retain(|pin| granted.contains(&pin.word.as_str()));
    pins.sort_by(|a, b| a.word.cmp(&b.word));
    pins
}

/// What a call may run: what was granted before, and what `--allow` grants for this once.
pub(crate) fn programs(
    recorded: &[ProgramPin],
    allowed: &PermissionSet,
    effective: &PermissionSet,
    workspace: Option<&Path>,
) -> Programs {
    if !effective.has_kind(claw_package::PermissionKind::ProcessExecute) {
        return Programs::default();
    }
    let once = pin(&effective.meet(allowed), workspace);
    let is_new = |pin: &&ProgramPin| once.iter().all(|other| other.word != pin.word);
    let recorded: Vec<_> = recorded.iter().filter(is_new).cloned().collect();
    let pins: Vec<_> = recorded.into_iter().chain(once).collect();
    let makes_commits = pins.iter().any(|pin| pin.path.ends_with("git"));
    Programs {
        author: makes_commits.then(|| author(workspace)).flatten(),
        search: search(),
        scripts: None,
        pins,
    }
}

/// Who the operator is, as their own git says: the settings of no repository are asked.
fn author(workspace: Option<&Path>) -> Option<Author> {
    let git = pin_program("git", &search(), workspace).ok()?.path;
    let output = Command::new(git)
        .args([
            "config",
            "--global",
            "--null",
            "--get-regexp",
            r"^user\.(name|email)$",
        ])
        .current_dir("/")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    read_author(&String::from_utf8(output.stdout).ok()?)
}

/// Each setting is `key LF value NUL`; the last of a key counts.
fn read_author(text: &str) -> Option<Author> {
    let value = |key: &str| {
        let mut values = text.split('\0').filter_map(|entry| entry.split_once('\n'));
        let last = values.rfind(|(name, _)| *name == key)?;
        Some(last.1.to_owned())
    };
    Some(Author {
        name: value("user.name")?,
        email: value("user.email")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(lines: &[&str]) -> PermissionSet {
        PermissionSet::new(lines.iter().map(|line| line.parse().unwrap()))
    }

    fn old(word: &str) -> ProgramPin {
        ProgramPin {
            word: word.to_owned(),
            path: "/old".into(),
            digest: claw_package::Digest::of(b"old"),
        }
    }

    #[test]
    fn only_what_is_asked_for_is_pinned_anew() {
        let granted = set(&["process.execute=cat **", "process.execute=ls **"]);
        let before = [old("cat"), old("ls"), old("gone")];
        let pins = renewed(&before, &granted, &set(&["process.execute=cat -n"]), None);
        assert_eq!(pins.len(), 2);
        assert!(pins[0].word == "cat" && pins[0].path.ends_with("cat"));
        assert_eq!(pins[1], old("ls"));
    }

    #[test]
    fn what_is_allowed_once_is_pinned_for_once() {
        let allowed = set(&["process.execute=cat x"]);
        let effective = set(&["process.execute=cat **"]);
        let programs = programs(&[old("cat")], &allowed, &effective, None);
        assert!(programs.pins.len() == 1 && programs.pins[0].path.ends_with("cat"));
    }

    #[test]
    fn the_last_name_of_an_author_counts() {
        let text = "user.name\nA\0user.email\na@b\0user.name\nB\nC\0";
        let author = read_author(text).unwrap();
        assert_eq!(
            (author.name.as_str(), author.email.as_str()),
            ("B\nC", "a@b")
        );
        assert_eq!(read_author("user.name\nA\0"), None);
    }
}
