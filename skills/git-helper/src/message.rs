//! Commits, and the messages that are made from what is staged.

use claw_sdk::{Error, Result, log};

use crate::Commit;
use crate::program::{git, git_with_input};
use crate::status::described;

/// What is staged before the commit.
pub struct Staging {
    pub files: Vec<String>,
    pub all: bool,
}

/// Files that are named in a message, besides their number.
const NAMED_MAX: usize = 20;

/// A file of the next commit.
struct Staged {
    letter: char,
    path: String,
}

/// Stages, makes the message, commits.
pub fn commit(staging: &Staging, emoji: bool, message: Option<String>) -> Result<Commit> {
    if staging.all {
        git(&["add", "--all"])?;
    } else if !staging.files.is_empty() {
        let files = staging.files.iter().map(String::as_str);
        git(&Vec::from_iter(["add", "--"].into_iter().chain(files)))?;
    }
    let staged = read(&git(&[
        "diff",
        "--cached",
        "--name-status",
        "--no-renames",
        "-z",
    ])?);
    if staged.is_empty() {
        return Err(Error::new(
            "nothing is staged: name `files`, or use `stage-all`",
        ));
    }
    let message = match message {
        Some(message) if !message.trim().is_empty() => message,
        _ => {
            let counts = git(&["diff", "--cached", "--shortstat"])?;
            written(&staged, counts.trim())
        }
    };
    let message = match emoji {
        true => format!("{} {message}", sign(&staged)),
        false => message,
    };
    git_with_input(&["commit", "--quiet", "--file=-"], &message)?;
    let id = git(&["rev-parse", "HEAD"])?.trim().to_owned();
    log::info(format!("committed {id}"));
    Ok(Commit {
        id,
        message,
        files: staged.into_iter().map(|file| file.path).collect(),
    })
}

/// A letter and a path, again and again.
fn read(said: &str) -> Vec<Staged> {
    let mut fields = said.split('\0');
    let mut staged = Vec::new();
    while let (Some(letter), Some(path)) = (fields.next(), fields.next()) {
        staged.extend(letter.chars().next().map(|letter| Staged {
            letter,
            path: path.to_owned(),
        }));
    }
    staged
}

fn written(staged: &[Staged], counts: &str) -> String {
    let first = subject(staged);
    if staged.len() == 1 {
        return first;
    }
    let mut text = format!("{first}\n\n");
    for file in staged.iter().take(NAMED_MAX) {
        let what = described(file.letter).unwrap_or("changed");
        text.push_str(&format!("- {} ({what})\n", file.path));
    }
    if staged.len() > NAMED_MAX {
        text.push_str(&format!("- and {} more\n", staged.len() - NAMED_MAX));
    }
    if !counts.is_empty() {
        text.push_str(&format!("\n{counts}\n"));
    }
    text
}

/// One line: what was done, and to what.
fn subject(staged: &[Staged]) -> String {
    let verb = match only_letter(staged) {
        Some('A') => "Add",
        Some('D') => "Remove",
        _ => "Update",
    };
    if let [file] = staged {
        return format!("{verb} {}", file.path);
    }
    let count = staged.len();
    match kind(staged) {
        Kind::Documentation => format!("{verb} {count} pages of documentation"),
        Kind::Tests => format!("{verb} {count} files of tests"),
        Kind::Settings => format!("{verb} {count} files of settings"),
        Kind::Code => match common_folder(staged) {
            Some(folder) => format!("{verb} {count} files in {folder}"),
            None => format!("{verb} {count} files"),
        },
    }
}

fn only_letter(staged: &[Staged]) -> Option<char> {
    let first = staged.first()?.letter;
    staged
        .iter()
        .all(|file| file.letter == first)
        .then_some(first)
}

/// The deepest folder that all files are in.
fn common_folder(staged: &[Staged]) -> Option<String> {
    let folders = |path: &str| {
        let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
        parts.pop();
        parts
    };
    let mut common = folders(&staged.first()?.path);
    for file in staged {
        let same = common
            .iter()
            .zip(folders(&file.path))
            .take_while(|(a, b)| *a == b)
            .count();
        common.truncate(same);
    }
    (!common.is_empty()).then(|| common.join("/"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Documentation,
    Tests,
    Settings,
    Code,
}

/// What all files are, when they are one kind of thing.
fn kind(staged: &[Staged]) -> Kind {
    let of = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        if ends(&[".md", ".rst", ".adoc"]) || path.starts_with("docs/") {
            Kind::Documentation
        } else if path
            .split('/')
            .any(|part| part == "tests" || part == "test")
        {
            Kind::Tests
        } else if ends(&[".toml", ".yaml", ".yml", ".json", ".ini", ".lock"]) {
            Kind::Settings
        } else {
            Kind::Code
        }
    };
    let mut kinds = staged.iter().map(|file| of(&file.path));
    let first = kinds.next().unwrap_or(Kind::Code);
    match kinds.all(|kind| kind == first) {
        true => first,
        false => Kind::Code,
    }
}

fn sign(staged: &[Staged]) -> &'static str {
    match (kind(staged), only_letter(staged)) {
        (Kind::Documentation, _) => "📝",
        (Kind::Tests, _) => "✅",
        (Kind::Settings, _) => "🔧",
        (Kind::Code, Some('A')) => "✨",
        (Kind::Code, Some('D')) => "🔥",
        (Kind::Code, _) => "♻️",
    }
}
