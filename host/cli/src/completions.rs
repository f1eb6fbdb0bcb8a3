//! Completes command lines from what is installed: skills, actions, parameters, permissions.
//!
//! A shell waits for it at every press of a key. So it reads a few small files, asks no registry,
//! verifies nothing, since nothing is run here, and says nothing when it knows nothing.

use std::env;
use std::ffi::{OsStr, OsString};

use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use claw_package::{PackageName, PermissionSet, SkillJson};

use crate::home::Home;
use crate::installed::Shelf;
use crate::output;
use crate::secrets::{Secrets, SystemKeyring};
use crate::store;

/// Set by the script of a shell, to the shell's name.
pub(crate) const VARIABLE: &str = "CLAW_COMPLETE";

/// The shells that there is a script for.
pub(crate) const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// Flags of `claw run` that the next word belongs to.
const RUN_FLAGS: [&str; 4] = ["--allow", "--input", "--timeout", "--workspace"];

/// Answers a shell that asks for completions. `false` if nobody does.
pub(crate) fn answer() -> bool {
    if env::var_os(VARIABLE).is_none() {
        return false;
    }
    let here = env::current_dir().ok();
    let complete = CompleteEnv::with_factory(crate::command).var(VARIABLE);
    // A shell has no use for an error: it shows it in the middle of the line that is being typed.
    complete
        .try_complete(env::args_os(), here.as_deref())
        .unwrap_or(true)
}

/// Completes the name of a skill of this project.
pub(crate) fn skills() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| matching(current, names()))
}

/// Completes what `claw run` runs: a skill of this project, or a file.
pub(crate) fn skills_or_files() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let mut found = matching(current, names());
        let files = clap_complete::PathCompleter::file().filter(|path| {
            let name = path.to_string_lossy();
            path.is_dir() || name.ends_with(".wasm") || name.ends_with(".tar.gz")
        });
        found.extend(clap_complete::engine::ValueCompleter::complete(
            &files, current,
        ));
        found
    })
}

/// Completes an action of the skill before it.
pub(crate) fn actions() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let words = positionals("run");
        let skill = words.first().and_then(|name| skill(name));
        let actions = skill.map(|skill| skill.derived.actions).unwrap_or_default();
        let candidates = actions
            .into_iter()
            .filter(|action| action.not_callable.is_none())
            .map(|action| Candidate {
                help: action.description,
                text: action.name,
            });
        matching(current, candidates)
    })
}

/// Completes a parameter, as `KEY=`, of the action before it that was not given yet.
pub(crate) fn parameters() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let words = positionals("run");
        // Bash hands over `text=a` as three words.
        if words.last().is_some_and(|word| word == "=") {
            return Vec::new();
        }
        let [name, action, given @ ..] = words.as_slice() else {
            return Vec::new();
        };
        let Some(skill) = skill(name) else {
            return Vec::new();
        };
        let actions = &skill.derived.actions;
        let schema = actions.iter().find(|known| known.name == *action);
        let properties = schema.and_then(|action| action.input_schema["properties"].as_object());
        let is_given = |key: &str| given.iter().any(|word| word.split('=').next() == Some(key));
        let keys = properties.into_iter().flatten();
        let keys = keys
            .filter(|(key, _)| !is_given(key))
            .map(|(key, schema)| Candidate {
                text: format!("{key}="),
                help: schema["description"].as_str().map(str::to_owned),
            });
        matching(current, keys)
    })
}

/// Completes a permission that the skill before it asks for and was not granted.
pub(crate) fn grantable() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let asked = positionals("grant").first().and_then(|name| {
            let granted = record(name)
                .map(|record| record.granted)
                .unwrap_or_default();
            let asked = skill(name)?.manifest.permissions;
            Some(
                asked
                    .iter()
                    .filter(|line| !granted.covers(line))
                    .cloned()
                    .collect::<Vec<_>>(),
            )
        });
        matching(current, lines(&asked.unwrap_or_default()))
    })
}

/// Completes a permission that was granted to the skill before it.
pub(crate) fn granted() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let record = positionals("revoke").first().and_then(|name| record(name));
        let granted = record.map_or_else(PermissionSet::empty, |record| record.granted);
        matching(current, lines(&granted.iter().cloned().collect::<Vec<_>>()))
    })
}

/// Completes the name of a secret that was set.
pub(crate) fn secrets() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let Ok(home) = Home::from_environment() else {
            return Vec::new();
        };
        let keyring = SystemKeyring::of(&home);
        let secrets = Secrets::open(&home, &keyring);
        let names = secrets.iter().flat_map(Secrets::names);
        let candidates = names.map(|(name, _)| Candidate {
            text: name.to_owned(),
            help: None,
        });
        matching(current, candidates)
    })
}

/// What a word may become.
struct Candidate {
    text: String,
    help: Option<String>,
}

fn lines(permissions: &[claw_package::Permission]) -> Vec<Candidate> {
    let candidate = |permission: &claw_package::Permission| Candidate {
        text: permission.to_string(),
        help: Some(permission.describe()),
    };
    permissions.iter().map(candidate).collect()
}

fn names() -> Vec<Candidate> {
    let Some(shelf) = shelf() else {
        return Vec::new();
    };
    let wished = shelf.1.project.wishes().map(|wishes| wishes.skills);
    let wished = wished.unwrap_or_default();
    let mut names: Vec<_> = shelf
        .1
        .lock
        .names()
        .into_iter()
        .chain(wished.keys())
        .collect();
    names.sort();
    names.dedup();
    let candidate = |name: &PackageName| Candidate {
        text: name.to_string(),
        help: None,
    };
    names.into_iter().map(candidate).collect()
}

/// Those that begin like the word does, with nothing in them that a terminal would obey.
fn matching(
    current: &OsStr,
    candidates: impl IntoIterator<Item = Candidate>,
) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else {
        return Vec::new();
    };
    let candidates = candidates.into_iter();
    let candidates = candidates.filter(|candidate| candidate.text.starts_with(current));
    candidates
        .map(|candidate| {
            let help = candidate
                .help
                .as_deref()
                .and_then(|help| help.lines().next());
            let help = help.map(|help| output::tame(help).into());
            CompletionCandidate::new(output::tame(&candidate.text)).help(help)
        })
        .collect()
}

fn shelf() -> Option<(Home, Shelf)> {
    let home = Home::from_environment().ok()?;
    let shelf = Shelf::open(&home).ok()?;
    Some((home, shelf))
}

fn skill(name: &str) -> Option<SkillJson> {
    let name: PackageName = name.parse().ok()?;
    let (home, shelf) = shelf()?;
    let locked = shelf.lock.get(&name).ok()??;
    store::glance(&home, &name, &locked.note)
}

fn record(name: &str) -> Option<crate::record::Record> {
    let name: PackageName = name.parse().ok()?;
    shelf()?.1.records.skills.get(&name).cloned()
}

/// The words between a command and the one that is being typed, without flags.
fn positionals(command: &str) -> Vec<String> {
    let line = env::args_os().skip_while(|word| word != "--").skip(1);
    let index = env::var("_CLAP_COMPLETE_INDEX").ok();
    let line: Vec<_> = line.collect();
    let index = index.and_then(|index| index.parse().ok());
    words_before(
        &line,
        index.unwrap_or(line.len().saturating_sub(1)),
        command,
    )
}

fn words_before(line: &[OsString], index: usize, command: &str) -> Vec<String> {
    let before = line.iter().take(index).filter_map(|word| word.to_str());
    let mut words = before.skip_while(|word| *word != command).skip(1);
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if RUN_FLAGS.contains(&word) {
            words.next();
        } else if !word.starts_with("--") {
            found.push(word.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_their_values_are_no_words_of_the_command() {
        let line = "claw --json run --allow filesystem.read=. acme/x --timeout=1s echo text = a te";
        let line: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let words = words_before(&line, line.len() - 1, "run");
        assert_eq!(words, ["acme/x", "echo", "text", "=", "a"]);
        assert_eq!(words_before(&line, 5, "run"), Vec::<String>::new());
        assert_eq!(words_before(&line, 99, "grant"), Vec::<String>::new());
    }

    #[test]
    fn every_shell_that_is_offered_has_a_script() {
        let shells = clap_complete::env::Shells::builtins();
        assert!(SHELLS.iter().all(|shell| shells.completer(shell).is_some()));
    }
}
