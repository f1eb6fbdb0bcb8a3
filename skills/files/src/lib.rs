//! Lists, reads, searches, writes and edits the files of a workspace.
//!
//! Paths go to the host as they were given: it alone decides what may be reached, so nothing here tries to
//! recognise a path that would be refused. What this skill decides is how much it takes in and gives back.

mod folder;
mod limits;
mod place;
mod search;
mod text;

use exports::acme::files::files::{Details, Edited, Guest, Hits, Kind, Listing, Passage, Written};

claw_sdk::skill!(Files);

/// The skill.
struct Files;

impl Guest for Files {
    fn list(
        path: Option<String>,
        depth: Option<u32>,
        limit: Option<u32>,
    ) -> Result<Listing, String> {
        Ok(folder::list(path.as_deref().unwrap_or("."), depth, limit)?)
    }

    fn read(path: String, first_line: Option<u32>, lines: Option<u32>) -> Result<Passage, String> {
        Ok(text::read(&path, first_line, lines)?)
    }

    fn search(
        query: String,
        path: Option<String>,
        name: Option<String>,
        regex: Option<bool>,
        ignore_case: Option<bool>,
        limit: Option<u32>,
    ) -> Result<Hits, String> {
        let wanted = search::Wanted {
            line: search::matcher(&query, regex.unwrap_or(false), ignore_case.unwrap_or(false))?,
            name,
            limit: limits::bounded("limit", limit, limits::HITS_DEFAULT, limits::HITS_MAX)?,
        };
        Ok(search::search(path.as_deref().unwrap_or("."), &wanted)?)
    }

    fn stat(path: String) -> Result<Details, String> {
        Ok(place::stat(&path)?)
    }

    fn write(path: String, content: String, overwrite: Option<bool>) -> Result<Written, String> {
        Ok(text::write(&path, &content, overwrite.unwrap_or(false))?)
    }

    fn edit(path: String, old: String, new: String, all: Option<bool>) -> Result<Edited, String> {
        Ok(text::edit(&path, &old, &new, all.unwrap_or(false))?)
    }
}
