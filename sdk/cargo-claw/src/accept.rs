//! `--update`: writes what a test found into its file as what it expects.
//!
//! Only expectations that were not met are changed; comments, order and everything else stay as they are. What TOML can't
//! hold is not written: a null inside of a list.

use std::path::Path;

use claw_host::{Denial, Outcome as Ended};
use serde_json::Value as Json;
use toml_edit::{Array, DocumentMut, InlineTable, Item, TableLike, Value};

use crate::difference::{Extent, of_values};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::scenario::{Content, Scenario};

/// What a test found.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) outcome: &'a Ended,
    pub(crate) denials: &'a [Denial],
    pub(crate) workspace: &'a Path,
}

/// A file of tests, open for changes.
pub(crate) struct Accepting {
    document: DocumentMut,
}

impl Accepting {
    /// Opens the text of a file.
    pub(crate) fn new(text: &str) -> Outcome<Self> {
        let document = text.parse::<DocumentMut>();
        let document = document.or_fail(Kind::Usage, "could not read the file of tests")?;
        Ok(Self { document })
    }

    /// Makes the `index`-th test of the file expect what was found.
    pub(crate) fn accept(
        &mut self,
        index: usize,
        scenario: &Scenario,
        found: Found<'_>,
    ) -> Outcome {
        let test = match self.document.get_mut("test") {
            Some(Item::ArrayOfTables(tests)) => {
                tests.get_mut(index).map(|t| t as &mut dyn TableLike)
            }
            Some(Item::Value(Value::Array(tests))) => tests
                .get_mut(index)
                .and_then(Value::as_inline_table_mut)
                .map(|t| t as &mut dyn TableLike),
            _ => None,
        };
        let test =
            test.ok_or_else(|| Failure::new(Kind::Bug, "a test is not where it was read"))?;
        outcome(test, scenario, found.outcome)?;
        files(test, scenario, found.workspace)?;
        denials(test, scenario, found.denials);
        Ok(())
    }

    /// The text with the changes.
    pub(crate) fn text(&self) -> String {
        self.document.to_string()
    }
}

fn outcome(test: &mut dyn TableLike, scenario: &Scenario, ended: &Ended) -> Outcome {
    if scenario.outcome_faults(ended).is_empty() {
        return Ok(());
    }
    match ended {
        Ended::Ok(found) => {
            clear(test, &["error", "error_contains", "outcome"]);
            match (&scenario.result, &scenario.result_includes) {
                (Some(all), _) if of_values("", all, found, Extent::Whole).is_empty() => {}
                (None, Some(_)) => {}
                _ => set_or_clear(test, "result", found)?,
            }
            if let Some(some) = &scenario.result_includes
                && !of_values("", some, found, Extent::Part).is_empty()
            {
                set_or_clear(test, "result_includes", &included(some, found))?;
            }
        }
        Ended::ActionError(found) => {
            clear(
                test,
                &["result", "result_includes", "outcome", "error_contains"],
            );
            set_or_clear(test, "error", found)?;
        }
        other => {
            clear(
                test,
                &["result", "result_includes", "error", "error_contains"],
            );
            set(test, "outcome", Value::from(other.code()));
        }
    }
    Ok(())
}

fn files(test: &mut dyn TableLike, scenario: &Scenario, workspace: &Path) -> Outcome {
    for (path, content) in &scenario.files_after {
        let place = workspace.join(path);
        if content.fault(path, &place).is_none() {
            continue;
        }
        let found = match content {
            Content::Present(expected) => Value::from(!expected),
            Content::Text(_) if !place.exists() => Value::from(false),
            Content::Text(_) => match std::fs::read_to_string(&place) {
                Ok(text) => Value::from(text),
                Err(_) => Value::from(true),
            },
        };
        let after = test.get_mut("files_after");
        let after = after.and_then(Item::as_table_like_mut);
        let after = after.ok_or_else(|| Failure::new(Kind::Bug, "a test is not as it was read"))?;
        set(after, path, found);
    }
    Ok(())
}

/// Permissions where the denial names one, else their kinds; each once.
fn denials(test: &mut dyn TableLike, scenario: &Scenario, found: &[Denial]) {
    if scenario.denial_faults(found).is_empty() {
        return;
    }
    let mut lines: Vec<String> = Vec::new();
    for denial in found {
        let line = denial.permission.as_ref();
        let line = line.map_or_else(|| denial.kind.to_string(), ToString::to_string);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        clear(test, &["denials"]);
    } else {
        set(
            test,
            "denials",
            Value::from(lines.into_iter().collect::<Array>()),
        );
    }
}

/// The found value of everything that `some` asks for.
fn included(some: &Json, found: &Json) -> Json {
    match (some, found) {
        (Json::Object(some), Json::Object(found)) => some
            .iter()
            .filter_map(|(key, some)| Some((key.clone(), included(some, found.get(key)?))))
            .collect(),
        (Json::Array(some), Json::Array(found)) if some.len() == found.len() => some
            .iter()
            .zip(found)
            .map(|(some, found)| included(some, found))
            .collect(),
        _ => found.clone(),
    }
}

fn clear(test: &mut dyn TableLike, keys: &[&str]) {
    for key in keys {
        test.remove(key);
    }
}

/// Null is expected by expecting nothing.
fn set_or_clear(test: &mut dyn TableLike, key: &str, found: &Json) -> Outcome {
    match toml(found)? {
        Some(value) => set(test, key, value),
        None => clear(test, &[key]),
    }
    Ok(())
}

/// Sets a value where it stands, with the comment behind it.
fn set(test: &mut dyn TableLike, key: &str, mut value: Value) {
    match test.get_mut(key) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        // `[test.result]` becomes `result = …`, so that it does not take what follows with it.
        _ => {
            test.remove(key);
            test.insert(key, Item::Value(value));
        }
    }
}

/// A JSON value in TOML; `None` for null.
fn toml(value: &Json) -> Outcome<Option<Value>> {
    Ok(Some(match value {
        Json::Null => return Ok(None),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Value::from(value),
            (None, Some(value)) => Value::from(value),
            (None, None) => return Err(unwritable(value)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(elements) => {
            let mut array = Array::new();
            for element in elements {
                array.push(toml(element)?.ok_or_else(|| unwritable(value))?);
            }
            Value::from(array)
        }
        Json::Object(fields) => {
            let mut table = InlineTable::new();
            for (key, field) in fields {
                if let Some(field) = toml(field)? {
                    table.insert(key, field);
                }
            }
            Value::from(table)
        }
    }))
}

fn unwritable(value: &Json) -> Failure {
    let message = format!("TOML can't hold {value}");
    Failure::new(Kind::Check, message).hint("expect a part of it with `result_includes`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::File;

    /// The text after the first test has accepted what was found.
    fn accepted(text: &str, ended: Ended, workspace: &Path) -> String {
        let scenarios = File::parse(Path::new("x.toml"), text).unwrap().test;
        let found = Found {
            outcome: &ended,
            denials: &[],
            workspace,
        };
        let mut accepting = Accepting::new(text).unwrap();
        accepting.accept(0, &scenarios[0], found).unwrap();
        let text = accepting.text();
        let again = File::parse(Path::new("x.toml"), &text).unwrap().test;
        assert_eq!(again[0].faults(found), Vec::<String>::new(), "{text}");
        text
    }

    #[test]
    fn only_what_differs_is_changed_and_comments_stay() {
        let text = "# All of it.\n[[test]]\nname = \"a\" # what it promises\naction = \"f\"\n\
                    result = { a = 1 } # the whole\n\n[[test]]\nname = \"b\"\naction = \"g\"\nresult = 2\n";
        let nowhere = Path::new("/nowhere");
        let found = Ended::Ok(json!({"a": 2, "b": [true, "x"], "c": null}));
        assert_eq!(
            accepted(text, found, nowhere),
            text.replace("{ a = 1 }", "{ a = 2, b = [true, \"x\"] }")
        );
        let same = Ended::Ok(json!({"a": 1}));
        assert_eq!(accepted(text, same, nowhere), text);
    }

    #[test]
    fn another_kind_of_end_takes_the_place_of_the_expected_one() {
        let text = "[[test]]\nname = \"a\"\naction = \"f\"\nerror_contains = \"no\"\n";
        let nowhere = Path::new("/nowhere");
        let head = "[[test]]\nname = \"a\"\naction = \"f\"\n";
        let of = |ended| accepted(text, ended, nowhere);
        assert_eq!(
            of(Ended::Ok(json!("yes"))),
            format!("{head}result = \"yes\"\n")
        );
        assert_eq!(of(Ended::Ok(Json::Null)), head);
        assert_eq!(
            of(Ended::ActionError(json!("why"))),
            format!("{head}error = \"why\"\n")
        );
        assert_eq!(
            of(Ended::Trap("unreachable".to_owned())),
            format!("{head}outcome = \"trap\"\n")
        );
    }

    #[test]
    fn a_part_of_a_result_stays_a_part_and_files_are_accepted() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.txt"), "one\ntwo\n").unwrap();
        let text = "[[test]]\nname = \"a\"\naction = \"f\"\nresult_includes = { b = 1 }\n\
                    [test.files_after]\n\"a.txt\" = \"one\\n\" # here\n\"b.txt\" = true\n";
        let text = accepted(text, Ended::Ok(json!({"b": 2, "c": 3})), folder.path());
        assert!(text.contains("result_includes = { b = 2 }\n"), "{text}");
        assert!(text.contains("two") && text.contains("# here"), "{text}");
        assert!(text.contains("\"b.txt\" = false"), "{text}");
    }

    #[test]
    fn what_toml_cannot_hold_is_refused() {
        let refused = toml(&json!([1, null])).unwrap_err();
        assert!(refused.one_line().contains("[1,null]"));
    }
}
