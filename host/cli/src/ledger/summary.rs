//! What receipts come to: calls, failures, denials and time, by skill and action.

use std::collections::BTreeMap;

use claw_host::Receipt;
use serde_json::{Value, json};

use super::denials;

/// How many actions are told apart. Names of actions come from callers, who may invent them.
const GROUPS_MAX: usize = 1_000;

/// What the receipts of one action come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) calls: u64,
    /// Calls that did not end well.
    pub(crate) failures: u64,
    /// Everything that was denied, several times in one call perhaps.
    pub(crate) denials: u64,
    pub(crate) duration_us: u64,
    pub(crate) longest_us: u64,
}

impl Group {
    fn add(&mut self, receipt: &Receipt) {
        self.calls += 1;
        self.failures += u64::from(receipt.outcome != "ok");
        self.denials = self.denials.saturating_add(denials(receipt));
        self.duration_us = self.duration_us.saturating_add(receipt.duration_us);
        self.longest_us = self.longest_us.max(receipt.duration_us);
    }

    /// How long one call took, on average.
    pub(crate) fn mean_us(&self) -> u64 {
        self.duration_us.checked_div(self.calls).unwrap_or_default()
    }

    fn to_json(&self) -> Value {
        json!({
            "calls": self.calls,
            "failures": self.failures,
            "denials": self.denials,
            "duration_us": self.duration_us,
            "mean_us": self.mean_us(),
            "longest_us": self.longest_us,
        })
    }
}

/// What all of them come to.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// By skill and action.
    pub(crate) groups: BTreeMap<(String, String), Group>,
    /// What found no place in `groups`.
    pub(crate) others: Group,
    pub(crate) total: Group,
}

impl Summary {
    pub(crate) fn add(&mut self, receipt: &Receipt) {
        self.total.add(receipt);
        let key = (receipt.skill.clone(), receipt.action.clone());
        if self.groups.len() < GROUPS_MAX || self.groups.contains_key(&key) {
            self.groups.entry(key).or_default().add(receipt);
        } else {
            self.others.add(receipt);
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let groups = self.groups.iter().map(|((skill, action), group)| {
            let mut value = group.to_json();
            value["skill"] = json!(skill);
            value["action"] = json!(action);
            value
        });
        json!({
            "groups": groups.collect::<Vec<_>>(),
            "others": self.others.to_json(),
            "total": self.total.to_json(),
        })
    }
}

#[cfg(test)]
mod tests {
    use claw_package::PermissionKind;

    use super::*;
    use crate::ledger::tests::receipt;

    #[test]
    fn calls_failures_denials_and_time_are_added_up_by_action() {
        let mut summary = Summary::default();
        let mut denied = receipt("acme/x", "read", "action-error");
        denied.refused.insert(PermissionKind::FilesystemRead, 2);
        denied.duration_us = 500;
        for one in [
            receipt("acme/x", "read", "ok"),
            denied,
            receipt("acme/x", "write", "trap"),
        ] {
            summary.add(&one);
        }
        let read = &summary.groups[&("acme/x".to_owned(), "read".to_owned())];
        let expected = Group {
            calls: 2,
            failures: 1,
            denials: 2,
            duration_us: 2_000,
            longest_us: 1_500,
        };
        assert_eq!((read, read.mean_us()), (&expected, 1_000));
        assert_eq!((summary.total.calls, summary.total.failures), (3, 2));
        let json = summary.to_json();
        assert_eq!(json["groups"][0]["action"], "read");
        assert_eq!(json["total"]["denials"], 2);
    }

    #[test]
    fn invented_actions_do_not_fill_the_memory() {
        let mut summary = Summary::default();
        for number in 0..GROUPS_MAX + 5 {
            summary.add(&receipt("acme/x", &number.to_string(), "unknown-action"));
        }
        assert_eq!(summary.groups.len(), GROUPS_MAX);
        assert_eq!(summary.others.calls, 5);
        assert_eq!(summary.total.calls, GROUPS_MAX as u64 + 5);
    }
}
