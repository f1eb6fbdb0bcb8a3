//! Canonical JSON: keys sorted bytewise, no spaces, one final line feed.
//!
//! One value has one text, so a digest of the text is a digest of the value. The writer sorts by
//! itself instead of trusting the order of a map, which a feature of `serde_json` decides. Also how
//! much of JSON is read at all.

use serde_json::Value;

use crate::limits::{JSON_CONTAINERS_MAX, JSON_DEPTH_MAX};

/// The one text of a value.
pub(crate) fn canonical(value: &Value) -> Vec<u8> {
    let mut text = String::new();
    write(value, &mut text);
    text.push('\n');
    text.into_bytes()
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (index, (key, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// Why JSON is not read, whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShapeFault {
    /// Objects and arrays too deep inside each other.
    #[error("it is nested deeper than {JSON_DEPTH_MAX}")]
    TooDeep,
    /// Objects and arrays that would take far more memory than their text.
    #[error("it has more than {JSON_CONTAINERS_MAX} objects and arrays")]
    TooMany,
}

/// Counts objects and arrays, without recursion and before anything is built from the text.
pub(crate) fn check_shape(text: &[u8]) -> Result<(), ShapeFault> {
    let (mut depth, mut count) = (0usize, 0usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                (depth, count) = (depth + 1, count + 1);
                if depth > JSON_DEPTH_MAX {
                    return Err(ShapeFault::TooDeep);
                }
                if count > JSON_CONTAINERS_MAX {
                    return Err(ShapeFault::TooMany);
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_by_their_bytes_at_every_level() {
        let value: Value =
            serde_json::from_str(r#"{ "b": [1, {"é":null,"z":"\n\""}], "B": -0.5, "a": {} }"#)
                .unwrap();
        let text = String::from_utf8(canonical(&value)).unwrap();
        assert_eq!(
            text,
            "{\"B\":-0.5,\"a\":{},\"b\":[1,{\"z\":\"\\n\\\"\",\"é\":null}]}\n"
        );
    }

    #[test]
    fn objects_and_arrays_are_counted_outside_strings() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        let shape = |text: String| check_shape(text.as_bytes());
        assert_eq!(shape(nested(JSON_DEPTH_MAX)), Ok(()));
        assert_eq!(shape(nested(JSON_DEPTH_MAX + 1)), Err(ShapeFault::TooDeep));
        assert_eq!(shape(format!("{:?}", nested(1000))), Ok(()));
        assert_eq!(shape(format!(r#""\"{}""#, nested(1000))), Ok(()));
        assert_eq!(shape("[]".repeat(JSON_CONTAINERS_MAX)), Ok(()));
        let many = "{}".repeat(JSON_CONTAINERS_MAX + 1);
        assert_eq!(shape(many), Err(ShapeFault::TooMany));
        assert!(serde_json::from_str::<Value>(&nested(JSON_DEPTH_MAX)).is_ok());
    }
}
