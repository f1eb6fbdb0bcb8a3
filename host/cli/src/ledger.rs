//! What is asked of receipts: which of them, and what they come to.
//!
//! Pure: receipts go in one after the other, and nothing that grows with their number is kept.

mod summary;
mod when;

use std::collections::VecDeque;

use claw_host::Receipt;

pub(crate) use summary::{Group, Summary};
pub(crate) use when::When;

/// The most receipts that `--last` holds at once.
pub(crate) const LAST_MAX: u32 = 10_000;

/// Which receipts are wanted. What is not said is not asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// The skill's name.
    pub(crate) skill: Option<String>,
    pub(crate) action: Option<String>,
    /// How it ended.
    pub(crate) outcome: Option<String>,
    /// Only those where something was denied.
    pub(crate) denied: bool,
    /// The first moment that counts.
    pub(crate) since: Option<String>,
    /// The first moment that does not count any more.
    pub(crate) until: Option<String>,
}

impl Filter {
    /// Whether a receipt is wanted.
    pub(crate) fn takes(&self, receipt: &Receipt) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        // Times are all written alike, so that their order is that of their texts.
        let time = receipt.time.as_str();
        is(&self.skill, &receipt.skill)
            && is(&self.action, &receipt.action)
            && is(&self.outcome, &receipt.outcome)
            && (!self.denied || denials(receipt) > 0)
            && self.since.as_deref().is_none_or(|since| time >= since)
            && self.until.as_deref().is_none_or(|until| time < until)
    }
}

/// How often something was denied in one call.
pub(crate) fn denials(receipt: &Receipt) -> u64 {
    receipt.refused.values().sum()
}

/// Keeps the last few of many.
#[derive(Debug)]
pub(crate) struct Last {
    size: usize,
    kept: VecDeque<Receipt>,
}

impl Last {
    pub(crate) fn new(size: u32) -> Self {
        Last {
            size: size as usize,
            kept: VecDeque::new(),
        }
    }

    pub(crate) fn add(&mut self, receipt: Receipt) {
        if self.kept.len() == self.size {
            self.kept.pop_front();
        }
        self.kept.push_back(receipt);
    }

    pub(crate) fn into_kept(self) -> VecDeque<Receipt> {
        self.kept
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use claw_host::Calls;
    use claw_package::{Digest, PermissionKind};

    use super::*;

    pub(crate) fn receipt(skill: &str, action: &str, outcome: &str) -> Receipt {
        Receipt {
            v: 1,
            time: "2026-11-20T10:00:00.500Z".to_owned(),
            skill: skill.to_owned(),
            version: "1.0.0".to_owned(),
            component: Digest::of(b"c"),
            action: action.to_owned(),
            input: Digest::of(b"{}"),
            result: None,
            grants: Digest::of(b""),
            calls: Calls::default(),
            refused: Default::default(),
            duration_us: 1_500,
            memory_bytes: 65_536,
            outcome: outcome.to_owned(),
        }
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn every_part_of_a_filter_has_to_agree() {
        let mut one = receipt("acme/x", "echo", "ok");
        assert!(Filter::default().takes(&one));
        let with = |change: &dyn Fn(&mut Filter)| {
            let mut filter = Filter {
                skill: some("acme/x"),
                ..Filter::default()
            };
            change(&mut filter);
            filter
        };
        for (filter, taken) in [
            (with(&|_| {}), true),
            (with(&|filter| filter.skill = some("acme/y")), false),
            (with(&|filter| filter.action = some("echo")), true),
            (with(&|filter| filter.action = some("ech")), false),
            (with(&|filter| filter.outcome = some("trap")), false),
            (with(&|filter| filter.denied = true), false),
            (
                with(&|filter| filter.since = some("2026-11-20T10:00:00.500Z")),
                true,
            ),
            (
                with(&|filter| filter.since = some("2026-11-20T10:00:01.000Z")),
                false,
            ),
            (
                with(&|filter| filter.until = some("2026-11-20T10:00:01.000Z")),
                true,
            ),
            (
                with(&|filter| filter.until = some("2026-11-20T10:00:00.500Z")),
                false,
            ),
        ] {
            assert_eq!(filter.takes(&one), taken, "{filter:?}");
        }
        one.refused.insert(PermissionKind::FilesystemRead, 2);
        assert!(with(&|filter| filter.denied = true).takes(&one));
    }

    #[test]
    fn the_last_are_kept_in_their_order() {
        let mut last = Last::new(2);
        for action in ["a", "b", "c"] {
            last.add(receipt("acme/x", action, "ok"));
        }
        let kept: Vec<_> = last.into_kept().into_iter().map(|one| one.action).collect();
        assert_eq!(kept, ["b", "c"]);
    }
}
