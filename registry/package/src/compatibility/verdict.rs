//! Whether a version is far enough above the release before it for what changes between the two.

use std::fmt::Write as _;

use super::{Bump, Change, required, smallest};
use crate::name::Version;
use crate::permission::Permission;

/// Changes that are told in one sentence. A person who reads three knows what to do.
const TOLD_MAX: usize = 3;

/// What changes from one release to the next, and the step that it takes and needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The release it is held against.
    pub previous: Version,
    /// What changes in the exports.
    pub changes: Vec<Change>,
    /// The permissions that it asks for in addition.
    pub grown: Vec<Permission>,
    /// The step that this asks for.
    pub required: Bump,
    /// The step that the version takes.
    pub taken: Bump,
    /// The smallest version that would do; nothing where the numbers end.
    pub smallest: Option<Version>,
}

impl Verdict {
    /// Holds version `next` against what changes from `previous`. `versions` are those that are taken.
    pub fn new<'a>(
        previous: &Version,
        next: &Version,
        changes: Vec<Change>,
        grown: Vec<Permission>,
        versions: impl IntoIterator<Item = &'a Version>,
    ) -> Self {
        let required = required(&changes, &grown);
        Self {
            previous: previous.clone(),
            changes,
            grown,
            required,
            taken: Bump::between(previous, next),
            smallest: smallest(required, previous, versions),
        }
    }

    /// Whether the version is far enough above the other.
    pub fn is_enough(&self) -> bool {
        self.taken >= self.required
    }

    /// Why it is not, with the changes that say so and what would do.
    pub fn objection(&self) -> Option<String> {
        if self.is_enough() {
            return None;
        }
        let breaking = self.changes.iter().filter(|change| change.breaking);
        let mut told: Vec<String> = breaking.map(ToString::to_string).collect();
        told.extend(
            self.grown
                .iter()
                .map(|line| format!("it asks for `{line}` in addition")),
        );
        let more = told.len().saturating_sub(TOLD_MAX);
        let mut text = format!(
            "{}, and the step from {} is a {} one where a {} one is needed",
            told[..told.len() - more].join("; "),
            self.previous,
            self.taken,
            self.required
        );
        if more > 0 {
            // Writing to a string does not fail.
            let _ = write!(text, " ({more} more changes)");
        }
        if let Some(smallest) = &self.smallest {
            let _ = write!(text, "; the smallest version that would do is {smallest}");
        }
        Some(text)
    }
}
