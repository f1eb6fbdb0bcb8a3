//! Branches: a new one for a task, and the end of those that are done.

use claw_sdk::{Error, Result};

use crate::program::{checked, git};
use crate::status::status;

/// Characters that a description gives to a name. Longer ones are cut between words.
const NAME_CHARACTERS_MAX: usize = 50;

/// Branches that are kept whatever is in them.
const KEPT: [&str; 4] = ["main", "master", "develop", "HEAD"];

/// Makes a branch and checks it out.
pub fn create(description: &str, issue: Option<u32>) -> Result<String> {
    let words = named(description);
    let name = match (issue, words.is_empty()) {
        (Some(issue), true) => format!("feature/{issue}"),
        (Some(issue), false) => format!("feature/{issue}-{words}"),
        (None, false) => format!("feature/{words}"),
        (None, true) => {
            return Err(Error::new(
                "the description has no letter or digit to make a name from",
            ));
        }
    };
    git(&["switch", "--quiet", "--create", &name])?;
    Ok(name)
}

/// Words of small letters and digits with `-` between them.
fn named(description: &str) -> String {
    let lower = description.to_lowercase();
    let words = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let mut name = String::new();
    for word in words {
        if name.is_empty() {
            name.push_str(&word[..word.len().min(NAME_CHARACTERS_MAX)]);
        } else if name.len() + 1 + word.len() <= NAME_CHARACTERS_MAX {
            name.push('-');
            name.push_str(word);
        } else {
            break;
        }
    }
    name
}

/// The branch that others come from and go back to.
pub fn base(named: Option<String>) -> Result<String> {
    if let Some(named) = named {
        return Ok(checked(&named)?.to_owned());
    }
    let found = git(&[
        "branch",
        "--list",
        "--format=%(refname:short)",
        "main",
        "master",
    ])?;
    let base = found.lines().next().map(str::to_owned);
    base.ok_or_else(|| Error::new("there is neither `main` nor `master`: name the `base`"))
}

/// Removes what is merged.
pub fn clean_up(named: Option<String>, dry_run: bool) -> Result<Vec<String>> {
    let base = base(named)?;
    let current = status()?.branch;
    let merged = git(&["branch", "--merged", &base, "--format=%(refname:short)"])?;
    let is_kept = |name: &str| {
        name == base
            || current.as_deref() == Some(name)
            || KEPT.contains(&name)
            || name.starts_with("release/")
            || name.starts_with('(')
    };
    let done: Vec<String> = merged
        .lines()
        .filter(|name| !name.is_empty() && !is_kept(name))
        .map(str::to_owned)
        .collect();
    if !dry_run {
        for name in &done {
            git(&["branch", "--quiet", "--delete", "--", name])?;
        }
    }
    Ok(done)
}
