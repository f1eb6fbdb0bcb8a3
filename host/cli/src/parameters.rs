//! From words on a command line to the one JSON object that an action takes.
//!
//! The schema only decides how a word is read, as text or as JSON. Whether the object fits is
//! decided by the host against the component itself.

use std::fs::File;

use serde_json::{Map, Value};

use crate::durable;
use crate::failure::{Failure, Kind, OrFail, Outcome};

/// What is read before the host, whose own limit is smaller, is asked.
const INPUT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How one parameter is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// `string`, with or without `option`: the word as it stands.
    Text,
    /// An enum, a character, bytes: a JSON string where it is one, else the word as it stands.
    QuotedOrText,
    /// A number too big for JSON, a variant: JSON where it is JSON, else the word as it stands.
    JsonOrText,
    /// Everything else.
    Json,
}

/// `KEY=VALUE…` as an object.
pub(crate) fn from_pairs(pairs: &[String], schema: &Value) -> Outcome<Value> {
    let mut object = Map::new();
    for pair in pairs {
        let Some((key, word)) = pair.split_once('=') else {
            let failure = Failure::usage(format!("`{pair}` is not KEY=VALUE"));
            return Err(
                failure.hint("give parameters as KEY=VALUE, or all of them with --input JSON")
            );
        };
        let value = match reading(
            schema
                .pointer("/properties")
                .and_then(|properties| properties.get(key)),
        ) {
            Reading::Text => Value::String(word.to_owned()),
            Reading::QuotedOrText => match serde_json::from_str(word) {
                Ok(Value::String(text)) => Value::String(text),
                _ => Value::String(word.to_owned()),
            },
            Reading::JsonOrText => {
                serde_json::from_str(word).unwrap_or_else(|_| Value::String(word.to_owned()))
            }
            Reading::Json => serde_json::from_str(word)
                .or_fail(Kind::Usage, format!("the value of `{key}` is not JSON"))?,
        };
        if object.insert(key.to_owned(), value).is_some() {
            return Err(Failure::usage(format!("`{key}` was given twice")));
        }
    }
    Ok(Value::Object(object))
}

/// `--input`: JSON itself, `@FILE`, or `-` for stdin.
pub(crate) fn from_input(input: &str) -> Outcome<Value> {
    let (source, bytes) = if input == "-" {
        let read = durable::read_bounded(std::io::stdin().lock(), INPUT_BYTES_MAX);
        (
            "stdin".to_owned(),
            read.or_fail(Kind::Usage, "could not read stdin")?,
        )
    } else if let Some(path) = input.strip_prefix('@') {
        // Not only regular files: a shell gives a pipe for `@<(…)`.
        let read = File::open(path).and_then(|file| durable::read_bounded(file, INPUT_BYTES_MAX));
        (
            format!("`{path}`"),
            read.or_fail(Kind::Usage, format!("could not read `{path}`"))?,
        )
    } else {
        ("--input".to_owned(), input.as_bytes().to_vec())
    };
    let value: Value =
        serde_json::from_slice(&bytes).or_fail(Kind::Usage, format!("{source} is not JSON"))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Failure::usage(format!("{source} is not a JSON object")))
    }
}

fn reading(schema: Option<&Value>) -> Reading {
    // A parameter that the schema does not know is refused by the host; how it was read does not
    // matter.
    let Some(schema) = schema else {
        return Reading::JsonOrText;
    };
    match present(schema) {
        Some(present) if is_text(present) => {
            let plain = |key: &String| matches!(key.as_str(), "type" | "description");
            let is_plain = present
                .as_object()
                .is_some_and(|keywords| keywords.keys().all(plain));
            if is_plain {
                Reading::Text
            } else {
                Reading::QuotedOrText
            }
        }
        _ if admits_text(schema) => Reading::JsonOrText,
        _ => Reading::Json,
    }
}

/// The schema of a value that is there: that of `T` for an `option<T>`.
fn present(schema: &Value) -> Option<&Value> {
    match schema
        .get("anyOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([inner, null]) if null.get("type").is_some_and(|of| of == "null") => Some(inner),
        Some(_) => None,
        None => Some(schema),
    }
}

fn is_text(schema: &Value) -> bool {
    schema.get("type").is_some_and(|of| of == "string")
}

fn admits_text(schema: &Value) -> bool {
    let listed = |key| {
        schema
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    is_text(schema)
        || listed("type").any(|of| of == "string")
        || listed("enum").any(Value::is_string)
        || schema.get("const").is_some_and(Value::is_string)
        || listed("anyOf").chain(listed("oneOf")).any(admits_text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({"type": "object", "properties": {
            "name": {"type": "string"},
            "nick": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "level": {"type": "string", "enum": ["low", "high"]},
            "letter": {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 1}, {"type": "null"}]},
            "shape": {"oneOf": [{"const": "dot"}, {"type": "object", "properties": {"circle": {"type": "number"}}}]},
            "ratio": {"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]},
            "big": {"type": ["integer", "string"]},
            "count": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        }})
    }

    fn read(pairs: &[&str]) -> Outcome<Value> {
        from_pairs(
            &pairs
                .iter()
                .map(|pair| (*pair).to_owned())
                .collect::<Vec<_>>(),
            &schema(),
        )
    }

    #[test]
    fn a_string_is_always_text() {
        for word in ["12", "true", "null", "{\"a\":1}", "\"quoted\"", "a=b", ""] {
            let pairs = [format!("name={word}"), format!("nick={word}")];
            assert_eq!(
                from_pairs(&pairs, &schema()).unwrap(),
                json!({"name": word, "nick": word})
            );
        }
    }

    #[test]
    fn everything_else_is_json() {
        let value = read(&[
            "count=3",
            "tags=[\"a\"]",
            "level=high",
            "big=18446744073709551615",
        ])
        .unwrap();
        assert_eq!(
            value,
            json!({"count": 3, "tags": ["a"], "level": "high", "big": 18446744073709551615u64})
        );
        assert_eq!(read(&["level=\"high\""]).unwrap(), json!({"level": "high"}));
        let value = read(&["letter=1", "shape=dot", "ratio=NaN"]).unwrap();
        assert_eq!(
            value,
            json!({"letter": "1", "shape": "dot", "ratio": "NaN"})
        );
        let value = read(&["shape={\"circle\":2}", "ratio=1.5", "big=7"]).unwrap();
        assert_eq!(
            value,
            json!({"shape": {"circle": 2}, "ratio": 1.5, "big": 7})
        );
    }

    #[test]
    fn what_can_not_be_read_is_refused() {
        for pairs in [
            &["count"][..],
            &["count=three"],
            &["tags=[a"],
            &["count=1", "count=2"],
        ] {
            assert_eq!(read(pairs).unwrap_err().kind, Kind::Usage);
        }
        assert!(from_input("[1]").is_err());
        assert!(from_input("{").is_err());
        assert!(from_input("@/nowhere/at/all").is_err());
        assert_eq!(from_input("{\"a\":1}").unwrap(), json!({"a": 1}));
    }
}
