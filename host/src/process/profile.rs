//! What the host knows about single programs: the settings they run under, and the arguments that it refuses them.
//!
//! A program that reads settings from the workspace can be told by them to run others, to write elsewhere or to ask
//! a server. The kernel's confinement stops that too; a profile makes the program not even try. Adding one takes a
//! file beside `git.rs` and a line in [`PROFILES`].

use std::path::Path;

use super::Author;

mod git;

/// Names and values.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Profile {
    /// The name of the program's file.
    pub(crate) program: &'static str,
    /// Variables that it always gets.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// Variables that say who the operator is, and where the workspace.
    pub(crate) place: fn(Option<&Author>, Option<&Path>) -> Variables,
    /// Why these words, the program first, are refused; or the words that it is given.
    pub(crate) arguments: fn(&[String]) -> Result<Vec<String>, String>,
    /// Where below its prefix the program has files that only it executes: hard links and copies of itself.
    pub(crate) own: &'static [&'static str],
    /// Whether it works on repositories: it may write `.git`, but for what decides what runs.
    pub(crate) keeps_repository: bool,
}

/// Every program that the host knows about.
const PROFILES: &[&Profile] = &[&git::PROFILE];

/// The profile of the program in a file of this name.
pub(crate) fn of(file_name: &str) -> Option<&'static Profile> {
    PROFILES
        .iter()
        .copied()
        .find(|profile| profile.program == file_name)
}
