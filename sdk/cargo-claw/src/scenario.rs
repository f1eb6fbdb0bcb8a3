//! `tests/*.toml`: what a skill's author expects of its actions.
//!
//! Here tests are read and their expectations compared; running them is for `commands/test.rs`. A field that is not
//! known is refused, so that a misspelt expectation can't pass.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use claw_host::{Denial, Outcome as Ended};
use claw_package::Permission;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::accept::Found;
use crate::difference::{Extent, of_texts, of_values};
use crate::failure::{Kind, OrFail, Outcome};
use crate::script::Exchange;

/// One file of tests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[serde(default)]
    pub(crate) test: Vec<Scenario>,
}

/// One call of an action, and what is expected of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What the test promises, in a sentence.
    pub(crate) name: Spanned<String>,
    /// The action.
    pub(crate) action: String,
    /// Its arguments.
    #[serde(default = "no_arguments")]
    pub(crate) input: Value,
    /// What is granted; everything that the manifest asks for, when left out.
    pub(crate) grants: Option<Vec<Permission>>,
    /// The environment of the person who runs it.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// Values of the secrets that are granted, for this test alone.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, String>,
    /// What is answered to its requests, instead of the network.
    #[serde(default)]
    pub(crate) http: Vec<Exchange>,
    /// What is in the workspace before: texts by path; a path that ends in `/` is an empty folder.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// Programs that are answered for: none is run for real.
    #[serde(default)]
    pub(crate) process: Vec<Answer>,
    /// How long it may take.
    pub(crate) timeout_ms: Option<u64>,

    /// The whole result. Fields that are null can be left out.
    pub(crate) result: Option<Value>,
    /// Some fields of the result, at any depth.
    pub(crate) result_includes: Option<Value>,
    /// The whole error of the action.
    pub(crate) error: Option<Value>,
    /// A part of the error's text.
    pub(crate) error_contains: Option<String>,
    /// How it ends when it gives neither result nor error: `trap`, `out-of-time`, `invalid-input`, …
    pub(crate) outcome: Option<String>,
    /// What is in the workspace afterwards: a text, or whether there is anything at all.
    #[serde(default)]
    pub(crate) files_after: BTreeMap<String, Content>,
    /// What is denied on the way: permissions, or their kinds. Nothing, when left out.
    #[serde(default)]
    pub(crate) denials: Vec<String>,
}

/// What a program says when a test runs it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    /// The command, word by word.
    pub(crate) argv: Vec<String>,
    /// Its exit code.
    #[serde(default)]
    pub(crate) exit: u8,
    /// What it writes to standard output.
    #[serde(default)]
    pub(crate) stdout: String,
    /// What it writes to standard error.
    #[serde(default)]
    pub(crate) stderr: String,
}

/// What is expected of a file.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Present(bool),
}

fn no_arguments() -> Value {
    Value::Object(serde_json::Map::new())
}

impl File {
    /// Reads the text of `path`.
    pub(crate) fn parse(path: &Path, text: &str) -> Outcome<File> {
        toml::from_str(text).or_fail(
            Kind::Usage,
            format!("`{}` is no file of tests", path.display()),
        )
    }
}

impl Scenario {
    /// The first path that would lead out of the workspace.
    pub(crate) fn path_outside(&self) -> Option<&str> {
        let is_inside = |path: &str| {
            !path.is_empty()
                && Path::new(path)
                    .components()
                    .all(|part| matches!(part, Component::Normal(_)))
        };
        self.files
            .keys()
            .chain(self.files_after.keys())
            .map(String::as_str)
            .find(|path| !is_inside(path))
    }

    /// Everything that is not as expected.
    pub(crate) fn faults(&self, found: Found<'_>) -> Vec<String> {
        let mut faults = self.outcome_faults(found.outcome);
        faults.extend(
            self.files_after
                .iter()
                .filter_map(|(path, content)| content.fault(path, &found.workspace.join(path))),
        );
        faults.extend(self.denial_faults(found.denials));
        faults
    }

    pub(crate) fn outcome_faults(&self, ended: &Ended) -> Vec<String> {
        let expected = match &self.outcome {
            Some(outcome) => outcome,
            None if self.error.is_some() || self.error_contains.is_some() => "action-error",
            None => "ok",
        };
        if ended.code() != expected {
            return vec![format!(
                "expected the outcome `{expected}`, found {}",
                described(ended)
            )];
        }
        let mut faults = Vec::new();
        match ended {
            Ended::Ok(value) => {
                if let Some(all) = &self.result {
                    faults.extend(of_values("result", all, value, Extent::Whole));
                }
                if let Some(some) = &self.result_includes {
                    faults.extend(of_values("result", some, value, Extent::Part));
                }
            }
            Ended::ActionError(value) => {
                if let Some(all) = &self.error {
                    faults.extend(of_values("error", all, value, Extent::Whole));
                }
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                let part = self
                    .error_contains
                    .as_ref()
                    .filter(|part| !text.contains(part.as_str()));
                faults.extend(
                    part.map(|part| {
                        format!("expected an error with `{part}` in it, found `{text}`")
                    }),
                );
            }
            _ => {}
        }
        faults
    }

    pub(crate) fn denial_faults(&self, denials: &[Denial]) -> Vec<String> {
        let fits = |expected: &str, denial: &Denial| {
            let line = denial.permission.as_ref().map(ToString::to_string);
            denial.kind.as_str() == expected || line.as_deref() == Some(expected)
        };
        let missing = self
            .denials
            .iter()
            .filter(|expected| !denials.iter().any(|denial| fits(expected, denial)));
        let missing =
            missing.map(|expected| format!("expected `{expected}` to be denied, and it was not"));
        let surprising = denials
            .iter()
            .filter(|denial| !self.denials.iter().any(|expected| fits(expected, denial)));
        missing
            .chain(surprising.map(|denial| format!("expected no such denial: {denial}")))
            .collect()
    }
}

impl Content {
    pub(crate) fn fault(&self, name: &str, path: &Path) -> Option<String> {
        match self {
            Content::Present(true) if !path.exists() => {
                Some(format!("expected something at `{name}`, found nothing"))
            }
            Content::Present(false) if path.exists() => {
                Some(format!("expected nothing at `{name}`, found something"))
            }
            Content::Present(_) => None,
            Content::Text(expected) => match std::fs::read_to_string(path) {
                Ok(found) if found == *expected => None,
                Ok(found) => Some(format!(
                    "the file `{name}` differs:\n{}",
                    of_texts(expected, &found)
                )),
                Err(error) => Some(format!("expected a text in `{name}`: {error}")),
            },
        }
    }
}

/// How it ended, with what it gave.
fn described(ended: &Ended) -> String {
    match ended {
        Ended::Ok(value) | Ended::ActionError(value) => format!("`{}`: {value}", ended.code()),
        Ended::InvalidInput { pointer, message } if pointer.is_empty() => {
            format!("`{}`: {message}", ended.code())
        }
        Ended::InvalidInput { pointer, message } => {
            format!("`{}`: `{pointer}` {message}", ended.code())
        }
        Ended::UnknownAction { name, nearest } => {
            let nearest = nearest.as_ref().map_or(String::new(), |nearest| {
                format!(", the nearest is `{nearest}`")
            });
            format!("`{}`: there is no action `{name}`{nearest}", ended.code())
        }
        Ended::Trap(message) | Ended::Internal(message) => format!("`{}`: {message}", ended.code()),
        _ => format!("`{}`", ended.code()),
    }
}

#[cfg(test)]
mod tests {
    use claw_host::DenialReason;
    use claw_package::PermissionKind;
    use serde_json::json;

    use super::*;

    fn scenario(text: &str) -> Scenario {
        let text = format!("[[test]]\nname = \"x\"\naction = \"f\"\n{text}");
        File::parse(Path::new("x.toml"), &text)
            .unwrap()
            .test
            .remove(0)
    }

    #[test]
    fn an_action_that_is_not_there_and_input_that_does_not_fit_are_told_in_words() {
        let fault = |ended: &Ended| scenario("").outcome_faults(ended).remove(0);
        let unknown = |nearest: Option<&str>| Ended::UnknownAction {
            name: "greet".to_owned(),
            nearest: nearest.map(str::to_owned),
        };
        let unfit = |pointer: &str| Ended::InvalidInput {
            pointer: pointer.to_owned(),
            message: "argument `urgent` is missing".to_owned(),
        };
        for (ended, found) in [
            (
                unknown(None),
                "`unknown-action`: there is no action `greet`",
            ),
            (
                unknown(Some("greeting")),
                "`unknown-action`: there is no action `greet`, the nearest is `greeting`",
            ),
            (unfit(""), "`invalid-input`: argument `urgent` is missing"),
            (
                unfit("/a"),
                "`invalid-input`: `/a` argument `urgent` is missing",
            ),
        ] {
            let expected = format!("expected the outcome `ok`, found {found}");
            assert_eq!(fault(&ended), expected);
        }
    }

    #[test]
    fn a_result_is_compared_whole_or_in_part() {
        let found = Ended::Ok(json!({"a": 1, "b": [{"c": "d", "e": null}]}));
        let faults = |text: &str| scenario(text).outcome_faults(&found).len();
        assert_eq!(faults("result = { a = 1, b = [{ c = \"d\" }] }"), 0);
        assert_eq!(faults("result = { a = 1 }"), 1);
        assert_eq!(faults("result_includes = { b = [{ c = \"d\" }] }"), 0);
        assert_eq!(faults("result_includes = { b = [] }"), 1);
        assert_eq!(faults("result = { a = 2, b = [] }"), 2);
        assert_eq!(faults("error_contains = \"x\""), 1);
        assert_eq!(faults(""), 0);
    }

    #[test]
    fn an_error_and_an_outcome_are_expected_or_a_fault() {
        let found = Ended::ActionError(json!("no such file"));
        let faults = |text: &str| scenario(text).outcome_faults(&found).len();
        assert_eq!(faults("error = \"no such file\""), 0);
        assert_eq!(faults("error_contains = \"such\""), 0);
        assert_eq!(faults("error = \"no\""), 1);
        assert_eq!(faults("result = 1"), 1);
        assert_eq!(
            scenario("outcome = \"trap\"")
                .outcome_faults(&Ended::Trap(String::new()))
                .len(),
            0
        );
    }

    #[test]
    fn a_denial_is_expected_or_a_fault() {
        let denial = Denial {
            kind: PermissionKind::FilesystemRead,
            what: "open `a`".to_owned(),
            reason: DenialReason::NotGranted,
            permission: Some("filesystem.read=.".parse().unwrap()),
        };
        let faults = |text: &str| {
            scenario(text)
                .denial_faults(std::slice::from_ref(&denial))
                .len()
        };
        assert_eq!(faults("denials = [\"filesystem.read\"]"), 0);
        assert_eq!(faults("denials = [\"filesystem.read=.\"]"), 0);
        assert_eq!(faults("denials = [\"filesystem.write\"]"), 2);
        assert_eq!(faults(""), 1);
    }

    #[test]
    fn a_misspelt_field_is_refused_and_no_path_leads_out() {
        let text = "[[test]]\nname = \"x\"\naction = \"f\"\nresults = 1";
        assert!(File::parse(Path::new("x.toml"), text).is_err());
        assert_eq!(scenario("files = { \"a/b\" = \"\" }").path_outside(), None);
        for path in ["../a", "/a", "a/../../b", ""] {
            assert!(
                scenario(&format!("files = {{ \"{path}\" = \"\" }}"))
                    .path_outside()
                    .is_some(),
                "{path}"
            );
        }
    }
}
