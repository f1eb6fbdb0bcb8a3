//! The choice of a version against an exhaustive one: every candidate held against every rule of
//! requirements, written down from their documentation and from nothing else.

use std::cmp::Ordering;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Requirement, Version, ranked};

type Numbers = (u64, u64, u64);

/// A version as it is written.
#[derive(Clone, Debug)]
struct Written {
    numbers: Numbers,
    pre: &'static str,
}

/// One part of a requirement as it is written, with one to three numbers.
#[derive(Clone, Debug)]
struct Comparator {
    operator: &'static str,
    numbers: Numbers,
    given: usize,
    pre: &'static str,
}

impl Written {
    fn text(&self) -> String {
        let ((major, minor, patch), pre) = (self.numbers, self.pre);
        let dash = if pre.is_empty() { "" } else { "-" };
        format!("{major}.{minor}.{patch}{dash}{pre}")
    }
}

impl Comparator {
    fn text(&self) -> String {
        let (major, minor, patch) = self.numbers;
        match self.given {
            1 => format!("{}{major}", self.operator),
            2 => format!("{}{major}.{minor}", self.operator),
            _ => {
                let (numbers, pre) = ((major, minor, patch), self.pre);
                format!("{}{}", self.operator, Written { numbers, pre }.text())
            }
        }
    }

    /// The first version that is meant, and the first one after all that are meant.
    fn block(&self) -> (Numbers, Numbers) {
        let (major, minor, patch) = self.numbers;
        match self.given {
            1 => ((major, 0, 0), (major + 1, 0, 0)),
            2 => ((major, minor, 0), (major, minor + 1, 0)),
            _ => ((major, minor, patch), (major, minor, patch + 1)),
        }
    }

    /// The first number that is not zero must not change; zeros count only as far as they are given.
    fn caret_end(&self) -> Numbers {
        let (major, minor, patch) = self.numbers;
        match self.given {
            _ if major > 0 => (major + 1, 0, 0),
            1 => (1, 0, 0),
            _ if minor > 0 => (0, minor + 1, 0),
            2 => (0, 1, 0),
            _ => (0, 0, patch + 1),
        }
    }

    fn allows(&self, version: &Written) -> bool {
        let (first, after) = self.block();
        let start = Written {
            numbers: first,
            pre: self.pre,
        };
        let from = compare(version, &start) != Ordering::Less;
        let below = |end: Numbers| version.numbers < end;
        let exact = self.given == 3;
        let same = exact && version.numbers == first;
        match self.operator {
            "=" if exact => same && version.pre == self.pre,
            "=" => version.numbers >= first && below(after),
            ">" if exact => from && !(same && version.pre == self.pre),
            ">" => version.numbers >= after,
            ">=" => from,
            "<" if exact => !from,
            "<" => below(first),
            "<=" if exact => !from || (same && version.pre == self.pre),
            "<=" => below(after),
            "~" => {
                let end = if self.given == 1 {
                    after
                } else {
                    (first.0, first.1 + 1, 0)
                };
                from && below(end)
            }
            _ => from && below(self.caret_end()),
        }
    }

    /// Whether it names a pre-release of the same three numbers.
    fn names_candidate_of(&self, version: &Written) -> bool {
        self.given == 3 && !self.pre.is_empty() && self.numbers == version.numbers
    }
}

/// Precedence, identifier by identifier.
fn compare(a: &Written, b: &Written) -> Ordering {
    let of_candidates = || match (a.pre, b.pre) {
        ("", "") => Ordering::Equal,
        ("", _) => Ordering::Greater,
        (_, "") => Ordering::Less,
        (a, b) => {
            let key = |text: &'static str| match text.parse::<u64>() {
                Ok(number) => (0, number, ""),
                Err(_) => (1, 0, text),
            };
            a.split('.').map(key).cmp(b.split('.').map(key))
        }
    };
    a.numbers.cmp(&b.numbers).then_with(of_candidates)
}

fn matches(requirement: &[Comparator], version: &Written) -> bool {
    let candidate = !version.pre.is_empty();
    requirement.iter().all(|one| one.allows(version))
        && (!candidate
            || requirement
                .iter()
                .any(|one| one.names_candidate_of(version)))
}

fn numbers() -> impl Strategy<Value = Numbers> {
    (0_u64..3, 0_u64..3, select(vec![0_u64, 1, 2, 10]))
}

fn pre() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", "", "rc", "rc.1", "rc.2", "rc.10", "9", "a"])
}

fn versions() -> impl Strategy<Value = Vec<Written>> {
    vec(
        (numbers(), pre()).prop_map(|(numbers, pre)| Written { numbers, pre }),
        0..40,
    )
}

fn requirements() -> impl Strategy<Value = Vec<Comparator>> {
    let operator = select(vec!["", "^", "~", "=", ">", ">=", "<", "<="]);
    let one =
        (operator, numbers(), 1_usize..=3, pre()).prop_map(|(operator, numbers, given, pre)| {
            Comparator {
                operator,
                numbers,
                given,
                pre,
            }
        });
    vec(one, 1..3).prop_map(|mut parts| {
        // Whether `~1.2` takes a candidate that another part names is written down nowhere.
        if parts.iter().any(|part| part.given < 3) {
            parts.iter_mut().for_each(|part| part.pre = "");
        }
        parts
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn versions_are_tried_in_the_order_that_all_rules_leave(
        written in versions(), requirement in requirements()
    ) {
        let text = requirement.iter().map(Comparator::text).collect::<Vec<_>>().join(", ");
        let read: Requirement = text.parse().unwrap();
        let candidates: Vec<Version> =
            written.iter().map(|version| version.text().parse().unwrap()).collect();
        for (version, candidate) in written.iter().zip(&candidates) {
            prop_assert_eq!(
                read.matches(candidate), matches(&requirement, version), "`{}` and {}", text, candidate
            );
        }
        let mut left: Vec<&Written> =
            written.iter().filter(|version| matches(&requirement, version)).collect();
        left.sort_by(|a, b| compare(b, a));
        let left: Vec<String> = left.into_iter().map(Written::text).collect();
        let chosen = ranked(&candidates, &read, |version| version);
        prop_assert_eq!(chosen.map(ToString::to_string).collect::<Vec<_>>(), left);
    }
}
