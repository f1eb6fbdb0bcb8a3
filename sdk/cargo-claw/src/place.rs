//! Where in a TOML manifest the field is that something is wrong with: the line that an editor jumps to.
//!
//! What is wrong is said by `claw-package`. Where the field can't be found, the file alone is named.

use std::path::Path;

use claw_package::{ManifestError, PermissionSet};
use toml_edit::{Document, Item, TableLike};

/// `FILE:LINE`, or the file alone.
pub(crate) fn of(path: &Path, text: &str, error: &ManifestError) -> String {
    match line(text, error) {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}

fn line(text: &str, error: &ManifestError) -> Option<usize> {
    let field = match error {
        ManifestError::Field { field, .. } => field.clone(),
        ManifestError::UnknownField { field, place, .. } => match place.as_str() {
            "`limits`" => format!("limits.{field}"),
            // Which of them is not said.
            "a trigger" => "triggers".to_owned(),
            _ => field.clone(),
        },
        _ => return None,
    };
    let document = Document::parse(text).ok()?;
    let root = document.as_table() as &dyn TableLike;
    let package = root.get("package").and_then(Item::as_table_like);
    let claw = package
        .and_then(|package| package.get("metadata")?.as_table_like()?.get("claw"))
        .and_then(Item::as_table_like);
    // The nearest first: what `[package.metadata.claw]` says goes before what Cargo is told.
    let tables = [claw, package, Some(root)];
    let start = tables
        .into_iter()
        .flatten()
        .find_map(|table| place(table, &field))?;
    Some(1 + text[..start].matches('\n').count())
}

/// Where the field, or as much of its path as is there, begins.
fn place(table: &dyn TableLike, field: &str) -> Option<usize> {
    let (first, rest) = match field.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (field, None),
    };
    let (key, item) = table.get_key_value(first)?;
    let deeper = rest.and_then(|rest| place(item.as_table_like()?, rest));
    let element = (field == "permissions").then(|| wrong_permission(item));
    deeper
        .or(element.flatten())
        .or_else(|| Some(key.span().or_else(|| item.span())?.start))
}

/// The first element that is no permission by itself.
fn wrong_permission(item: &Item) -> Option<usize> {
    let wrong = item.as_array()?.iter().find(|element| {
        let line = element.as_str().map(str::to_owned);
        line.is_none_or(|line| PermissionSet::from_manifest(&[line]).is_err())
    });
    Some(wrong?.span()?.start)
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
    fn the_line_of_the_wrong_field_is_found() {
        let head = "[package]\nname = \"x\"\nversion = \"1.0.0\"\ndescription = \"X.\"\n\n[package.metadata.claw]\n";
        let cargo = |claw: &str| place_of("Cargo.toml", &format!("{head}{claw}"));
        let permissions = "namespace = \"acme\"\npermissions = [\n  \"filesystem.read=.\",\n  \"filesystem.reed=.\",\n]\n";
        assert_eq!(cargo(permissions), "Cargo.toml:10");
        assert_eq!(cargo("namespace = \"acme\"\ncolour = 1\n"), "Cargo.toml:8");
        assert_eq!(
            cargo("namespace = \"acme\"\nkeywords = [\"A B\"]\n"),
            "Cargo.toml:8"
        );
        assert_eq!(
            cargo("namespace = \"acme\"\n[package.metadata.claw.limits]\ncolour = 1\n"),
            "Cargo.toml:9"
        );
        let version = "name = \"acme/x\"\nversion = \"1\"\ndescription = \"X.\"\n";
        assert_eq!(place_of("skill.toml", version), "skill.toml:2");
    }

    #[test]
    fn what_is_not_there_has_no_line() {
        assert_eq!(place_of("skill.toml", "name = \"acme/x\"\n"), "skill.toml");
    }
}
