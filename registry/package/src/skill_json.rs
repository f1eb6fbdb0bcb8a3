//! `skill.json`: the manifest, what is derived from the component, and how it was built.
//!
//! Canonical JSON, so that the manifest's digest in a release note is a digest of what it means.
//! Readers derive the derived part again and compare what decides anything: world, action names,
//! signatures and imports. Schemas and descriptions are for showing a package without its
//! component; nobody validates input by them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::component::{Action, ComponentInfo};
use crate::json::{self, ShapeFault};
use crate::limits::{ACTIONS_MAX, FIELD_BYTES_MAX, SKILL_JSON_BYTES_MAX};
use crate::manifest::{Manifest, Trigger};
use crate::name::PackageName;
use crate::text::{clean_description, is_deceptive};

/// What is in `skill.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillJson {
    v: FormatVersion,
    /// What the skill says of itself.
    pub manifest: Manifest,
    /// What its component says.
    pub derived: Derived,
    /// What built it.
    pub toolchain: Toolchain,
}

/// What is derived from a component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derived {
    v: FormatVersion,
    /// The world it implements, `namespace:name/skill`: fixed by the package's name.
    pub world: String,
    /// Its actions, in the order of export.
    pub actions: Vec<Action>,
    /// The names of its imports, in the order of import.
    pub imports: Vec<String>,
}

/// What built a component. Words for people; nothing is decided by them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toolchain {
    /// The compiler and its version: `rustc 1.95.0`.
    pub compiler: String,
    /// What it compiled for: `wasm32-wasip2`.
    pub target: String,
    /// What drove it, and packed: `cargo-claw 0.1.0`.
    pub builder: String,
}

/// The one version of the format there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u64", try_from = "u64")]
struct FormatVersion;

impl From<FormatVersion> for u64 {
    fn from(_: FormatVersion) -> Self {
        1
    }
}

impl TryFrom<u64> for FormatVersion {
    type Error = String;

    fn try_from(version: u64) -> Result<Self, String> {
        if version == 1 {
            Ok(Self)
        } else {
            Err(format!(
                "format version {version} is not supported by this version of claw"
            ))
        }
    }
}

impl SkillJson {
    /// Puts together what a package says.
    pub fn new(manifest: Manifest, component: &ComponentInfo, toolchain: Toolchain) -> Self {
        let derived = Derived::of(&manifest.name, component);
        Self {
            v: FormatVersion,
            manifest,
            derived,
            toolchain,
        }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Every field is a string, a number, a list or a map with string keys.
        json::canonical(&serde_json::to_value(self).expect("plain data has a form in JSON"))
    }

    /// Reads canonical bytes, and refuses any others: `to_bytes` of what is read are the same.
    pub fn parse(bytes: &[u8]) -> Result<Self, SkillJsonError> {
        if bytes.len() as u64 > SKILL_JSON_BYTES_MAX {
            return Err(SkillJsonError::TooLarge);
        }
        json::check_shape(bytes)?;
        let skill: Self = serde_json::from_slice(bytes)
            .map_err(|error| SkillJsonError::Syntax(error.to_string()))?;
        skill.check()?;
        if skill.to_bytes() != bytes {
            return Err(SkillJsonError::NotCanonical);
        }
        Ok(skill)
    }

    /// Holds the derived part against the component itself, and triggers against its actions.
    pub fn check_component(&self, component: &ComponentInfo) -> Result<(), SkillJsonError> {
        let actual = Derived::of(&self.manifest.name, component);
        let differs = |what| Err(SkillJsonError::Differs(what));
        if self.derived.world != actual.world {
            return differs("world");
        }
        if self.derived.imports != actual.imports {
            return differs("imports");
        }
        let compared = |action: &Action| {
            let Action {
                name,
                interface,
                function,
                signature,
                ..
            } = action.clone();
            (name, interface, function, signature)
        };
        let same = self
            .derived
            .actions
            .iter()
            .map(compared)
            .eq(actual.actions.iter().map(compared));
        if !same {
            return differs("actions");
        }
        for trigger in &self.manifest.triggers {
            if let Trigger::Cron { action, .. } = trigger
                && component.action(action).is_none()
            {
                return Err(SkillJsonError::TriggerAction(action.clone()));
            }
        }
        Ok(())
    }

    /// What serde cannot say of the fields that are only shown.
    fn check(&self) -> Result<(), SkillJsonError> {
        if self.derived.actions.len() > ACTIONS_MAX {
            return Err(SkillJsonError::Syntax(format!(
                "there are more than {ACTIONS_MAX} actions"
            )));
        }
        for action in &self.derived.actions {
            if action
                .description
                .as_ref()
                .is_some_and(|text| clean_description(text).as_ref() != Some(text))
            {
                return Err(SkillJsonError::Unclean(format!(
                    "the description of `{}`",
                    action.name
                )));
            }
            let reason = action.not_callable.clone().map(Value::from);
            if reason.is_some_and(|reason| !is_clean(&reason)) {
                return Err(SkillJsonError::Unclean(format!(
                    "what is said of `{}`",
                    action.name
                )));
            }
            if !is_clean(&action.input_schema) || !is_clean(&action.output_schema) {
                return Err(SkillJsonError::Unclean(format!(
                    "the schema of `{}`",
                    action.name
                )));
            }
        }
        let Toolchain {
            compiler,
            target,
            builder,
        } = &self.toolchain;
        let plain = |text: &&String| {
            !text.is_empty() && text.len() <= FIELD_BYTES_MAX && !text.chars().any(is_deceptive)
        };
        if ![compiler, target, builder].iter().all(plain) {
            return Err(SkillJsonError::Unclean("`toolchain`".into()));
        }
        Ok(())
    }
}

impl Derived {
    fn of(name: &PackageName, component: &ComponentInfo) -> Self {
        Self {
            v: FormatVersion,
            world: world(name),
            actions: component.actions.clone(),
            imports: component
                .imports
                .iter()
                .map(|import| import.name.clone())
                .collect(),
        }
    }
}

/// The world that a package's component implements. A component does not keep the name of its
/// world; the package's name fixes it.
pub fn world(name: &PackageName) -> String {
    format!("{}/skill", name.wit())
}

/// Whether no text inside would deceive whoever is shown it.
fn is_clean(value: &Value) -> bool {
    let plain = |text: &str| {
        text.chars()
            .all(|c| !is_deceptive(c) || matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0f}'))
    };
    match value {
        Value::String(text) => plain(text),
        Value::Array(items) => items.iter().all(is_clean),
        Value::Object(fields) => fields
            .iter()
            .all(|(key, value)| plain(key) && is_clean(value)),
        _ => true,
    }
}

/// Why bytes are not a `skill.json`, or not this component's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkillJsonError {
    /// More bytes than it may have.
    #[error("it is larger than {SKILL_JSON_BYTES_MAX} bytes")]
    TooLarge,
    /// Too many objects and arrays, or too deep inside each other.
    #[error(transparent)]
    Shape(#[from] ShapeFault),
    /// Not JSON, or a field is missing, unknown or wrong.
    #[error("{0}")]
    Syntax(String),
    /// Another spelling of the same JSON.
    #[error(
        "it is not in canonical form: keys sorted, no spaces, permissions in normal form, one line feed at the end"
    )]
    NotCanonical,
    /// A text that would not be shown as it is.
    #[error("{0} is empty, too long, or has characters that do not show")]
    Unclean(String),
    /// The component says otherwise.
    #[error("its `{0}` are not those of the component")]
    Differs(&'static str),
    /// A trigger calls what does not exist.
    #[error("a trigger calls `{0}`, which is no action of the component")]
    TriggerAction(String),
}

#[cfg(test)]
mod tests;
