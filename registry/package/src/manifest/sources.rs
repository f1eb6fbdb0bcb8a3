//! The three files that may hold a manifest, and how each one says the same things.

use serde_json::{Map, Value};

use super::fields::{Fields, refuse_unknown};
use super::{LimitRequests, Manifest, ManifestError, Trigger};
use crate::limits::MANIFEST_BYTES_MAX;
use crate::name::{Namespace, PackageName};
use crate::permission::PermissionSet;

/// What a skill's own table may say, in whichever file.
const CLAW_FIELDS: &[&str] = &[
    "namespace",
    "categories",
    "keywords",
    "type",
    "permissions",
    "triggers",
    "limits",
    "host",
];

/// What `skill.toml` may say: the same, and what other files say elsewhere.
const SKILL_FIELDS: &[&str] = &[
    "name",
    "version",
    "description",
    "license",
    "repository",
    "categories",
    "keywords",
    "type",
    "permissions",
    "triggers",
    "limits",
    "host",
];

const LIMIT_FIELDS: &[&str] = &[
    "timeout_ms",
    "memory_bytes",
    "result_bytes",
    "log_bytes",
    "host_calls",
];
const COMMAND_FIELDS: &[&str] = &["type", "command", "description"];
const CRON_FIELDS: &[&str] = &["type", "schedule", "action", "input"];

impl Manifest {
    /// Reads a manifest by the name of the file it is in.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, ManifestError> {
        match file_name {
            "Cargo.toml" => Self::from_cargo_toml(text),
            "package.json" => Self::from_package_json(text),
            "skill.toml" => Self::from_skill_toml(text),
            _ => Err(ManifestError::FileName(
                file_name.chars().take(60).collect(),
            )),
        }
    }

    /// Reads `[package]` and `[package.metadata.claw]` of a `Cargo.toml`.
    pub fn from_cargo_toml(text: &str) -> Result<Self, ManifestError> {
        Self::from_cargo_toml_in_workspace(text, None)
    }

    /// The same, where fields may be inherited from the workspace's `Cargo.toml`.
    pub fn from_cargo_toml_in_workspace(
        text: &str,
        workspace: Option<&str>,
    ) -> Result<Self, ManifestError> {
        const FILE: &str = "Cargo.toml";
        let package = toml(FILE, text)?.remove("package").and_then(into_object);
        let mut package = package.ok_or(ManifestError::NoTable {
            file: FILE,
            table: "`[package]`",
        })?;
        let claw = package
            .get_mut("metadata")
            .and_then(|metadata| metadata.get_mut("claw"));
        let claw = claw
            .map(Value::take)
            .and_then(into_object)
            .ok_or(ManifestError::NoTable {
                file: FILE,
                table: "`[package.metadata.claw]`",
            })?;
        if let Some(workspace) = workspace {
            let mut shared = toml(FILE, workspace)?;
            let shared = shared.remove("workspace").and_then(into_object);
            let shared = shared.and_then(|mut workspace| into_object(workspace.remove("package")?));
            inherit(&mut package, &shared.unwrap_or_default());
        }
        for field in [
            "version",
            "description",
            "license",
            "repository",
            "keywords",
        ] {
            if package.get(field).is_some_and(Value::is_object) {
                return Err(ManifestError::Inherited(format!("package.{field}")));
            }
        }
        let claw = Fields::new("`[package.metadata.claw]`", CLAW_FIELDS, claw)?;
        read_beside(Fields::lenient("`[package]`", package), claw)
    }

    /// Reads a `package.json` and its `"claw"` object. A scoped name gives the namespace.
    pub fn from_package_json(text: &str) -> Result<Self, ManifestError> {
        const FILE: &str = "package.json";
        bounded(text)?;
        let syntax = |message| ManifestError::Syntax {
            file: FILE,
            message,
        };
        crate::json::check_shape(text.as_bytes()).map_err(|fault| syntax(fault.to_string()))?;
        let mut package: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| syntax(error.to_string()))?;
        let claw = package.remove("claw").and_then(into_object);
        let claw = claw.ok_or(ManifestError::NoTable {
            file: FILE,
            table: "`\"claw\"` object",
        })?;
        let mut claw = Fields::new("`\"claw\"`", CLAW_FIELDS, claw)?;
        let mut package = Fields::lenient("`package.json`", package);
        if let Some(name) = package.get("name").and_then(Value::as_str)
            && let Some((namespace, name)) =
                name.strip_prefix('@').and_then(|name| name.split_once('/'))
        {
            let (namespace, name) = (Value::from(namespace), Value::from(name));
            if claw.get("namespace").is_some_and(|own| *own != namespace) {
                return Err(ManifestError::field(
                    "namespace",
                    "the package's name has another one",
                ));
            }
            claw.insert("namespace", namespace);
            package.insert("name", name);
        }
        // npm has the URL in an object as often as not, and with `git+` before it.
        let url = package
            .get("repository")
            .map(|field| field.get("url").unwrap_or(field));
        if let Some(url) = url.and_then(Value::as_str) {
            let url = Value::from(url.strip_prefix("git+").unwrap_or(url));
            package.insert("repository", url);
        }
        read_beside(package, claw)
    }

    /// Reads a `skill.toml`, for languages without a place of their own.
    pub fn from_skill_toml(text: &str) -> Result<Self, ManifestError> {
        let mut skill = Fields::new("`skill.toml`", SKILL_FIELDS, toml("skill.toml", text)?)?;
        let name = skill
            .parse("name")?
            .ok_or_else(|| ManifestError::Missing("name".into()))?;
        let mut package = Map::new();
        for field in ["version", "description", "license", "repository"] {
            if let Some(value) = skill.take::<Value>(field)? {
                package.insert(field.into(), value);
            }
        }
        read(name, Fields::lenient("`skill.toml`", package), skill)
    }
}

/// A package whose name and namespace stand apart, with the skill's table beside it.
fn read_beside(mut package: Fields, mut claw: Fields) -> Result<Manifest, ManifestError> {
    let namespace: Namespace = claw
        .parse("namespace")?
        .ok_or_else(|| ManifestError::Missing("namespace".into()))?;
    let name: String = package
        .take("name")?
        .ok_or_else(|| ManifestError::Missing("name".into()))?;
    let name =
        PackageName::new(namespace, &name).map_err(|fault| ManifestError::field("name", fault))?;
    if claw.get("keywords").is_none()
        && let Some(keywords) = package.take::<Value>("keywords")?
    {
        claw.insert("keywords", keywords);
    }
    read(name, package, claw)
}

fn read(
    name: PackageName,
    mut package: Fields,
    mut claw: Fields,
) -> Result<Manifest, ManifestError> {
    let missing = |field: &str| ManifestError::Missing(field.into());
    match claw.take::<String>("type")?.as_deref() {
        None | Some("action") => {}
        Some(_) => return Err(ManifestError::field("type", "the only type is `action`")),
    }
    let permissions: Vec<String> = claw.take("permissions")?.unwrap_or_default();
    let triggers: Vec<Value> = claw.take("triggers")?.unwrap_or_default();
    Manifest {
        name,
        version: package
            .parse("version")?
            .ok_or_else(|| missing("version"))?,
        description: package
            .take("description")?
            .ok_or_else(|| missing("description"))?,
        license: package.take("license")?,
        repository: package.take("repository")?,
        categories: claw.take("categories")?.unwrap_or_default(),
        keywords: claw.take("keywords")?.unwrap_or_default(),
        permissions: PermissionSet::from_manifest(&permissions)
            .map_err(|fault| ManifestError::field("permissions", fault))?,
        triggers: triggers
            .into_iter()
            .map(trigger)
            .collect::<Result<_, _>>()?,
        limits: limits(&mut claw)?,
        host: claw.parse("host")?,
    }
    .checked()
}

fn trigger(value: Value) -> Result<Trigger, ManifestError> {
    let known = match value.get("type").and_then(Value::as_str) {
        Some("command") => COMMAND_FIELDS,
        Some("cron") => CRON_FIELDS,
        _ => {
            return Err(ManifestError::field(
                "triggers.type",
                "it is `command` or `cron`",
            ));
        }
    };
    if let Value::Object(fields) = &value {
        refuse_unknown("a trigger", known, fields)?;
    }
    serde_json::from_value(value)
        .map_err(|error| ManifestError::field("triggers", error.to_string()))
}

fn limits(claw: &mut Fields) -> Result<LimitRequests, ManifestError> {
    if let Some(Value::Object(fields)) = claw.get("limits") {
        refuse_unknown("`limits`", LIMIT_FIELDS, fields)?;
    }
    Ok(claw.take("limits")?.unwrap_or_default())
}

/// Replaces `field.workspace = true` by what the workspace has.
fn inherit(package: &mut Map<String, Value>, shared: &Map<String, Value>) {
    for (field, value) in package {
        if value.get("workspace") == Some(&Value::Bool(true))
            && let Some(shared) = shared.get(field)
        {
            *value = shared.clone();
        }
    }
}

fn toml(file: &'static str, text: &str) -> Result<Map<String, Value>, ManifestError> {
    bounded(text)?;
    toml::from_str(text).map_err(|error| {
        let message = error.message().to_owned();
        let before = error.span().and_then(|span| text.get(..span.start));
        let message = match before {
            Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
            None => message,
        };
        ManifestError::Syntax { file, message }
    })
}

fn bounded(text: &str) -> Result<(), ManifestError> {
    if text.len() > MANIFEST_BYTES_MAX {
        Err(ManifestError::TooLarge)
    } else {
        Ok(())
    }
}

fn into_object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}
