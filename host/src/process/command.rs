//! What a guest wants to run, checked: words, folder and variables against bounds and grants.
//!
//! Pure but for the operator's variables that were handed in. Which file the program is, and whether it can be
//! confined, is for others.

use claw_package::permission::{Command as Granted, Folder};
use claw_package::{Permission, PermissionKind, PermissionSet};

use super::environment;
use super::profile::{self, Profile};
use crate::denial::{Denial, DenialReason};

/// Words of one command. A shell's own limit is a thousand times this, and a file is for more.
pub(super) const WORDS_MAX: usize = 4096;

/// All words of one command.
pub(super) const WORDS_BYTES_MAX: usize = 128 * 1024;

/// A path of a folder.
const FOLDER_BYTES_MAX: usize = 4096;

/// As the guest wrote it.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) argv: Vec<String>,
    pub(super) folder: Option<String>,
    pub(super) environment: Vec<String>,
}

/// What may be run, as far as words go.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) argv: Vec<String>,
    /// Where it starts; none is for the host to choose.
    pub(super) folder: Option<Folder>,
    pub(super) environment: Vec<(String, String)>,
}

/// Why something is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not allowed. This is recorded.
    Denied(Box<Denial>),
    /// It makes no sense.
    Invalid(String),
    /// It is too much.
    TooMuch(String),
}

impl Wanted {
    /// Compares it with what was granted; `values` are the operator's variables.
    pub(super) fn check(
        &self,
        grants: &PermissionSet,
        values: &[(String, String)],
    ) -> Result<Command, Refusal> {
        self.check_bounds()?;
        if allowing(grants, &self.argv).is_empty() {
            return Err(Refusal::Denied(Box::new(Denial {
                kind: PermissionKind::ProcessExecute,
                what: format!("run {}", shown(&self.argv)),
                reason: DenialReason::NotGranted,
                permission: Granted::exactly(&self.argv)
                    .map(Permission::ProcessExecute)
                    .filter(|line| line.to_string().parse::<Permission>().is_ok()),
            })));
        }
        Ok(Command {
            argv: self.argv.clone(),
            folder: self.checked_folder(grants)?,
            environment: self.checked_environment(grants, values)?,
        })
    }

    fn check_bounds(&self) -> Result<(), Refusal> {
        let bytes = |texts: &[String]| texts.iter().map(|text| text.len() + 1).sum::<usize>();
        if self.argv.len() > WORDS_MAX || bytes(&self.argv) > WORDS_BYTES_MAX {
            return Err(Refusal::TooMuch(format!(
                "a command has at most {WORDS_MAX} words of {WORDS_BYTES_MAX} bytes"
            )));
        }
        let names = &self.environment;
        if names.len() > environment::NAMES_MAX || bytes(names) > environment::BYTES_MAX {
            let most = environment::NAMES_MAX;
            return Err(Refusal::TooMuch(format!(
                "a command has at most {most} variables"
            )));
        }
        if self
            .argv
            .iter()
            .chain(names)
            .any(|text| text.contains('\0'))
        {
            return Err(Refusal::Invalid("a zero byte is in it".to_owned()));
        }
        match self.argv.first() {
            None => Err(Refusal::Invalid("it has no words".to_owned())),
            Some(program) if program.is_empty() => {
                Err(Refusal::Invalid("it names no program".to_owned()))
            }
            Some(_) => Ok(()),
        }
    }

    fn checked_folder(&self, grants: &PermissionSet) -> Result<Option<Folder>, Refusal> {
        let Some(text) = &self.folder else {
            return Ok(None);
        };
        let relative = match text.strip_prefix("/workspace") {
            Some("" | "/") => ".",
            Some(rest) => rest.strip_prefix('/').unwrap_or(text),
            None => text,
        };
        let folder: Folder = Some(relative)
            .filter(|relative| relative.len() <= FOLDER_BYTES_MAX)
            .and_then(|relative| relative.parse().ok())
            .ok_or_else(|| Refusal::Invalid("its folder is no path in the workspace".to_owned()))?;
        let permission = Permission::FilesystemRead(folder.clone());
        if grants.covers(&permission) {
            return Ok(Some(folder));
        }
        Err(Refusal::Denied(Box::new(Denial {
            kind: PermissionKind::FilesystemRead,
            what: format!("run {} in `{relative}`", shown(&self.argv)),
            reason: DenialReason::NotGranted,
            permission: Some(permission),
        })))
    }

    fn checked_environment(
        &self,
        grants: &PermissionSet,
        values: &[(String, String)],
    ) -> Result<Vec<(String, String)>, Refusal> {
        let mut given: Vec<(String, String)> = Vec::new();
        let mut bytes = 0;
        for name in &self.environment {
            let denied = |reason, permission| {
                Refusal::Denied(Box::new(Denial {
                    kind: PermissionKind::Environment,
                    what: format!("run {} with `{name}`", shown(&self.argv)),
                    reason,
                    permission,
                }))
            };
            let permission: Option<Permission> = format!("environment={name}").parse().ok();
            let Some(permission) = permission else {
                return Err(Refusal::Invalid(format!(
                    "`{name}` is no name of a variable"
                )));
            };
            if environment::is_refused(name) {
                return Err(denied(DenialReason::Variable, None));
            }
            if !grants.covers(&permission) {
                return Err(denied(DenialReason::NotGranted, Some(permission)));
            }
            let value = values.iter().find(|(known, _)| known == name);
            if let Some((_, value)) = value
                && given.iter().all(|(known, _)| known != name)
            {
                bytes += name.len() + value.len();
                given.push((name.clone(), value.clone()));
            }
        }
        if bytes > environment::BYTES_MAX {
            let most = environment::BYTES_MAX;
            return Err(Refusal::TooMuch(format!(
                "its variables have more than {most} bytes"
            )));
        }
        Ok(given)
    }
}

impl Command {
    /// The words that the program is given, as its profile has them.
    pub(super) fn words(&self, profile: Option<&Profile>) -> Result<Vec<String>, Refusal> {
        let Some(profile) = profile else {
            return Ok(self.argv.clone());
        };
        (profile.arguments)(&self.argv).map_err(|why| {
            Refusal::Denied(Box::new(Denial {
                kind: PermissionKind::ProcessExecute,
                what: format!("run {}: {why}", shown(&self.argv)),
                reason: DenialReason::Argument,
                permission: None,
            }))
        })
    }

    /// The profile that the name of the program has, before its file is known.
    pub(super) fn profile(&self) -> Option<&'static Profile> {
        let name = self.argv.first()?.rsplit('/').next()?;
        profile::of(name)
    }
}

/// The grants that allow these words.
pub(super) fn allowing(grants: &PermissionSet, argv: &[String]) -> Vec<Permission> {
    let allows = |permission: &&Permission| match permission {
        Permission::ProcessExecute(command) => command.allows(argv),
        _ => false,
    };
    grants.iter().filter(allows).cloned().collect()
}

/// A command for people, cut where it gets long.
pub(super) fn shown(argv: &[String]) -> String {
    const CHARACTERS_MAX: usize = 200;
    let line = argv.join(" ");
    match line.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("`{} …`", &line[..end]),
        None => format!("`{line}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(lines: &[&str]) -> PermissionSet {
        PermissionSet::new(lines.iter().map(|line| line.parse().unwrap()))
    }

    fn wanted(line: &str) -> Wanted {
        Wanted {
            argv: line.split(' ').map(str::to_owned).collect(),
            ..Wanted::default()
        }
    }

    fn check(wanted: &Wanted, lines: &[&str]) -> Result<Command, Refusal> {
        let values = [
            ("A", "1"),
            ("LD_PRELOAD", "x"),
            ("BIG", &"x".repeat(70_000)),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        wanted.check(&grants(lines), &values)
    }

    fn denial(refusal: Result<Command, Refusal>) -> Denial {
        match refusal {
            Err(Refusal::Denied(denial)) => *denial,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn words_that_no_grant_has_are_denied_with_the_line_that_would_allow_them() {
        assert!(check(&wanted("git log -1"), &["process.execute=git log **"]).is_ok());
        let denial = denial(check(
            &wanted("git push *"),
            &["process.execute=git log **"],
        ));
        let line = denial.permission.unwrap().to_string();
        assert_eq!(line, "process.execute=git push '*'");
        assert!(check(&wanted("git push *"), &[&line]).is_ok());
        assert!(check(&wanted("git push x"), &[&line]).is_err());
    }

    #[test]
    fn a_folder_has_to_be_readable() {
        let lines = ["process.execute=ls", "filesystem.read=docs"];
        for folder in ["docs", "docs/a", "/workspace/docs"] {
            let command = Wanted {
                folder: Some(folder.to_owned()),
                ..wanted("ls")
            };
            assert!(check(&command, &lines).is_ok(), "{folder}");
        }
        for folder in [".", "/workspace", "other"] {
            let command = Wanted {
                folder: Some(folder.to_owned()),
                ..wanted("ls")
            };
            assert_eq!(
                denial(check(&command, &lines)).kind,
                PermissionKind::FilesystemRead
            );
        }
        for folder in ["..", "docs/..", "/etc", "", "/workspacedocs"] {
            let command = Wanted {
                folder: Some(folder.to_owned()),
                ..wanted("ls")
            };
            let checked = check(&command, &lines);
            assert!(matches!(checked, Err(Refusal::Invalid(_))), "{folder}");
        }
    }

    #[test]
    fn variables_are_named_granted_and_harmless() {
        let with = |name: &str, lines: &[&str]| {
            let command = Wanted {
                environment: vec![name.to_owned(), name.to_owned()],
                ..wanted("ls")
            };
            check(&command, &[lines, &["process.execute=ls"]].concat())
        };
        let granted = with("A", &["environment=A"]).unwrap();
        assert_eq!(granted.environment, [("A".to_owned(), "1".to_owned())]);
        assert!(
            with("UNSET", &["environment=UNSET"])
                .unwrap()
                .environment
                .is_empty()
        );
        let refused = denial(with("A", &[]));
        assert_eq!(refused.permission, Some("environment=A".parse().unwrap()));
        let refused = denial(with("LD_PRELOAD", &["environment=LD_PRELOAD"]));
        assert_eq!(
            (refused.reason, refused.permission),
            (DenialReason::Variable, None)
        );
        assert!(matches!(with("A=B", &[]), Err(Refusal::Invalid(_))));
        assert!(matches!(
            with("BIG", &["environment=BIG"]),
            Err(Refusal::TooMuch(_))
        ));
    }

    #[test]
    fn every_bound_holds() {
        let many = Wanted {
            argv: vec!["a".to_owned(); WORDS_MAX + 1],
            ..Wanted::default()
        };
        let long = wanted(&"a".repeat(WORDS_BYTES_MAX));
        let variables = Wanted {
            environment: vec!["A".to_owned(); environment::NAMES_MAX + 1],
            ..wanted("a")
        };
        for command in [many, long, variables] {
            let checked = check(&command, &["process.execute=**"]);
            assert!(matches!(checked, Err(Refusal::TooMuch(_))));
        }
        for argv in [vec![], vec![String::new()], vec!["a\0b".to_owned()]] {
            let command = Wanted {
                argv,
                ..Wanted::default()
            };
            let checked = check(&command, &["process.execute=**"]);
            assert!(matches!(checked, Err(Refusal::Invalid(_))));
        }
    }

    #[test]
    fn a_profile_has_its_word() {
        let command = check(
            &wanted("/usr/bin/git -c x=y log"),
            &["process.execute=/usr/bin/git **"],
        );
        let command = command.unwrap();
        let refused = command.words(command.profile());
        assert!(
            matches!(refused, Err(Refusal::Denied(denial)) if denial.reason == DenialReason::Argument)
        );
    }
}
