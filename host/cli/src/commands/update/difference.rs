//! What is different between the release that was accepted and the one that would replace it.

use claw_package::{PackageName, Permission, PermissionSet, Version, compatibility};
use serde_json::{Value, json};

use crate::output;

/// One change of what callers see.
struct Change {
    breaking: bool,
    text: String,
}

/// The differences of one skill.
pub(super) struct Difference {
    name: PackageName,
    from: Option<Version>,
    to: Version,
    /// What it asks for beyond the accepted release, and what it asks for no more.
    grown: Vec<Permission>,
    dropped: Vec<Permission>,
    /// None where there is nothing to compare with.
    interfaces: Option<Vec<Change>>,
}

impl Difference {
    /// The same release as before.
    pub(super) fn none(name: PackageName, from: Option<Version>, to: Version) -> Self {
        Difference {
            name,
            from,
            to,
            grown: Vec::new(),
            dropped: Vec::new(),
            interfaces: None,
        }
    }

    pub(super) fn compare_permissions(
        &mut self,
        before: Option<&PermissionSet>,
        now: &PermissionSet,
    ) {
        let none = PermissionSet::empty();
        let before = before.unwrap_or(&none);
        self.grown = before.difference_added(now);
        self.dropped = now.difference_added(before);
    }

    /// What cannot be read is compared by nobody; it never was accepted, or never runs.
    pub(super) fn compare_interfaces(&mut self, before: &[u8], now: &[u8]) {
        if before == now {
            self.interfaces = Some(Vec::new());
            return;
        }
        let (Ok(before), Ok(now)) = (claw_package::decode(before), claw_package::decode(now))
        else {
            return;
        };
        let changes = compatibility::compare(&before, &now).into_iter();
        let changes = changes.map(|change| Change {
            breaking: change.breaking,
            text: change.to_string(),
        });
        self.interfaces = Some(changes.collect());
    }

    /// One line that says what happened to it, or what would.
    pub(super) fn headline(&self, dry_run: bool) -> String {
        let Difference { name, from, to, .. } = self;
        match from {
            Some(from) if from == to => format!("{name} {to} is current"),
            Some(from) if dry_run => format!("{name} {from} would become {to}"),
            Some(from) => format!("updated {name} {from} to {to}"),
            None if dry_run => format!("{name} would be locked at {to}"),
            None => format!("locked {name} {to}"),
        }
    }

    /// Every difference, one a line.
    pub(super) fn details(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(from) = self.from.as_ref().filter(|from| **from != self.to) {
            lines.push(format!("from {from} to {}", self.to));
        }
        let permissions = |sign: &str, permissions: &[Permission]| {
            let line = |permission: &Permission| {
                format!("{sign} {}  ({permission})", permission.describe())
            };
            permissions.iter().map(line).collect::<Vec<_>>()
        };
        if !self.grown.is_empty() {
            lines.push(match self.from {
                Some(_) => "it asks for more than before, and needs your yes:".to_owned(),
                None => "it asks to:".to_owned(),
            });
            lines.extend(permissions("  +", &self.grown));
        }
        if !self.dropped.is_empty() {
            lines.push("it asks no more for:".to_owned());
            lines.extend(permissions("  -", &self.dropped));
        }
        for change in self.interfaces.iter().flatten() {
            let word = if change.breaking {
                "breaks callers"
            } else {
                "new"
            };
            lines.push(format!("{word}: {}", output::continued(&change.text)));
        }
        if self.interfaces.as_ref().is_some_and(Vec::is_empty)
            && self.from.as_ref() != Some(&self.to)
        {
            lines.push("its actions take and give what they did".to_owned());
        }
        lines
    }

    pub(super) fn to_json(&self) -> Value {
        let interfaces = self.interfaces.as_ref().map(|changes| {
            let changes = changes.iter();
            let changes =
                changes.map(|change| json!({"breaking": change.breaking, "what": change.text}));
            changes.collect::<Vec<_>>()
        });
        json!({
            "name": self.name,
            "from": self.from,
            "to": self.to,
            "grown": self.grown,
            "dropped": self.dropped,
            "interfaces": interfaces,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference() -> Difference {
        let version = |text: &str| text.parse::<Version>().unwrap();
        let name = "acme/x".parse().unwrap();
        Difference::none(name, Some(version("1.0.0")), version("1.1.0"))
    }

    fn set(lines: &[&str]) -> PermissionSet {
        PermissionSet::new(lines.iter().map(|line| line.parse().unwrap()))
    }

    #[test]
    fn what_is_asked_for_more_and_less_is_shown_apart() {
        let mut difference = difference();
        let before = set(&["filesystem.read=docs", "environment=HOME"]);
        difference.compare_permissions(Some(&before), &set(&["filesystem.write=docs"]));
        let details = difference.details().join("\n");
        assert!(details.contains("from 1.0.0 to 1.1.0"), "{details}");
        let line = |text: &str| details.lines().find(|line| line.contains(text)).unwrap();
        assert!(
            line("filesystem.write=docs").starts_with("  +"),
            "{details}"
        );
        assert!(line("environment=HOME").starts_with("  -"), "{details}");
        assert!(!details.contains("filesystem.read=docs"), "{details}");
    }

    #[test]
    fn bytes_that_are_no_component_are_not_compared() {
        let mut difference = difference();
        difference.compare_interfaces(b"one", b"two");
        assert_eq!(difference.to_json()["interfaces"], Value::Null);
        difference.compare_interfaces(b"one", b"one");
        assert_eq!(difference.to_json()["interfaces"], json!([]));
    }
}
