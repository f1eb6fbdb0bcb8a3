//! How an invocation ended, in the words and exit codes that people and scripts rely on.

use claw_host::{Denial, Outcome as Ended, Output, Report};
use claw_package::PermissionSet;
use serde_json::{Value, json};

use crate::failure::{Failure, Kind};
use crate::output;
use crate::record::takes_from;
use crate::show;

/// Who ran, for messages and hints.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    /// `acme/files`, or the file.
    pub(crate) name: String,
    pub(crate) action: String,
    /// What was typed behind `claw run` for a local file, which is granted things with `--allow` only; none for
    /// an installed skill, which `claw grant` reaches.
    pub(crate) local: Option<String>,
    /// The most it may be granted.
    pub(crate) manifest: PermissionSet,
    /// What was taken away from it.
    pub(crate) revoked: PermissionSet,
}

impl Actor {
    /// The command that would allow what was denied, as far as one would.
    pub(crate) fn remedy(&self, denials: &[Denial]) -> Option<String> {
        let denied = PermissionSet::new(
            denials
                .iter()
                .filter_map(|denial| denial.permission.clone()),
        );
        let wanted = self.manifest.meet(&denied);
        if wanted.is_empty() {
            return None;
        }
        // A grant lifts a revocation only as a whole.
        let lifted = self
            .revoked
            .iter()
            .filter(|line| takes_from(line, &wanted))
            .cloned();
        let wanted = PermissionSet::new(lifted.chain(wanted.iter().cloned()));
        Some(if let Some(typed) = &self.local {
            format!("claw run {typed}{}", show::allow_flags(&wanted))
        } else {
            let words = wanted
                .iter()
                .map(|grant| show::shell_word(&grant.to_string()));
            format!(
                "claw grant {} {}",
                self.name,
                words.collect::<Vec<_>>().join(" ")
            )
        })
    }

    /// What a denial was, for people.
    pub(crate) fn describe(&self, denial: &Denial) -> String {
        let mut text = format!("denied: {denial} ({})", denial.kind);
        if let Some(permission) = &denial.permission {
            let wanted = PermissionSet::new([permission.clone()]);
            if self.manifest.meet(&wanted).is_empty() {
                text.push_str(": the skill does not declare it, so nothing can grant it");
            } else if !wanted.without(&self.revoked).covers(permission) {
                text.push_str(": you revoked it");
            }
        }
        text
    }

    /// Tells the operator what was denied.
    pub(crate) fn tell_denials(&self, denials: &[Denial], as_json: bool) {
        for denial in denials {
            if as_json {
                output::say_json(&json!({"denial": {
                    "kind": denial.kind,
                    "what": denial.what,
                    "reason": denial.reason.to_string(),
                    "permission": denial.permission.as_ref().map(ToString::to_string),
                    "hint": self.remedy(std::slice::from_ref(denial)),
                }}));
            } else {
                output::say(self.describe(denial));
            }
        }
    }

    /// Tells the operator what would allow it, where no failure says so.
    pub(crate) fn tell_remedy(&self, denials: &[Denial]) {
        if let Some(remedy) = self.remedy(denials) {
            output::say(format_args!("hint: {remedy}"));
        }
    }

    /// The result, or why there is none.
    pub(crate) fn judge(&self, report: &Report) -> Result<Value, Failure> {
        let act = format!("`{}` of `{}` failed", self.action, self.name);
        let failure = match &report.outcome {
            Ended::Ok(value) => return Ok(value.clone()),
            Ended::ActionError(error) => Failure::new(Kind::Action, error_text(error)),
            Ended::InvalidInput { pointer, message } => {
                let place = if pointer.is_empty() {
                    "the input".to_owned()
                } else {
                    format!("the input at `{pointer}`")
                };
                let failure = Failure::usage(format!("{place} does not fit: {message}"))
                    .during(format!("can't call `{}` of `{}`", self.action, self.name));
                return Err(match &self.local {
                    None => failure.hint(format!("claw info {}", self.name)),
                    Some(_) => failure,
                });
            }
            Ended::UnknownAction { name, nearest } => {
                let failure = Failure::not_found(format!("`{}` has no action `{name}`", self.name));
                return Err(match nearest {
                    Some(nearest) => failure.hint(format!("the nearest action is `{nearest}`")),
                    None if self.local.is_none() => {
                        failure.hint(format!("claw info {}", self.name))
                    }
                    None => failure,
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
            Ended::HostOutOfMemory { limit } => Failure::new(
                Kind::Busy,
                format!(
                    "all skills that run now have the memory they may have together, {limit} bytes; \
                     try again when others have ended"
                ),
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
        let hint = self.remedy(&report.denials);
        Err(Failure {
            kind: Kind::Refused,
            hint,
            ..failure
        })
    }
}

/// An action's own error, for people: text as it is, everything else as JSON.
pub(crate) fn error_text(error: &Value) -> String {
    match error {
        Value::String(text) => text.clone(),
        Value::Null => "the action failed and did not say why".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use claw_host::DenialReason;
    use claw_package::PermissionKind;

    use super::*;

    fn set(lines: &[&str]) -> PermissionSet {
        PermissionSet::new(lines.iter().map(|line| line.parse().unwrap()))
    }

    fn actor(local: Option<&str>, manifest: &[&str], revoked: &[&str]) -> Actor {
        Actor {
            name: "acme/files".to_owned(),
            action: "read".to_owned(),
            local: local.map(str::to_owned),
            manifest: set(manifest),
            revoked: set(revoked),
        }
    }

    fn denial(permission: Option<&str>) -> Denial {
        Denial {
            kind: PermissionKind::FilesystemRead,
            what: "open `docs/x`".to_owned(),
            reason: DenialReason::NotGranted,
            permission: permission.map(|line| line.parse().unwrap()),
        }
    }

    #[test]
    fn one_command_allows_everything_that_was_denied() {
        let denials = [
            denial(Some("filesystem.read=docs")),
            denial(Some("filesystem.write=out")),
        ];
        let remedy = |actor: Actor| actor.remedy(&denials).unwrap();
        let expected = "claw grant acme/files filesystem.read=docs filesystem.write=out";
        assert_eq!(remedy(actor(None, &["filesystem.write=."], &[])), expected);
        let expected = "claw run x.wasm read path=out --allow filesystem.read=docs --allow filesystem.read=out";
        let local = actor(Some("x.wasm read path=out"), &["filesystem.read=."], &[]);
        assert_eq!(remedy(local), expected);
    }

    #[test]
    fn what_nothing_can_grant_has_no_remedy() {
        let undeclared = actor(None, &["environment=HOME"], &[]);
        let denials = [denial(Some("filesystem.read=docs"))];
        assert_eq!(undeclared.remedy(&denials), None);
        assert!(
            undeclared
                .describe(&denials[0])
                .contains("does not declare it")
        );
        assert_eq!(
            actor(None, &["filesystem.write=."], &[]).remedy(&[denial(None)]),
            None
        );
    }

    #[test]
    fn a_revocation_is_named_and_lifted_as_a_whole() {
        let revoked = actor(None, &["filesystem.read=."], &["filesystem.read=."]);
        let denials = [denial(Some("filesystem.read=docs"))];
        assert!(revoked.describe(&denials[0]).ends_with("you revoked it"));
        assert_eq!(
            revoked.remedy(&denials).unwrap(),
            "claw grant acme/files filesystem.read=."
        );
    }
}
