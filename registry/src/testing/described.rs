//! Holds every answer of every test against `/openapi.json`.
//!
//! Shapes are checked by the few words of JSON Schema that the document uses; any other word fails, so
//! that nothing passes unlooked at.

use std::sync::LazyLock;

use serde_json::Value;

use super::Reply;
use crate::http::openapi;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_slice(openapi::text()).unwrap());

/// Words that say nothing about the shape.
const TALK: [&str; 7] = [
    "description",
    "format",
    "minimum",
    "title",
    "example",
    "examples",
    "default",
];

/// Fails unless the answer is one that the document describes.
pub(super) fn check(method: &str, target: &str, reply: &Reply) {
    let at = format!("{method} {target} {}", reply.status);
    let path = target.split('?').next().unwrap();
    let Some(item) = find(path) else {
        assert_eq!(reply.status, 404, "{at}: a path that is not described");
        return shape(
            &resolved("/components/schemas/ErrorBody"),
            &reply.json(),
            &at,
        );
    };
    let operation = match (item.get(method.to_ascii_lowercase()), method) {
        (None, "HEAD") => item.get("get"),
        (operation, _) => operation,
    };
    let Some(operation) = operation else {
        assert_eq!(reply.status, 405, "{at}: a method that is not described");
        return shape(
            &resolved("/components/schemas/ErrorBody"),
            &reply.json(),
            &at,
        );
    };
    let responses = &operation["responses"];
    let response = match responses.get(reply.status.to_string()) {
        Some(response) => response.clone(),
        None => {
            assert!(reply.status >= 400, "{at}: a status that is not described");
            referred(&responses["default"])
        }
    };
    match response.get("content").and_then(Value::as_object) {
        None => assert_eq!(reply.body, b"", "{at}: a body that is not described"),
        Some(content) => {
            let media = reply.header("content-type").unwrap();
            // `text/plain` says no character set in the document, and UTF-8 in the answer.
            let described = content
                .get(media)
                .or(content.get(media.split(';').next().unwrap()));
            let described = described.unwrap_or_else(|| panic!("{at}: `{media}` is not described"));
            if media == "application/json" && method != "HEAD" {
                shape(&described["schema"], &reply.json(), &at);
            }
        }
    }
}

/// The description of a path, by the template that it fits.
fn find(path: &str) -> Option<&'static Value> {
    let fits = |template: &str| {
        let (given, said) = (path.split('/'), template.split('/'));
        given.clone().count() == said.clone().count()
            && given
                .zip(said)
                .all(|(given, said)| given == said || (said.starts_with('{') && !given.is_empty()))
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths
        .iter()
        .find(|(template, _)| fits(template))
        .map(|(_, item)| item)
}

fn resolved(pointer: &str) -> Value {
    DOCUMENT
        .pointer(pointer)
        .unwrap_or_else(|| panic!("{pointer}"))
        .clone()
}

fn referred(value: &Value) -> Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => resolved(reference.strip_prefix('#').unwrap()),
        None => value.clone(),
    }
}

/// Fails unless `value` has the shape that `schema` describes.
fn shape(schema: &Value, value: &Value, at: &str) {
    let schema = referred(schema);
    for (word, said) in schema.as_object().unwrap() {
        match word.as_str() {
            "type" => {
                let types: Vec<&str> = match said {
                    Value::Array(types) => types.iter().map(|one| one.as_str().unwrap()).collect(),
                    one => vec![one.as_str().unwrap()],
                };
                assert!(types.contains(&kind(value)), "{at}: {value} is no {said}");
            }
            "enum" => assert!(said.as_array().unwrap().contains(value), "{at}: {value}"),
            "required" => {
                for name in said.as_array().unwrap() {
                    let name = name.as_str().unwrap();
                    assert!(value.get(name).is_some(), "{at}: no `{name}` in {value}");
                }
            }
            "properties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    let property = said.get(name);
                    let property =
                        property.unwrap_or_else(|| panic!("{at}: `{name}` is not described"));
                    shape(property, value, &format!("{at}/{name}"));
                }
            }
            "items" => {
                for value in value.as_array().into_iter().flatten() {
                    shape(said, value, &format!("{at}/-"));
                }
            }
            // A request's word; answers were held against the properties.
            "additionalProperties" => {}
            talk => assert!(TALK.contains(&talk), "the checker does not know `{talk}`"),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
