//! From words on a command line to the one JSON object that an action takes.
//!
//! The schema only decides whether a word is text or JSON. Whether the object fits is decided by the host.

use serde_json::{Map, Value};

use crate::failure::{Failure, Outcome};

/// `KEY=VALUE…` as an object: for a `string` the value is always text, else JSON where it is JSON.
pub(crate) fn object(pairs: &[String], schema: &Value) -> Outcome<Value> {
    let mut object = Map::new();
    for pair in pairs {
        let Some((key, word)) = pair.split_once('=') else {
            let failure = Failure::usage(format!("`{pair}` is not KEY=VALUE"));
            return Err(failure.hint("cargo claw run ACTION KEY=VALUE…"));
        };
        let is_text = schema
            .pointer("/properties")
            .and_then(|all| all.get(key))
            .is_some_and(is_text);
        let json = if is_text {
            None
        } else {
            serde_json::from_str(word).ok()
        };
        let value = json.unwrap_or_else(|| Value::String(word.to_owned()));
        if object.insert(key.to_owned(), value).is_some() {
            return Err(Failure::usage(format!("`{key}` was given twice")));
        }
    }
    Ok(Value::Object(object))
}

/// Whether the schema is that of a `string`, or of an `option<string>`.
fn is_text(schema: &Value) -> bool {
    let is = |schema: &Value, name: &str| schema["type"] == name;
    let plain = |schema: &Value| is(schema, "string") && schema.get("enum").is_none();
    match schema["anyOf"]
        .as_array()
        .or_else(|| schema["oneOf"].as_array())
    {
        Some(branches) => {
            let mut others = branches
                .iter()
                .filter(|branch| !is(branch, "null"))
                .peekable();
            others.peek().is_some() && others.all(plain)
        }
        None => plain(schema) || schema["type"] == serde_json::json!(["string", "null"]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_string_is_text_and_everything_else_json_where_it_is_json() {
        let schema = json!({"type": "object", "properties": {
            "name": {"type": "string"},
            "nick": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "count": {"type": "integer"},
        }});
        let read = |pairs: &[&str]| {
            object(
                &pairs
                    .iter()
                    .map(|pair| (*pair).to_owned())
                    .collect::<Vec<_>>(),
                &schema,
            )
        };
        let value = read(&["name=12", "nick=true", "count=3", "other=[1]", "level=low"]).unwrap();
        assert_eq!(
            value,
            json!({"name": "12", "nick": "true", "count": 3, "other": [1], "level": "low"})
        );
        assert!(read(&["name"]).is_err());
        assert!(read(&["name=a", "name=b"]).is_err());
    }
}
