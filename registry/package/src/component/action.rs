//! An action: one exported function of a skill, as it is listed, called and compared.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One exported function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// `function` where that is unique in the component, else `interface.function`.
    pub name: String,
    /// The interface it is in, in full (`acme:files/files@0.1.0`); none for a function of the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Its name in WIT.
    pub function: String,
    /// Its signature in WIT: `read: func(path: string) -> result<string, error>`.
    pub signature: String,
    /// The first 1,024 characters of its doc comment, as one clean line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of an object with its parameters.
    pub input_schema: Value,
    /// JSON Schema of what it returns; of its `ok` where it returns a `result`.
    pub output_schema: Value,
    /// Why it cannot be called with JSON, where it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_callable: Option<String>,
}

impl Action {
    /// The interface's own name: `files` of `acme:files/files@0.1.0`.
    pub fn interface_short(&self) -> Option<&str> {
        self.interface.as_deref().map(short)
    }

    /// Its signature under the name that it is called by, for people. In WIT the name of the function alone stands
    /// there, with a `%` where it is a word of the language.
    pub fn call(&self) -> String {
        match self.signature.split_once(": ") {
            Some((_, types)) => format!("{}: {types}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether `interface.function` means this action, with the interface short or in full.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let named = |interface: &str| {
            name.strip_prefix(interface)
                .and_then(|rest| rest.strip_prefix('.'))
                == Some(self.function.as_str())
        };
        self.interface
            .as_deref()
            .is_some_and(|full| named(full) || named(short(full)))
    }
}

/// The last part of an interface's name, without its version.
pub(crate) fn short(interface: &str) -> &str {
    let unversioned = interface.split('@').next().unwrap_or(interface);
    unversioned.rsplit('/').next().unwrap_or(unversioned)
}

/// Gives each action the shortest of its names that no other action shares.
pub(super) fn name_all(actions: &mut [Action]) {
    let count = |names: Vec<String>| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for name in names {
            *counts.entry(name).or_default() += 1;
        }
        counts
    };
    let dotted = |action: &Action| match action.interface_short() {
        Some(interface) => format!("{interface}.{}", action.function),
        None => action.function.clone(),
    };
    let bare = count(
        actions
            .iter()
            .map(|action| action.function.clone())
            .collect(),
    );
    let short = count(actions.iter().map(dotted).collect());
    for action in actions {
        let dotted = dotted(action);
        action.name = match &action.interface {
            Some(_) if bare[&action.function] == 1 => action.function.clone(),
            Some(full) if short[&dotted] > 1 => format!("{full}.{}", action.function),
            Some(_) => dotted,
            None => action.function.clone(),
        };
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_see_the_name_that_they_type() {
        let action = |name: &str, signature: &str| Action {
            name: name.to_owned(),
            interface: Some("acme:files/files@0.1.0".to_owned()),
            function: "list".to_owned(),
            signature: signature.to_owned(),
            description: None,
            input_schema: json!({}),
            output_schema: json!({}),
            not_callable: None,
        };
        let signature = "%list: func(path: option<string>) -> u32";
        let shown = "list: func(path: option<string>) -> u32";
        assert_eq!(action("list", signature).call(), shown);
        assert_eq!(
            action("files.list", signature).call(),
            format!("files.{shown}")
        );
        assert_eq!(action("list", "").call(), "list");
    }
}
