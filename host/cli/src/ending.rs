//! How an invocation ended, in the words and exit codes that people and scripts rely on.

use claw_host::{Denial, Outcome as Ended, Output, Report};
use claw_package::PermissionSet;
use serde_json::{Value, json};

use crate::failure::{Failure, Kind};
use crate::output;
use crate::show;

/// Who ran, for messages and hints.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    /// `acme/files`, or the file.
    pub(crate) name: String,
    pub(crate) action: String,
    /// Whether `claw grant` reaches it; a local file is granted things with `--allow` only.
    pub(crate) installed: bool,
    /// The most it may be granted.
    pub(crate) manifest: PermissionSet,
    /// What was taken away from it.
    pub(crate) revoked: PermissionSet,
}

impl Actor {
    /// The command that would allow what was denied, if one would.
    pub(crate) fn remedy(&self, denial: &Denial) -> Option<String> {
        let permission = denial.permission.as_ref()?;
        let wanted = self
            .manifest
            .meet(&PermissionSet::new([permission.clone()]));
        if wanted.is_empty() {
            return None;
        }
        let words = wanted
            .iter()
            .map(|permission| show::shell_word(&permission.to_string()));
        let words: Vec<_> = words.collect();
        Some(if self.installed {
            format!("claw grant {} {}", self.name, words.join(" "))
        } else {
            words
                .iter()
                .map(|word| format!("--allow {word}"))
                .collect::<Vec<_>>()
                .join(" ")
        })
    }

    /// What a denial was, for people.
    pub(crate) fn describe(&self, denial: &Denial) -> String {
        let mut text = format!("denied: {denial} ({})", denial.kind);
        if let Some(permission) = &denial.permission {
            if PermissionSet::new([permission.clone()])
                .without(&self.revoked)
                .is_empty()
            {
                text.push_str(": you revoked it");
            } else if self.remedy(denial).is_none() {
                text.push_str(": the skill does not declare it, so nothing can grant it");
            }
        }
        text
    }

    /// Tells the operator what was denied, and what would allow it.
    pub(crate) fn tell_denials(&self, denials: &[Denial], as_json: bool) {
        let mut remedies = Vec::new();
        for denial in denials {
            let remedy = self.remedy(denial);
            if as_json {
                let permission = denial.permission.as_ref().map(ToString::to_string);
                let denial = json!({
                    "kind": denial.kind,
                    "what": denial.what,
                    "reason": denial.reason.to_string(),
                    "permission": permission,
                    "hint": remedy,
                });
                output::say(json!({"denial": denial}));
                continue;
            }
            output::say(self.describe(denial));
            if let Some(remedy) = remedy.filter(|remedy| !remedies.contains(remedy)) {
                remedies.push(remedy);
            }
        }
        for remedy in remedies {
            output::say(format_args!("hint: {remedy}"));
        }
    }

    /// The result, or why there is none.
    pub(crate) fn judge(&self, report: &Report) -> Result<Value, Failure> {
        let act = format!("{} of `{}` did not end well", self.action, self.name);
        let failure = match &report.outcome {
            Ended::Ok(value) => return Ok(value.clone()),
            Ended::ActionError(error) => Failure::new(Kind::Action, error_text(error)),
            Ended::InvalidInput { pointer, message } => {
                let place = if pointer.is_empty() {
                    "the input".to_owned()
                } else {
                    format!("the input at `{pointer}`")
                };
                return Err(Failure::usage(format!("{place} does not fit: {message}"))
                    .during(format!("can't call {} of `{}`", self.action, self.name)));
            }
            Ended::UnknownAction { name, nearest } => {
                let failure = Failure::not_found(format!("`{}` has no action `{name}`", self.name));
                return Err(match nearest {
                    Some(nearest) => failure.hint(format!("the nearest action is `{nearest}`")),
                    None => failure.hint(if self.installed {
                        format!("claw info {}", self.name)
                    } else {
                        "see its world".to_owned()
                    }),
                });
            }
            Ended::NotCallable { reason } => {
                return Err(Failure::usage(format!(
                    "`{}` can't be called with JSON: {reason}",
                    self.action
                )));
            }
            Ended::NotEnforced(refused) => return Err(Failure::refused(refused)),
            Ended::Trap(message) => Failure::new(Kind::Limit, format!("it trapped: {message}")),
            Ended::OutOfTime { limit } => Failure::new(
                Kind::Limit,
                format!("it ran out of time: the limit is {} ms", limit.as_millis()),
            ),
            Ended::OutOfMemory { limit } => Failure::new(
                Kind::Limit,
                format!("it ran out of memory: the limit is {limit} bytes"),
            ),
            Ended::OutputTooLarge { output, limit } => {
                let what = match output {
                    Output::Result => "result",
                    Output::Log => "log",
                };
                Failure::new(
                    Kind::Limit,
                    format!("its {what} is too large: the limit is {limit} bytes"),
                )
            }
            Ended::TooManyHostCalls { limit } => Failure::new(
                Kind::Limit,
                format!("it made too many host calls: the limit is {limit}"),
            ),
            Ended::Cancelled => Failure::new(Kind::Interrupted, "it was cancelled"),
            Ended::Internal(message) => return Err(Failure::new(Kind::Bug, message)),
        };
        let failure = failure.during(act);
        if report.denials.is_empty() || failure.kind == Kind::Interrupted {
            return Err(failure);
        }
        // It failed and something was denied: the operator's grants come first.
        let remedy = report.denials.iter().find_map(|denial| self.remedy(denial));
        Err(Failure {
            kind: Kind::Refused,
            hint: remedy,
            ..failure
        })
    }
}

/// An action's own error, for people: text as it is, everything else as JSON.
pub(crate) fn error_text(error: &Value) -> String {
    match error {
        Value::String(text) => output::tame(text),
        Value::Null => "the action failed and did not say why".to_owned(),
        other => other.to_string(),
    }
}
