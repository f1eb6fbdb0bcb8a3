//! How what was found differs from what was expected, as a person reads it: values by path, texts line by line.
//!
//! It decides nothing beyond equality: a field that is null is the same as one that is not there.

use serde_json::Value;
use similar::TextDiff;

/// Paths told of one value. Who sees more of them looks at the value itself.
const PATHS_MAX: usize = 20;

/// Lines of a text around a difference.
const CONTEXT_LINES: usize = 2;

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// Objects may have more fields than expected, lists no more elements.
    Part,
}

/// Every place where the values differ, each on a line or, for texts of many lines, on a few.
pub(crate) fn of_values(
    what: &str,
    expected: &Value,
    found: &Value,
    extent: Extent,
) -> Vec<String> {
    let mut differences = Vec::new();
    walk(what, expected, found, extent, &mut differences);
    let more = differences.len().saturating_sub(PATHS_MAX);
    if more > 0 {
        differences.truncate(PATHS_MAX);
        differences.push(format!("and {more} more differences in the {what}"));
    }
    differences
}

fn walk(path: &str, expected: &Value, found: &Value, extent: Extent, out: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(wanted), Value::Object(given)) => {
            for (key, value) in wanted {
                let path = format!("{path}.{}", key_of(key));
                match given.get(key) {
                    Some(found) => walk(&path, value, found, extent, out),
                    None if value.is_null() => {}
                    None => out.push(format!("{path}: expected {value}, found no such field")),
                }
            }
            if extent == Extent::Whole {
                let more = given
                    .iter()
                    .filter(|(key, value)| !value.is_null() && !wanted.contains_key(*key));
                out.extend(more.map(|(key, value)| {
                    format!(
                        "{path}.{}: expected no such field, found {value}",
                        key_of(key)
                    )
                }));
            }
        }
        (Value::Array(wanted), Value::Array(given)) => {
            for (index, (expected, found)) in wanted.iter().zip(given).enumerate() {
                walk(&format!("{path}[{index}]"), expected, found, extent, out);
            }
            for (index, value) in wanted.iter().enumerate().skip(given.len()) {
                out.push(format!(
                    "{path}[{index}]: expected {value}, found the end of the list"
                ));
            }
            for (index, value) in given.iter().enumerate().skip(wanted.len()) {
                out.push(format!(
                    "{path}[{index}]: expected the end of the list, found {value}"
                ));
            }
        }
        (Value::String(wanted), Value::String(given)) if wanted != given => {
            if wanted.contains('\n') || given.contains('\n') {
                out.push(format!("{path} differs:\n{}", of_texts(wanted, given)));
            } else {
                out.push(format!("{path}: expected {expected}, found {found}"));
            }
        }
        _ if is_same_plain(expected, found) => {}
        _ => out.push(format!("{path}: expected {expected}, found {found}")),
    }
}

/// Numbers are the same by value: TOML writes `1.0` where JSON writes `1`.
fn is_same_plain(expected: &Value, found: &Value) -> bool {
    expected == found
        || match (expected, found) {
            (Value::Number(a), Value::Number(b)) => {
                (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64()
            }
            _ => false,
        }
}

/// A key as it stands in a path.
fn key_of(key: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(is_word) {
        key.to_owned()
    } else {
        Value::from(key).to_string()
    }
}

/// A unified difference, from what was expected to what was found.
pub(crate) fn of_texts(expected: &str, found: &str) -> String {
    let difference = TextDiff::from_lines(expected, found);
    let mut unified = difference.unified_diff();
    let unified = unified
        .context_radius(CONTEXT_LINES)
        .header("expected", "found");
    unified.to_string().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_compared_by_path() {
        let expected = json!({"a": 1, "b": [{"c": "x"}, 2], "gone": null, "d e": true});
        let found = json!({"a": 1.0, "b": [{"c": "y", "n": null}], "new": {"z": 1}});
        assert_eq!(
            of_values("result", &expected, &found, Extent::Whole),
            [
                "result.b[0].c: expected \"x\", found \"y\"",
                "result.b[1]: expected 2, found the end of the list",
                "result.\"d e\": expected true, found no such field",
                "result.new: expected no such field, found {\"z\":1}",
            ]
        );
        assert_eq!(
            of_values("result", &expected, &found, Extent::Part).len(),
            3
        );
        assert!(of_values("result", &found, &found, Extent::Whole).is_empty());
        let long: Vec<u32> = (0..50).collect();
        assert_eq!(
            of_values("result", &json!(long), &json!([]), Extent::Whole).len(),
            PATHS_MAX + 1
        );
    }

    #[test]
    fn texts_are_compared_by_lines() {
        let found = of_values(
            "result",
            &json!("a\nb\nc\n"),
            &json!("a\nB\nc\n"),
            Extent::Whole,
        );
        assert_eq!(
            found,
            ["result differs:\n--- expected\n+++ found\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c"]
        );
    }
}
