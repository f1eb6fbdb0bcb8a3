//! How an action looks as a tool: its name, its schemas, and what may be said of it because it is
//! true.

use std::collections::BTreeMap;
use std::sync::Arc;

use claw_package::{Action, PermissionKind, PermissionSet};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use super::served::Served;
use crate::output;
use crate::prefix::tool_name;

/// Where a tool leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// Which skill.
    pub(super) skill: usize,
    /// Which of its actions.
    pub(super) action: usize,
}

/// Every tool by name. Two of one name are refused, the later one, and told to the operator.
pub(super) fn directory(skills: &[Served]) -> BTreeMap<String, Target> {
    let mut directory = BTreeMap::new();
    for (skill, served) in skills.iter().enumerate() {
        for (action, listed) in served.actions.iter().enumerate() {
            if listed.not_callable.is_some() {
                continue;
            }
            let name = tool_name(&served.locked.prefix, &listed.name);
            if directory.contains_key(&name) {
                output::warn(format_args!(
                    "{} of {} is not offered: another tool is called {name}",
                    listed.name,
                    served.name()
                ));
                continue;
            }
            directory.insert(name, Target { skill, action });
        }
    }
    directory
}

/// The tool of one action, under the grants that hold now.
pub(super) fn tool(name: &str, skill: &str, action: &Action, effective: &PermissionSet) -> Tool {
    let description = match &action.description {
        Some(description) => description.clone(),
        None => format!("The action {} of the skill {skill}.", action.name),
    };
    let mut tool = Tool::new(
        name.to_owned(),
        description,
        Arc::new(object(&action.input_schema)),
    )
    .with_title(format!("{skill}: {}", action.name))
    .with_annotations(annotations(effective));
    if let Some(schema) = output_schema(&action.output_schema) {
        tool = tool.with_raw_output_schema(Arc::new(schema));
    }
    tool
}

/// What holds for every call under these grants. What is not known is not said.
fn annotations(effective: &PermissionSet) -> ToolAnnotations {
    use PermissionKind as K;
    let only = |kinds: &[K]| effective.iter().all(|grant| kinds.contains(&grant.kind()));
    let mut annotations = ToolAnnotations::new();
    if only(&[K::FilesystemRead, K::Environment]) {
        annotations = annotations.read_only(true).destructive(false);
    }
    if only(&[K::FilesystemRead, K::FilesystemWrite, K::Environment]) {
        annotations = annotations.open_world(false);
    }
    annotations
}

/// Results of tools are objects: others are wrapped.
fn is_object(schema: &Value) -> bool {
    schema.get("type").is_some_and(|of| of == "object")
}

/// The field that a result stands in when it is no object.
const WRAPPER: &str = "result";

fn output_schema(schema: &Value) -> Option<JsonObject> {
    if schema.get("type").is_some_and(|of| of == "null") {
        return None;
    }
    if is_object(schema) {
        return Some(object(schema));
    }
    let mut inner = object(schema);
    let dialect = inner.remove("$schema");
    let mut outer = object(&json!({
        "type": "object",
        "properties": {WRAPPER: inner},
        "required": [WRAPPER],
        "additionalProperties": false,
    }));
    outer.extend(dialect.map(|dialect| ("$schema".to_owned(), dialect)));
    Some(outer)
}

/// A result in the form that the tool's schema promises; none where the action returns nothing.
pub(super) fn structured(schema: &Value, value: &Value) -> Option<Value> {
    match output_schema(schema) {
        None => None,
        Some(_) if is_object(schema) => Some(value.clone()),
        Some(_) => Some(Value::Object(Map::from_iter([(
            WRAPPER.to_owned(),
            value.clone(),
        )]))),
    }
}

fn object(value: &Value) -> JsonObject {
    value.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(lines: &[&str]) -> PermissionSet {
        PermissionSet::new(lines.iter().map(|line| line.parse().unwrap()))
    }

    #[test]
    fn only_what_is_true_is_said() {
        let of = |lines: &[&str]| {
            let said = annotations(&set(lines));
            (
                said.read_only_hint,
                said.destructive_hint,
                said.open_world_hint,
            )
        };
        assert_eq!(of(&[]), (Some(true), Some(false), Some(false)));
        assert_eq!(
            of(&["filesystem.read=.", "environment=HOME"]),
            (Some(true), Some(false), Some(false))
        );
        assert_eq!(of(&["filesystem.write=docs"]), (None, None, Some(false)));
        assert_eq!(
            of(&["network.external=https://example.com"]),
            (None, None, None)
        );
        assert_eq!(of(&["process.execute=git"]), (None, None, None));
    }

    #[test]
    fn results_that_are_no_objects_are_wrapped() {
        let text = json!({"$schema": "x", "type": "string"});
        let schema = output_schema(&text).unwrap();
        assert_eq!(schema["properties"]["result"], json!({"type": "string"}));
        assert_eq!(schema["$schema"], "x");
        assert_eq!(
            structured(&text, &json!("hi")),
            Some(json!({"result": "hi"}))
        );

        let record = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        assert_eq!(Value::Object(output_schema(&record).unwrap()), record);
        assert_eq!(
            structured(&record, &json!({"a": "b"})),
            Some(json!({"a": "b"}))
        );

        let optional = json!({"anyOf": [{"type": "object"}, {"type": "null"}]});
        assert_eq!(
            structured(&optional, &Value::Null),
            Some(json!({"result": null}))
        );

        let nothing = json!({"$schema": "x", "type": "null"});
        assert_eq!(
            (output_schema(&nothing), structured(&nothing, &Value::Null)),
            (None, None)
        );
    }
}
