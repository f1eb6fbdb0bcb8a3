//! What a release changes for those who call the one before it, and which version that asks for.
//!
//! Callers see exports and permissions, so those are compared; imports are between a skill and its
//! host. Types are compared by structure, as the component model does: in an exported function or
//! type nothing can be added, removed, renamed or put in another order without breaking a caller.
//! New functions, types and interfaces break nobody. What a function does with its arguments is
//! not looked at: only an author knows that.

mod bump;
mod compare;
mod types;
mod verdict;

pub use bump::{Bump, baseline, smallest};
pub use compare::{Change, compare};
pub use verdict::Verdict;

use crate::permission::Permission;

/// How large a step the changes and the additional permissions ask for.
pub fn required(changes: &[Change], grown: &[Permission]) -> Bump {
    if changes.iter().any(|change| change.breaking) {
        Bump::Major
    } else if grown.is_empty() {
        Bump::Patch
    } else {
        Bump::Minor
    }
}

#[cfg(test)]
mod tests;
