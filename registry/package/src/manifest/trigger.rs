//! What may start a skill without an agent: a command that somebody types, or the clock.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FieldFault, ManifestError, cron};
use crate::limits::{FIELD_BYTES_MAX, TRIGGER_INPUT_BYTES_MAX};
use crate::text::{clean_description, is_deceptive};

/// The size of a compiled pattern; what the regex crate allows by default is ten times more.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;

/// What may start a skill without an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Trigger {
    /// Words that somebody types in a chat.
    Command {
        /// A regular expression over the message.
        command: String,
        /// What it does, in one line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// The clock.
    Cron {
        /// Five fields: minute, hour, day of month, month, day of week.
        schedule: String,
        /// The action that is called.
        action: String,
        /// Its parameters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<Value>,
    },
}

impl Trigger {
    pub(super) fn check(&mut self) -> Result<(), ManifestError> {
        let wrong = |field: &str, fault: FieldFault| {
            ManifestError::field(&format!("triggers.{field}"), fault)
        };
        match self {
            Self::Command {
                command,
                description,
            } => {
                if command.is_empty() || command.len() > FIELD_BYTES_MAX {
                    let words = format!("a pattern has 1 to {FIELD_BYTES_MAX} bytes");
                    return Err(wrong("command", words.into()));
                }
                if command.chars().any(is_deceptive) {
                    return Err(wrong(
                        "command",
                        "it has characters that do not show".into(),
                    ));
                }
                regex::RegexBuilder::new(command)
                    .size_limit(PATTERN_BYTES_MAX)
                    .build()
                    .map_err(|error| wrong("command", error.to_string().into()))?;
                *description = description.as_deref().and_then(clean_description);
            }
            Self::Cron {
                schedule,
                action,
                input,
            } => {
                cron::check(schedule).map_err(|fault| wrong("schedule", fault.into()))?;
                if action.is_empty()
                    || action.len() > FIELD_BYTES_MAX
                    || action.chars().any(is_deceptive)
                {
                    return Err(wrong("action", "it is not the name of an action".into()));
                }
                let Some(input) = input else { return Ok(()) };
                if !input.is_object() {
                    return Err(wrong("input", "it must be an object of parameters".into()));
                }
                if input.to_string().len() > TRIGGER_INPUT_BYTES_MAX {
                    let words = format!("it is longer than {TRIGGER_INPUT_BYTES_MAX} bytes");
                    return Err(wrong("input", words.into()));
                }
            }
        }
        Ok(())
    }
}
