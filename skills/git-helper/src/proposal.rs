//! The text of a pull request, from what a branch has that its base has not.

use claw_sdk::{Error, Result};

use crate::Proposal;
use crate::branch::base;
use crate::program::git;
use crate::status::status;

/// Commits that are listed.
const COMMITS_MAX: usize = 50;

/// Writes it.
pub fn write(named: Option<String>) -> Result<Proposal> {
    let base = base(named)?;
    let branch = status()?.branch;
    let branch = branch.ok_or_else(|| Error::new("no branch is checked out"))?;
    if branch == base {
        return Err(Error::new(format!(
            "`{base}` is checked out: there is nothing to merge into itself"
        )));
    }
    let range = format!("{base}..HEAD");
    let subjects = git(&["log", "--reverse", "--no-merges", "--format=%s", &range])?;
    let subjects: Vec<&str> = subjects.lines().collect();
    if subjects.is_empty() {
        return Err(Error::new(format!(
            "`{branch}` has nothing that `{base}` has not"
        )));
    }
    let files = git(&["diff", "--stat=100", &format!("{base}...HEAD")])?;
    let issue = issue(&branch);
    let title = match subjects[..] {
        [only] => only.to_owned(),
        _ => title(&branch),
    };
    let mut body = "## Changes\n\n".to_owned();
    for subject in subjects.iter().take(COMMITS_MAX) {
        body.push_str(&format!("- {subject}\n"));
    }
    if subjects.len() > COMMITS_MAX {
        body.push_str(&format!("- and {} more\n", subjects.len() - COMMITS_MAX));
    }
    body.push_str(&format!("\n## Files\n\n```\n{}\n```\n", files.trim_end()));
    if let Some(issue) = issue {
        body.push_str(&format!("\nCloses #{issue}\n"));
    }
    Ok(Proposal {
        branch,
        base,
        title,
        body,
    })
}

/// The number at the start of a branch's last part.
fn issue(branch: &str) -> Option<u32> {
    let last = branch.rsplit('/').next()?;
    last.split('-').next()?.parse().ok()
}

/// The words of a branch's last part, as a sentence begins.
fn title(branch: &str) -> String {
    let last = branch.rsplit('/').next().unwrap_or(branch);
    let words: Vec<&str> = last
        .split('-')
        .filter(|word| word.parse::<u32>().is_err())
        .collect();
    let text = words.join(" ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => branch.to_owned(),
    }
}
