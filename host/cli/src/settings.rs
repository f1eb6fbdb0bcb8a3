//! The operator's settings, `$CLAW_HOME/config.yaml`.
//!
//! A key that nothing obeys is refused: an unknown one names its nearest neighbour, one of a part
//! that does not exist yet says so. A setting that is accepted is a setting that holds.

pub mod edit;
mod keys;

use std::time::Duration;

use claw_host::grants::{SandboxLevel, SecurityLevel};
use claw_package::PackageName;
use serde_json::{Map, Value};

use crate::durable::{self, Audience};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use keys::Standing;

/// Far more than all keys with comments need.
const SETTINGS_BYTES_MAX: u64 = 256 * 1024;

/// As long as an operator may let one invocation run.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// More at once would need more memory than a pool is made for.
const CONCURRENT_MAX: u64 = 1000;

/// Names are shown in one line.
const NAME_CHARS_MAX: usize = 64;

/// What the operator set, with defaults for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How this agent names itself.
    pub name: Option<String>,
    /// Whether `claw mcp` serves every installed skill.
    pub auto_discover: bool,
    /// What it serves if not.
    pub enabled: Vec<PackageName>,
    /// The only addresses that are ever asked.
    pub trusted_registries: Vec<String>,
    /// How much is asked before a skill runs.
    pub security: SecurityLevel,
    /// What every skill may do without a grant of its own.
    pub sandbox: SandboxLevel,
    /// One invocation, host calls included.
    pub timeout: Option<Duration>,
    /// Invocations at once in `claw mcp`.
    pub max_concurrent: u32,
    /// Which records of skills are shown.
    pub log_level: LogLevel,
}

/// How much of what skills log is shown, least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What broke.
    Error,
    /// And what may.
    Warn,
    /// And what happened.
    Info,
    /// Everything.
    Debug,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            name: None,
            auto_discover: true,
            enabled: Vec::new(),
            trusted_registries: Vec::new(),
            security: SecurityLevel::Moderate,
            sandbox: SandboxLevel::Isolated,
            timeout: None,
            max_concurrent: 3,
            log_level: LogLevel::Info,
        }
    }
}

impl Settings {
    /// Reads the file, if there is one.
    pub(crate) fn read(home: &Home) -> Outcome<Self> {
        let path = home.settings_file();
        let Some(text) = durable::read_text(&path, SETTINGS_BYTES_MAX, Audience::Owner)? else {
            return Ok(Settings::default());
        };
        Settings::parse(&text)
            .map_err(|failure| failure.during(format!("`{}` does not hold", path.display())))
    }

    /// Reads the text of the file.
    pub fn parse(text: &str) -> Outcome<Self> {
        if text
            .lines()
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
        {
            return Ok(Settings::default());
        }
        let value: Value =
            serde_saphyr::from_str(text).or_fail(Kind::Usage, "it is not valid YAML")?;
        let mut settings = Settings::default();
        match value {
            Value::Null => {}
            Value::Object(keys) => settings.take_section("", &keys)?,
            _ => return Err(Failure::usage("it is not a table of keys")),
        }
        if settings.security == SecurityLevel::Strict && settings.sandbox != SandboxLevel::Isolated
        {
            let message = "`security_level: strict` allows no sandbox level but `isolated`";
            return Err(Failure::usage(message));
        }
        Ok(settings)
    }

    fn take_section(&mut self, prefix: &str, section: &Map<String, Value>) -> Outcome {
        for (key, value) in section {
            let key = if prefix.is_empty() {
                key.clone()
            } else {
                format!("{prefix}.{key}")
            };
            match (keys::standing(&key), value) {
                (Standing::Section, Value::Object(inner)) => self.take_section(&key, inner)?,
                (Standing::Section, Value::Null) => {}
                (Standing::Section, _) => {
                    return Err(Failure::usage(format!("`{key}` is a table of keys")));
                }
                (Standing::Obeyed, value) => self.take(&key, value)?,
                (Standing::Later, _) => {
                    return Err(Failure::usage(format!(
                        "`{key}` is not supported in this version of claw"
                    )));
                }
                (Standing::Unknown { nearest }, _) => {
                    let failure = Failure::usage(format!("`{key}` is not a setting"));
                    return Err(failure.hint(format!("the nearest setting is `{nearest}`")));
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, key: &str, value: &Value) -> Outcome {
        match key {
            "version" => {
                let version = value
                    .as_str()
                    .map(str::to_owned)
                    .unwrap_or_else(|| value.to_string());
                one_of(key, &version, &[(keys::VERSION, ())])?;
            }
            "claw.name" => {
                let name = text(key, value)?;
                if name.is_empty()
                    || name.chars().count() > NAME_CHARS_MAX
                    || name.chars().any(char::is_control)
                {
                    return Err(wrong(key, "1 to 64 characters in one line"));
                }
                self.name = Some(name.to_owned());
            }
            "skills.auto_discover" => self.auto_discover = truth(key, value)?,
            "skills.enabled" => {
                for name in texts(key, value)? {
                    let name = name
                        .parse()
                        .or_fail(Kind::Usage, format!("`{key}` names skills"))?;
                    self.enabled.push(name);
                }
            }
            "skills.trusted_registries" => {
                for address in texts(key, value)? {
                    self.trusted_registries
                        .push(crate::registry::normal_address(address)?);
                }
            }
            "skills.security_level" => {
                use SecurityLevel::{Moderate, Permissive, Strict};
                let levels = [
                    ("strict", Strict),
                    ("moderate", Moderate),
                    ("permissive", Permissive),
                ];
                self.security = one_of(key, text(key, value)?, &levels)?;
            }
            "execution.timeout" => {
                let timeout = Duration::from_millis(number(key, value, TIMEOUT_MAX.as_millis())?);
                self.timeout = Some(timeout);
            }
            "execution.max_concurrent" => {
                let count = number(key, value, CONCURRENT_MAX.into())?;
                self.max_concurrent =
                    u32::try_from(count).map_err(|_| wrong(key, "a small number"))?;
            }
            "execution.sandbox.enabled" => {
                if !truth(key, value)? {
                    return Err(Failure::usage(format!(
                        "`{key}: false` is refused: there is no unsandboxed mode"
                    )));
                }
            }
            "execution.sandbox.level" => {
                use SandboxLevel::{Isolated, Restricted, Trusted};
                let levels = [
                    ("isolated", Isolated),
                    ("restricted", Restricted),
                    ("trusted", Trusted),
                ];
                self.sandbox = one_of(key, text(key, value)?, &levels)?;
            }
            "developer.log_level" => {
                use LogLevel::{Debug, Error, Info, Warn};
                let levels = [
                    ("debug", Debug),
                    ("info", Info),
                    ("warn", Warn),
                    ("error", Error),
                ];
                self.log_level = one_of(key, text(key, value)?, &levels)?;
            }
            // Saying that something which does not exist is off is true already.
            "developer.debug" | "developer.telemetry" => {
                if truth(key, value)? {
                    return Err(Failure::usage(format!(
                        "`{key}: true` is not supported in this version of claw"
                    )));
                }
            }
            other => {
                return Err(Failure::new(
                    Kind::Bug,
                    format!("`{other}` is listed as obeyed and is not"),
                ));
            }
        }
        Ok(())
    }
}

fn wrong(key: &str, expected: &str) -> Failure {
    Failure::usage(format!("`{key}` is {expected}"))
}

fn text<'a>(key: &str, value: &'a Value) -> Outcome<&'a str> {
    value.as_str().ok_or_else(|| wrong(key, "text"))
}

fn truth(key: &str, value: &Value) -> Outcome<bool> {
    value
        .as_bool()
        .ok_or_else(|| wrong(key, "`true` or `false`"))
}

fn number(key: &str, value: &Value, max: u128) -> Outcome<u64> {
    let fits = value
        .as_u64()
        .filter(|number| *number >= 1 && u128::from(*number) <= max);
    fits.ok_or_else(|| wrong(key, &format!("a whole number from 1 to {max}")))
}

fn texts<'a>(key: &str, value: &'a Value) -> Outcome<Vec<&'a str>> {
    let items = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) => items,
        _ => return Err(wrong(key, "a list")),
    };
    items.iter().map(|item| text(key, item)).collect()
}

fn one_of<T: Copy>(key: &str, value: &str, choices: &[(&str, T)]) -> Outcome<T> {
    let found = choices.iter().find(|(name, _)| *name == value);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<_> = choices
            .iter()
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        Failure::usage(format!(
            "`{key}` is `{value}`, and not {}",
            names.join(" or ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let failure = Settings::parse(text).unwrap_err();
        assert_eq!(failure.kind, Kind::Usage);
        format!(
            "{} | {}",
            failure.one_line(),
            failure.hint.unwrap_or_default()
        )
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        assert_eq!(Settings::parse("").unwrap(), Settings::default());
        assert_eq!(
            Settings::parse("# nothing yet\n").unwrap(),
            Settings::default()
        );
    }

    #[test]
    fn every_obeyed_key_is_taken() {
        let settings = Settings::parse(
            "version: '2026.1'\nclaw:\n  name: code_assistant\nskills:\n  auto_discover: false\n  enabled: [acme/files]\n  \
             trusted_registries:\n    - https://skills.example.com/\n  security_level: permissive\nexecution:\n  \
             timeout: 1500\n  max_concurrent: 7\n  sandbox:\n    enabled: true\n    level: trusted\ndeveloper:\n  \
             debug: false\n  log_level: warn\n  telemetry: false\n",
        )
        .unwrap();
        assert_eq!(settings.name.as_deref(), Some("code_assistant"));
        assert!(!settings.auto_discover);
        assert_eq!(settings.enabled, ["acme/files".parse().unwrap()]);
        assert_eq!(settings.trusted_registries, ["https://skills.example.com"]);
        assert_eq!(settings.security, SecurityLevel::Permissive);
        assert_eq!(settings.sandbox, SandboxLevel::Trusted);
        assert_eq!(settings.timeout, Some(Duration::from_millis(1500)));
        assert_eq!(settings.max_concurrent, 7);
        assert_eq!(settings.log_level, LogLevel::Warn);
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        let text = refusal("skills:\n  security_levle: strict\n");
        assert!(
            text.contains("`skills.security_levle` is not a setting"),
            "{text}"
        );
        assert!(text.contains("`skills.security_level`"), "{text}");
        assert!(refusal("skils: {}\n").contains("`skills`"));
    }

    #[test]
    fn a_key_of_a_part_that_does_not_exist_is_refused() {
        for text in [
            "memory:\n  type: hybrid\n",
            "claw:\n  model: gpt-4o-mini\n",
            "developer:\n  telemetry: true\n",
            "developer:\n  debug: true\n",
        ] {
            assert!(
                refusal(text).contains("not supported in this version"),
                "{text}"
            );
        }
    }

    #[test]
    fn there_is_no_way_to_switch_the_sandbox_off() {
        assert!(
            refusal("execution:\n  sandbox:\n    enabled: false\n").contains("no unsandboxed mode")
        );
    }

    #[test]
    fn strict_is_isolated() {
        let text =
            "skills:\n  security_level: strict\nexecution:\n  sandbox:\n    level: restricted\n";
        assert!(refusal(text).contains("strict"));
    }

    #[test]
    fn wrong_values_and_doubled_keys_are_refused() {
        for text in [
            "execution:\n  timeout: 0\n",
            "execution:\n  timeout: soon\n",
            "skills:\n  security_level: lax\n",
            "skills: 3\n",
            "version: '2025.1'\n",
            "skills:\n  security_level: strict\n  security_level: permissive\n",
            "- a\n",
        ] {
            refusal(text);
        }
    }
}
