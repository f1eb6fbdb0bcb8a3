//! `git`, for work in one repository: no settings but the repository's own, and of those none that runs a program,
//! asks a server or leads elsewhere.
//!
//! Settings that are given by variables win over those in files. What no setting turns off (aliases, filters, merge
//! drivers) needs a shell or another program, and no child may execute one.

use std::path::Path;

use super::{Author, Profile, Variables};

pub(super) const PROFILE: Profile = Profile {
    program: "git",
    environment: ENVIRONMENT,
    place,
    arguments,
    own: &[
        "lib/git-core/git",
        "libexec/git-core/git",
        "lib/git-core/git-status",
    ],
    keeps_repository: true,
};

const ENVIRONMENT: &[(&str, &str)] = &[
    // Nobody's settings but the repository's.
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    // Nothing is asked for, shown by pages, edited or fetched.
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_PAGER", "cat"),
    ("GIT_EDITOR", ":"),
    ("GIT_SEQUENCE_EDITOR", ":"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_PROTOCOL_FROM_USER", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    // These win over the repository's.
    ("GIT_CONFIG_COUNT", "17"),
    ("GIT_CONFIG_KEY_0", "core.hooksPath"),
    ("GIT_CONFIG_VALUE_0", "/dev/null"),
    ("GIT_CONFIG_KEY_1", "core.fsmonitor"),
    ("GIT_CONFIG_VALUE_1", "false"),
    ("GIT_CONFIG_KEY_2", "core.sshCommand"),
    ("GIT_CONFIG_VALUE_2", "false"),
    ("GIT_CONFIG_KEY_3", "core.askPass"),
    ("GIT_CONFIG_VALUE_3", ""),
    ("GIT_CONFIG_KEY_4", "core.attributesFile"),
    ("GIT_CONFIG_VALUE_4", "/dev/null"),
    ("GIT_CONFIG_KEY_5", "core.excludesFile"),
    ("GIT_CONFIG_VALUE_5", "/dev/null"),
    ("GIT_CONFIG_KEY_6", "credential.helper"),
    ("GIT_CONFIG_VALUE_6", ""),
    ("GIT_CONFIG_KEY_7", "commit.gpgSign"),
    ("GIT_CONFIG_VALUE_7", "false"),
    ("GIT_CONFIG_KEY_8", "tag.gpgSign"),
    ("GIT_CONFIG_VALUE_8", "false"),
    ("GIT_CONFIG_KEY_9", "log.showSignature"),
    ("GIT_CONFIG_VALUE_9", "false"),
    ("GIT_CONFIG_KEY_10", "gc.auto"),
    ("GIT_CONFIG_VALUE_10", "0"),
    ("GIT_CONFIG_KEY_11", "maintenance.auto"),
    ("GIT_CONFIG_VALUE_11", "false"),
    ("GIT_CONFIG_KEY_12", "protocol.allow"),
    ("GIT_CONFIG_VALUE_12", "never"),
    ("GIT_CONFIG_KEY_13", "protocol.ext.allow"),
    ("GIT_CONFIG_VALUE_13", "never"),
    ("GIT_CONFIG_KEY_14", "core.alternateRefsCommand"),
    ("GIT_CONFIG_VALUE_14", ":"),
    ("GIT_CONFIG_KEY_15", "core.untrackedCache"),
    ("GIT_CONFIG_VALUE_15", "false"),
    // The folder is the operator's choice, and nothing that its owner could set is obeyed.
    ("GIT_CONFIG_KEY_16", "safe.directory"),
    ("GIT_CONFIG_VALUE_16", "*"),
];

fn place(author: Option<&Author>, workspace: Option<&Path>) -> Variables {
    let mut variables = Variables::new();
    if let Some(author) = author {
        for (name, value) in [
            ("GIT_AUTHOR_NAME", &author.name),
            ("GIT_AUTHOR_EMAIL", &author.email),
            ("GIT_COMMITTER_NAME", &author.name),
            ("GIT_COMMITTER_EMAIL", &author.email),
        ] {
            variables.push((name, value.clone()));
        }
    }
    // No repository around the workspace is looked for.
    if let Some(above) = workspace.and_then(Path::parent) {
        variables.push(("GIT_CEILING_DIRECTORIES", above.display().to_string()));
    }
    variables
}

/// What works in one repository and starts nothing. An alias is none of these names.
const COMMANDS: [&str; 35] = [
    "add",
    "apply",
    "blame",
    "branch",
    "cat-file",
    "check-ignore",
    "checkout",
    "cherry-pick",
    "commit",
    "describe",
    "diff",
    "diff-index",
    "diff-tree",
    "for-each-ref",
    "log",
    "ls-files",
    "ls-tree",
    "merge",
    "merge-base",
    "mv",
    "name-rev",
    "remote",
    "reset",
    "restore",
    "rev-list",
    "rev-parse",
    "revert",
    "rm",
    "shortlog",
    "show",
    "stash",
    "status",
    "switch",
    "symbolic-ref",
    "tag",
];

/// Those that show differences: by their own means only.
const SHOWING: [&str; 7] = [
    "diff",
    "diff-index",
    "diff-tree",
    "log",
    "show",
    "stash",
    "blame",
];

/// What may stand before the command.
const GLOBAL: [&str; 4] = [
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    "--no-replace-objects",
];

/// Options that run something, write or read elsewhere, or ask a server; whole, or up to a `=`.
const REFUSED: [&str; 18] = [
    "--config",
    "--config-env",
    "--edit-description",
    "--exec",
    "--exec-path",
    "--ext-diff",
    "--git-dir",
    "--gpg-sign",
    "--no-index",
    "--output",
    "--receive-pack",
    "--recurse-submodules",
    "--separate-git-dir",
    "--server-option",
    "--template",
    "--textconv",
    "--upload-pack",
    "--work-tree",
];

/// An option can be shortened while it is clear what is meant. What is as short as this is not looked at: it means
/// others, or is refused for being unclear.
const SHORTENED_MIN: usize = 4;

fn arguments(words: &[String]) -> Result<Vec<String>, String> {
    let mut given = words.to_vec();
    let is_global = |word: &&String| GLOBAL.contains(&word.as_str());
    let at = 1 + words.iter().skip(1).take_while(is_global).count();
    let Some(command) = words.get(at).map(String::as_str) else {
        return Err("it is given no command".to_owned());
    };
    if command == "--version" || command == "version" {
        return Ok(given);
    }
    if !COMMANDS.contains(&command) {
        return Err(format!(
            "`{command}` is none of the commands that work in one repository and start nothing"
        ));
    }
    let options = words[at + 1..].iter().take_while(|word| *word != "--");
    for option in options {
        check(command, option)?;
    }
    if command == "remote" {
        check_remote(&words[at + 1..])?;
    }
    let is_shown = SHOWING.contains(&command) && command != "blame" && command != "stash";
    if is_shown {
        given.splice(
            at + 1..at + 1,
            ["--no-ext-diff", "--no-textconv"].map(str::to_owned),
        );
    }
    Ok(given)
}

fn check(command: &str, option: &str) -> Result<(), String> {
    let name = option.split('=').next().unwrap_or(option);
    let is_one = |refused: &&&str| {
        **refused == name || (name.len() >= SHORTENED_MIN && refused.starts_with(name))
    };
    let harmless = ["--no-", "--inc", "--out"].contains(&name);
    if let Some(refused) = REFUSED.iter().find(is_one)
        && !harmless
        && name.starts_with("--")
    {
        return Err(format!("`{refused}` is refused"));
    }
    // `-S` signs where commits are made, and looks for text where they are shown.
    let signs = ["commit", "cherry-pick", "merge", "revert", "tag"].contains(&command);
    if signs && (option.starts_with("-S") || (command == "tag" && option.starts_with("-s"))) {
        return Err("nothing is signed".to_owned());
    }
    Ok(())
}

/// Only what is said about other repositories is read.
fn check_remote(words: &[String]) -> Result<(), String> {
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["-v" | "--verbose"] => Ok(()),
        ["get-url", ..] => Ok(()),
        _ => Err("`remote` only lists, with `-v` or `get-url`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Result<Vec<String>, String> {
        arguments(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_work_of_one_repository_is_let_through() {
        for line in [
            "git status --porcelain=v2 -z",
            "git --no-pager log --format=%H -S text -- --exec",
            "git commit -m --upload-pack-is-not-an-option",
            "git commit --no-verify -m x",
            "git branch -d feature",
            "git remote -v",
            "git checkout -b feature/1-x",
            "git --version",
        ] {
            assert!(given(line).is_ok(), "{line}: {:?}", given(line));
        }
        assert_eq!(
            given("git --no-pager diff --cached").unwrap().join(" "),
            "git --no-pager diff --no-ext-diff --no-textconv --cached"
        );
    }

    #[test]
    fn what_runs_others_or_leads_elsewhere_is_refused() {
        for line in [
            "git",
            "git -c core.pager=x log",
            "git -C /etc status",
            "git --git-dir=/x status",
            "git --exec-path=/x status",
            "git --config-env=a=B status",
            "git clone x",
            "git init",
            "git config core.pager x",
            "git fetch --upload-pack=x",
            "git push",
            "git ci",
            "git log --ext-diff",
            "git log --ext",
            "git log --output=x",
            "git diff --outp x",
            "git diff --no-index a b",
            "git show --textconv",
            "git commit -S",
            "git commit --gpg-s",
            "git tag -s x",
            "git checkout --recurse-submodules",
            "git remote add x ext::sh",
            "git commit --template=x",
        ] {
            assert!(given(line).is_err(), "{line}");
        }
    }

    #[test]
    fn every_setting_is_counted() {
        let count = ENVIRONMENT
            .iter()
            .filter(|(name, _)| name.starts_with("GIT_CONFIG_KEY_"))
            .count();
        let said = ENVIRONMENT
            .iter()
            .find(|(name, _)| *name == "GIT_CONFIG_COUNT");
        assert_eq!(
            said.map(|(_, value)| *value),
            Some(count.to_string().as_str())
        );
        for index in 0..count {
            for kind in ["KEY", "VALUE"] {
                let name = format!("GIT_CONFIG_{kind}_{index}");
                assert!(
                    ENVIRONMENT.iter().any(|(known, _)| *known == name),
                    "{name}"
                );
            }
        }
    }
}
