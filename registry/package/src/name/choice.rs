//! Which of many versions a requirement chooses.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::{Requirement, Version};

/// The candidates whose versions the requirement matches, the highest first; equals in the order
/// given.
///
/// Whoever takes only the first of many has not paid for sorting the others.
pub fn ranked<'a, T: 'a>(
    candidates: impl IntoIterator<Item = &'a T>,
    requirement: &Requirement,
    version_of: impl Fn(&'a T) -> &'a Version,
) -> impl Iterator<Item = &'a T> {
    let mut matching: BinaryHeap<_> = candidates
        .into_iter()
        .enumerate()
        .map(|(place, candidate)| Ranked {
            version: version_of(candidate),
            place: Reverse(place),
            candidate,
        })
        .filter(|ranked| requirement.matches(ranked.version))
        .collect();
    std::iter::from_fn(move || matching.pop().map(|first| first.candidate))
}

/// A candidate, ordered by when it is to be tried.
struct Ranked<'a, T> {
    version: &'a Version,
    place: Reverse<usize>,
    candidate: &'a T,
}

impl<T> Ord for Ranked<'_, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.version
            .cmp(other.version)
            .then_with(|| self.place.cmp(&other.place))
    }
}

impl<T> PartialOrd for Ranked<'_, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Eq for Ranked<'_, T> {}

impl<T> PartialEq for Ranked<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    fn chosen(requirement: &str, versions: &[&str]) -> Option<String> {
        let versions: Vec<Version> = versions.iter().map(|text| version(text)).collect();
        ranked(&versions, &requirement.parse().unwrap(), |v| v)
            .next()
            .map(ToString::to_string)
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_late_backports_do_not_win() {
        assert_eq!(
            chosen("^1", &["1.9.0", "1.10.0", "1.2.0"]).as_deref(),
            Some("1.10.0")
        );
        assert_eq!(chosen("*", &["2.0.0", "1.9.9"]).as_deref(), Some("2.0.0"));
        assert_eq!(
            chosen("^0.1", &["0.1.4", "0.2.0"]).as_deref(),
            Some("0.1.4")
        );
        assert_eq!(
            chosen("~1.2.3", &["1.2.9", "1.3.0"]).as_deref(),
            Some("1.2.9")
        );
        assert_eq!(chosen("=1.0.0", &["1.0.1"]), None);
        assert_eq!(
            chosen(">=1.0, <1.5", &["1.4.0", "1.5.0"]).as_deref(),
            Some("1.4.0")
        );
    }

    #[test]
    fn a_prerelease_is_chosen_only_when_named() {
        let all = ["1.0.0-rc.1", "1.0.0-rc.2", "0.9.0"];
        assert_eq!(chosen("*", &all).as_deref(), Some("0.9.0"));
        assert_eq!(chosen("^1", &all), None);
        assert_eq!(chosen("^1.0.0-rc.1", &all).as_deref(), Some("1.0.0-rc.2"));
        assert!(version("1.0.0-rc.1").is_prerelease() && version("1.0.0-9") < version("1.0.0-a"));
    }

    #[test]
    fn the_next_one_is_the_next_lower_and_equals_keep_their_order() {
        let texts = ["1.0.0", "1.2.0", "3.0.0", "1.10.0", "1.2.0"];
        let versions: Vec<(usize, Version)> =
            texts.iter().map(|text| version(text)).enumerate().collect();
        let caret = "^1".parse().unwrap();
        let places: Vec<usize> = ranked(&versions, &caret, |(_, version)| version)
            .map(|(place, _)| *place)
            .collect();
        assert_eq!(places, [3, 1, 4, 0]);
    }
}
