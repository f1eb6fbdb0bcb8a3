//! What is wrong with some input, and where.

use serde_json::Value;

use crate::text;

/// Names listed in a message before it says "…".
const NAMES_SHOWN_MAX: usize = 20;

/// The first fault of some input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at `{pointer}`")]
pub struct Fault {
    /// Where, as a JSON pointer (RFC 6901): empty for the whole input.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

impl Fault {
    pub(super) fn here(message: String) -> Self {
        Self {
            pointer: String::new(),
            message: text::line(&message),
        }
    }

    /// The same fault, seen from one level further out.
    pub(super) fn at(mut self, token: &str) -> Self {
        let token = text::line(token).replace('~', "~0").replace('/', "~1");
        self.pointer.insert_str(0, &format!("/{token}"));
        self
    }
}

pub(super) fn unknown_name<'a>(
    known: impl Iterator<Item = &'a String>,
    what: &str,
    given: &str,
) -> Fault {
    let mut names: Vec<_> = known
        .take(NAMES_SHOWN_MAX + 1)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > NAMES_SHOWN_MAX {
        names[NAMES_SHOWN_MAX] = "…".to_owned();
    }
    let given = text::line(given);
    Fault::here(match names.is_empty() {
        true => format!("there is no {what} `{given}`, nor any other"),
        false => format!("there is no {what} `{given}`, only {}", names.join(", ")),
    })
}

pub(super) fn unexpected(expected: &str, json: &Value) -> Fault {
    let found = match json {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) => {
            return Fault::here(format!("expected {expected}, found {number}"));
        }
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    match (json, expected.starts_with("a string")) {
        (Value::String(_), true) => Fault::here(format!("expected {expected}")),
        _ => Fault::here(format!("expected {expected}, found {found}")),
    }
}
