//! Where in a manifest the field is that something is wrong with: the line and column that an editor jumps to.
//!
//! What is wrong is said by `claw-package`. Where the field can't be found, the file alone is named.

mod json;
mod toml;

use std::path::Path;

use claw_package::{ManifestError, PermissionSet};

/// `FILE:LINE:COLUMN`, or the file alone.
pub(crate) fn of(path: &Path, text: &str, error: &ManifestError) -> String {
    let shown = path.display();
    match offset(path, text, error).and_then(|offset| text.get(..offset)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            format!("{shown}:{line}:{column}")
        }
        None => shown.to_string(),
    }
}

/// How many bytes there are before it.
fn offset(path: &Path, text: &str, error: &ManifestError) -> Option<usize> {
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    let field = match error {
        ManifestError::Syntax { .. } if is_json => return json::fault(text),
        ManifestError::Syntax { .. } => return toml::fault(text),
        ManifestError::Field { field, .. } => field.clone(),
        ManifestError::UnknownField { field, place, .. } => match place.as_str() {
            "`limits`" => format!("limits.{field}"),
            // Which of them is not said.
            "a trigger" => "triggers".to_owned(),
            _ => field.clone(),
        },
        _ => return None,
    };
    if is_json {
        json::find(text, &field)
    } else {
        toml::find(text, &field)
    }
}

/// Whether an element of `permissions` is none by itself.
fn is_wrong_permission(line: Option<&str>) -> bool {
    line.is_none_or(|line| PermissionSet::from_manifest(&[line.to_owned()]).is_err())
}

#[cfg(test)]
mod tests {
    use claw_package::Manifest;

    use super::*;

    fn place_of(name: &str, text: &str) -> String {
        let error = Manifest::parse(name, text).unwrap_err();
        of(Path::new(name), text, &error)
    }

    #[test]
    fn the_wrong_field_of_a_cargo_manifest_is_found() {
        let head = "[package]\nname = \"x\"\nversion = \"1.0.0\"\ndescription = \"X.\"\n\n[package.metadata.claw]\n";
        let cargo = |claw: &str| place_of("Cargo.toml", &format!("{head}{claw}"));
        let permissions = "namespace = \"acme\"\npermissions = [\n  \"filesystem.read=.\",\n  \"filesystem.reed=.\",\n]\n";
        assert_eq!(cargo(permissions), "Cargo.toml:10:3");
        assert_eq!(
            cargo("namespace = \"acme\"\n  colour = 1\n"),
            "Cargo.toml:8:3"
        );
        assert_eq!(
            cargo("namespace = \"acme\"\nkeywords = [\"A B\"]\n"),
            "Cargo.toml:8:1"
        );
        assert_eq!(
            cargo("namespace = \"acme\"\n[package.metadata.claw.limits]\ncolour = 1\n"),
            "Cargo.toml:9:1"
        );
        assert_eq!(
            cargo("namespace = \"acme\"\nkeywords = [\n"),
            "Cargo.toml:8:13"
        );
    }

    #[test]
    fn the_wrong_field_of_a_skill_manifest_is_found() {
        let skill = |rest: &str| {
            let text =
                format!("name = \"acme/x\"\nversion = \"1.0.0\"\ndescription = \"X.\"\n{rest}");
            place_of("skill.toml", &text)
        };
        let version = "name = \"acme/x\"\nversion = \"1\"\ndescription = \"X.\"\n";
        assert_eq!(place_of("skill.toml", version), "skill.toml:2:1");
        assert_eq!(
            skill("permissions = [\"environment=A\", \"environment=1\"]"),
            "skill.toml:4:33"
        );
        assert_eq!(skill("limits = { timeout_ms = 0 }\n"), "skill.toml:4:12");
        assert_eq!(
            skill("[limits]\nhost_calls = 1\nhost_cals = 1\n"),
            "skill.toml:6:1"
        );
        // A column counts characters, as editors do.
        assert_eq!(skill("limits = { \"tïme\" = 0 }\n"), "skill.toml:4:12");
        assert_eq!(skill("host = = 1\n"), "skill.toml:4:8");
    }

    #[test]
    fn the_wrong_field_of_a_package_json_is_found() {
        let package = |claw: &str| {
            let text = format!(
                "{{\n  \"name\": \"@acme/x\",\n  \"version\": \"1.0.0\",\n  \"description\": \"Ü\", \"claw\": {claw}\n}}\n"
            );
            place_of("package.json", &text)
        };
        assert_eq!(package("{\"colour\": 1}"), "package.json:4:32");
        assert_eq!(
            package(
                "{\n    \"permissions\": [\n      \"environment=A\",\n      \"environment=1\"\n    ]\n  }"
            ),
            "package.json:7:7"
        );
        assert_eq!(
            package("{ \"limits\": {\"host_calls\": 1, \"timeout_ms\": 0} }"),
            "package.json:4:61"
        );
        assert_eq!(
            package("{ \"type\": \"tool\", \"host\": 1 }"),
            "package.json:4:33"
        );
        assert_eq!(package("{\"host\": \"^0.1\" \"a\"}"), "package.json:4:47");
        let version =
            "{\"version\": \"one\", \"name\": \"@acme/x\", \"description\": \"X.\", \"claw\": {}}";
        assert_eq!(place_of("package.json", version), "package.json:1:2");
    }

    #[test]
    fn what_is_not_there_has_no_line() {
        assert_eq!(place_of("skill.toml", "name = \"acme/x\"\n"), "skill.toml");
        assert_eq!(
            place_of("package.json", "{\"name\": \"x\", \"claw\": {}}"),
            "package.json"
        );
    }
}
