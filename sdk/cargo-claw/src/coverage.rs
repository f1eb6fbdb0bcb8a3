//! Which actions the tests call: an action that no test calls is one that nobody has tried.
//!
//! It counts calls and judges nothing; what a test expects is the author's to say.

use std::collections::BTreeSet;

use claw_package::ComponentInfo;

/// The actions of a skill, by whether a test calls them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Coverage {
    pub(crate) called: Vec<String>,
    pub(crate) not_called: Vec<String>,
}

impl Coverage {
    /// What tests that call these actions cover. Actions that can't be called with JSON are left out.
    pub(crate) fn of<'a>(info: &ComponentInfo, called: impl Iterator<Item = &'a str>) -> Self {
        let called: BTreeSet<&str> = called
            .filter_map(|name| Some(info.action(name)?.name.as_str()))
            .collect();
        let callable = info
            .actions
            .iter()
            .filter(|action| action.not_callable.is_none());
        let (called, not_called) = callable
            .map(|action| action.name.clone())
            .partition(|name| called.contains(name.as_str()));
        Self { called, not_called }
    }

    /// One line, for people.
    pub(crate) fn line(&self) -> String {
        let all = self.called.len() + self.not_called.len();
        let line = format!("{} of {all} actions called", self.called.len());
        if self.not_called.is_empty() {
            line
        } else {
            format!("{line}; no test calls {}", self.not_called.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use claw_package::{Action, Surface};
    use serde_json::json;

    use super::*;

    #[test]
    fn an_action_is_called_by_any_of_its_names() {
        let action = |function: &str, reason: Option<&str>| Action {
            name: function.to_owned(),
            interface: Some("acme:x/api@0.1.0".to_owned()),
            function: function.to_owned(),
            signature: format!("{function}: func()"),
            description: None,
            input_schema: json!({}),
            output_schema: json!({}),
            not_callable: reason.map(str::to_owned),
        };
        let info = ComponentInfo {
            actions: vec![
                action("get", None),
                action("put", None),
                action("open", Some("it belongs to a resource")),
            ],
            imports: Vec::new(),
            exports: Vec::new(),
            surface: Surface::default(),
        };
        let some = Coverage::of(&info, ["api.get", "get", "nonsense"].into_iter());
        assert_eq!(some.line(), "1 of 2 actions called; no test calls put");
        let all = Coverage::of(&info, ["get", "put"].into_iter());
        assert_eq!(all.line(), "2 of 2 actions called");
    }
}
