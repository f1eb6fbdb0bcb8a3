//! Warns of skills that may see private data, read what strangers write, and send data out.
//!
//! What together makes a danger is decided in `claw_package::combination`; here it is found in what
//! the skills of a project may do now, and said in words that name whose permission is which part.
//! It warns and never refuses, under `strict` too: there, each of these permissions was granted by a
//! command that named it, and one that is refused afterwards would be granted another way.

use claw_package::{Combination, Leg, PackageName, PermissionSet, combination};
use serde_json::{Value, json};

use crate::home::Home;
use crate::installed::Shelf;
use crate::output;
use crate::settings::Settings;

/// Permissions that are named for each part; more are counted.
const NAMED_MAX: usize = 4;

/// What a skill may do, by its name.
pub(crate) type Holder = (PackageName, PermissionSet);

/// What every skill of the project may do now. One that can't run does nothing.
pub(crate) fn holders(home: &Home, settings: &Settings, shelf: &Shelf) -> Vec<Holder> {
    let none = PermissionSet::empty();
    let names = shelf.lock.names().into_iter();
    let installed = names.filter_map(|name| Some((name, shelf.get(home, name).ok()?)));
    installed
        .map(|(name, installed)| (name.clone(), installed.effective(settings, &none)))
        .collect()
}

/// What there is to warn of.
pub(crate) struct Warning {
    title: String,
    lines: Vec<String>,
    json: Value,
}

impl Warning {
    /// The danger within one skill that may do `effective`.
    pub(crate) fn within(name: &str, effective: &PermissionSet) -> Option<Self> {
        let found = combination([(name, effective)])?;
        let title = format!(
            "`{name}` sees private data, reads what strangers write, and can send data out: what it reads \
             may make it give away what it sees"
        );
        Some(Self::of(title, &found))
    }

    /// The danger that comes of several skills being used by one agent.
    pub(crate) fn across(holders: &[Holder]) -> Option<Self> {
        Self::across_with(holders, |_| true)
    }

    /// The same, if one of these names has a part in it.
    pub(crate) fn across_with(
        holders: &[Holder],
        concerns: impl Fn(&PackageName) -> bool,
    ) -> Option<Self> {
        let names: Vec<_> = holders.iter().map(|(name, _)| name.to_string()).collect();
        let sets = holders.iter().map(|(_, effective)| effective);
        let found = combination(names.iter().map(String::as_str).zip(sets))?;
        let mut involved = holders
            .iter()
            .zip(&names)
            .filter(|(_, name)| found.involves(name));
        if !(found.is_across() && involved.any(|((name, _), _)| concerns(name))) {
            return None;
        }
        let title = "the skills of this project together see private data, read what strangers write, and \
                     can send data out: what one reads may make an agent give away what another sees";
        Some(Self::of(title.to_owned(), &found))
    }

    /// Every danger of a project: within each skill, and across all of them.
    pub(crate) fn all(holders: &[Holder]) -> Vec<Self> {
        let within = holders
            .iter()
            .filter_map(|(name, effective)| Self::within(&name.to_string(), effective));
        within.chain(Self::across(holders)).collect()
    }

    fn of(title: String, found: &Combination<'_>) -> Self {
        let line = |leg: Leg| {
            let mut parts: Vec<_> = found
                .of(leg)
                .map(|(skill, permission)| match found.is_across() {
                    true => format!("{permission} of {skill}"),
                    false => permission.to_string(),
                })
                .collect();
            let more = parts.len().saturating_sub(NAMED_MAX);
            parts.truncate(NAMED_MAX);
            if more > 0 {
                parts.push(format!("and {more} more"));
            }
            format!("{}: {}", leg.describe(), parts.join(", "))
        };
        let parts = |leg: Leg| {
            let parts = found.of(leg);
            let parts =
                parts.map(|(skill, permission)| json!({"skill": skill, "permission": permission}));
            (leg.as_str().to_owned(), parts.collect::<Value>())
        };
        Warning {
            title,
            lines: Leg::ALL.into_iter().map(line).collect(),
            json: Value::Object(Leg::ALL.into_iter().map(parts).collect()),
        }
    }

    /// Says it to the operator.
    pub(crate) fn say(&self, as_json: bool) {
        if as_json {
            output::say_json(&json!({"warning": {"message": self.title, "parts": self.json}}));
        } else {
            // Names and permissions hold no line break: it is laid out here alone.
            output::say_lines(format_args!("warning: {}", self.text()));
        }
    }

    /// In several lines, the later ones set in.
    pub(crate) fn text(&self) -> String {
        let lines = self.lines.iter().map(|line| format!("\n    {line}"));
        format!("{}{}", self.title, lines.collect::<String>())
    }

    /// In one line.
    pub(crate) fn one_line(&self) -> String {
        format!("{} ({})", self.title, self.lines.join("; "))
    }

    /// The parts alone, for programs.
    pub(crate) fn to_json(&self) -> &Value {
        &self.json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(name: &str, lines: &[&str]) -> Holder {
        let lines = lines.iter().map(|line| line.parse().unwrap());
        (name.parse().unwrap(), PermissionSet::new(lines))
    }

    #[test]
    fn a_warning_names_whose_permission_is_which_part() {
        let holders = [
            holder("acme/files", &["filesystem.read=docs"]),
            holder("acme/fetch", &["network.external=https://*:*"]),
        ];
        let warnings = Warning::all(&holders);
        assert_eq!(warnings.len(), 1);
        let text = warnings[0].text();
        for line in [
            "    private data: filesystem.read=docs of acme/files",
            "    what strangers write: network.external=https://*:* of acme/fetch",
            "    a way out: network.external=https://*:* of acme/fetch",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{text}");
        }
        let concerned = |name: &str| {
            let name: PackageName = name.parse().unwrap();
            Warning::across_with(&holders, |other| *other == name).is_some()
        };
        assert!(concerned("acme/files") && concerned("acme/fetch"));
        assert!(!concerned("acme/hello"));
    }

    #[test]
    fn one_skill_with_all_three_is_no_danger_of_several() {
        let all = ["environment=HOME", "network.external=https://*:*"];
        let holders = [holder("acme/x", &all), holder("acme/hello", &[])];
        assert!(Warning::across(&holders).is_none());
        assert_eq!(Warning::all(&holders).len(), 1);
    }

    #[test]
    fn many_permissions_are_counted() {
        let names: Vec<_> = (0..9).map(|n| format!("environment=V{n}")).collect();
        let mut lines: Vec<_> = names.iter().map(String::as_str).collect();
        lines.push("network.external=https://*:*");
        let (name, effective) = holder("acme/x", &lines);
        let warning = Warning::within(&name.to_string(), &effective).unwrap();
        assert!(warning.text().contains("environment=V3, and 5 more"));
        assert_eq!(
            warning.to_json()["private_data"].as_array().unwrap().len(),
            9
        );
    }
}
