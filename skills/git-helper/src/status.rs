//! What `git status` says, as it says it to programs.

use claw_sdk::Result;

use crate::program::git;
use crate::{Change, State};

/// How the working tree differs.
pub fn status() -> Result<State> {
    let said = git(&[
        "status",
        "--porcelain=v2",
        "--branch",
        "--untracked-files=all",
        "-z",
    ])?;
    Ok(read(&said))
}

fn read(said: &str) -> State {
    let mut state = State {
        branch: None,
        ahead: None,
        behind: None,
        staged: Vec::new(),
        unstaged: Vec::new(),
        untracked: Vec::new(),
    };
    let mut records = said.split('\0');
    while let Some(record) = records.next() {
        let Some((kind, rest)) = record.split_once(' ') else {
            continue;
        };
        match kind {
            "#" => header(rest, &mut state),
            "1" => changed(rest, 7, &mut state),
            "2" => {
                changed(rest, 8, &mut state);
                // Where it was follows by itself.
                records.next();
            }
            "u" => changed(rest, 9, &mut state),
            "?" => state.untracked.push(rest.to_owned()),
            _ => {}
        }
    }
    state
}

fn header(text: &str, state: &mut State) {
    if let Some(branch) = text.strip_prefix("branch.head ") {
        state.branch = Some(branch.to_owned()).filter(|branch| branch != "(detached)");
    }
    if let Some((ahead, behind)) = text
        .strip_prefix("branch.ab ")
        .and_then(|counts| counts.split_once(' '))
    {
        let number = |text: &str| text.trim_start_matches(['+', '-']).parse().ok();
        (state.ahead, state.behind) = (number(ahead), number(behind));
    }
}

/// Two letters, some fields that don't matter here, and the path.
fn changed(text: &str, fields: usize, state: &mut State) {
    let mut parts = text.splitn(fields + 1, ' ');
    let letters = parts.next().unwrap_or_default();
    let Some(path) = parts.nth(fields - 1) else {
        return;
    };
    let mut letters = letters.chars();
    let (staged, unstaged) = (letters.next(), letters.next());
    let change = |letter: Option<char>| {
        let what = described(letter?)?;
        Some(Change {
            path: path.to_owned(),
            what: what.to_owned(),
        })
    };
    state.staged.extend(change(staged));
    state.unstaged.extend(change(unstaged));
}

/// What a letter of git means.
pub fn described(letter: char) -> Option<&'static str> {
    Some(match letter {
        'A' => "added",
        'M' => "modified",
        'D' => "deleted",
        'R' => "renamed",
        'C' => "copied",
        'T' => "type changed",
        'U' => "unmerged",
        _ => return None,
    })
}
