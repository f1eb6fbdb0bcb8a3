//! Which lines hold a text or match a pattern.

use std::fs;

use claw_sdk::{Context, Error, Result};
use regex_lite::{Regex, RegexBuilder};

use crate::exports::acme::files::files::Hit;
use crate::limits::{DEPTH_MAX, FILE_BYTES_MAX, LINE_BYTES_MAX, QUERY_BYTES_MAX};
use crate::{Hits, Kind, folder, place};

/// What is searched for.
pub struct Wanted {
    /// The lines.
    pub line: Matcher,
    /// Which names of files; `*` stands for any letters.
    pub name: Option<String>,
    /// How many lines are enough.
    pub limit: u32,
}

/// Tells the lines that are searched for from all others.
pub enum Matcher {
    /// Those that hold this text.
    Text(String),
    /// Those that this expression matches.
    Pattern(Regex),
}

impl Matcher {
    fn matches(&self, line: &str) -> bool {
        match self {
            Matcher::Text(text) => line.contains(text.as_str()),
            Matcher::Pattern(pattern) => pattern.is_match(line),
        }
    }
}

/// What `query` means.
pub fn matcher(query: &str, regex: bool, ignore_case: bool) -> Result<Matcher> {
    if query.is_empty() {
        return Err(Error::new("`query` is empty: every line would be found"));
    }
    if query.len() > QUERY_BYTES_MAX {
        return Err(Error::new(format!(
            "`query` has more than {QUERY_BYTES_MAX} bytes"
        )));
    }
    if !regex && !ignore_case {
        return Ok(Matcher::Text(query.to_owned()));
    }
    let pattern = if regex {
        query.to_owned()
    } else {
        regex_lite::escape(query)
    };
    let pattern = RegexBuilder::new(&pattern)
        .case_insensitive(ignore_case)
        .build()
        .with_context(|| format!("`{query}` is no regular expression"))?;
    Ok(Matcher::Pattern(pattern))
}

/// The lines of the files at and below `path` that are `wanted`.
pub fn search(path: &str, wanted: &Wanted) -> Result<Hits> {
    let mut hits = Hits {
        hits: Vec::new(),
        files_searched: 0,
        more: false,
    };
    let metadata = fs::metadata(path).map_err(|error| place::refused("search", path, &error))?;
    if metadata.is_file() {
        let text = place::text(path)?;
        hits.files_searched = 1;
        hits.more = !take(path, &text, wanted, &mut hits.hits);
        return Ok(hits);
    }
    let mut left_out = false;
    let complete = folder::walk(path, DEPTH_MAX, &mut |entry| {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        if entry.kind != Kind::File
            || !wanted
                .name
                .as_deref()
                .is_none_or(|pattern| fits(pattern, name))
        {
            return Ok(true);
        }
        if entry.size_bytes.is_some_and(|size| size > FILE_BYTES_MAX) {
            left_out = true;
            return Ok(true);
        }
        // Pictures, programs and files that vanished meanwhile have no lines to find.
        let Ok(text) = place::text(&entry.path) else {
            return Ok(true);
        };
        hits.files_searched += 1;
        Ok(take(&entry.path, &text, wanted, &mut hits.hits))
    })?;
    hits.more = left_out || !complete;
    Ok(hits)
}

/// Adds the lines of `text` that are wanted; the answer is whether there was room for all.
fn take(path: &str, text: &str, wanted: &Wanted, hits: &mut Vec<Hit>) -> bool {
    for (line, number) in text.lines().zip(1..) {
        if wanted.line.matches(line) {
            if hits.len() >= wanted.limit as usize {
                return false;
            }
            hits.push(Hit {
                path: path.to_owned(),
                line: number,
                text: cut(line),
            });
        }
    }
    true
}

/// The beginning of `line`, ending between characters.
fn cut(line: &str) -> String {
    if line.len() <= LINE_BYTES_MAX {
        return line.to_owned();
    }
    format!("{}…", &line[..line.floor_char_boundary(LINE_BYTES_MAX)])
}

/// Whether `name` is what `pattern` describes, `*` standing for any letters.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    // Each piece between two stars is taken where it is first found; the last one has to end the name.
    let mut pieces = rest.split('*');
    let last = pieces.next_back().unwrap_or_default();
    for piece in pieces {
        let Some(at) = name.find(piece) else {
            return false;
        };
        name = &name[at + piece.len()..];
    }
    name.ends_with(last)
}
