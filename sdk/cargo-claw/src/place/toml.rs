//! Where a field stands in `Cargo.toml` or `skill.toml`.

use toml_edit::{Document, Item, TableLike};

use super::is_wrong_permission;

/// Where the parser stopped, if it did.
pub(super) fn fault(text: &str) -> Option<usize> {
    let fault = Document::parse(text).err()?;
    Some(fault.span()?.start)
}

/// Where the field begins, or as much of its path as is there.
pub(super) fn find(text: &str, field: &str) -> Option<usize> {
    let document = Document::parse(text).ok()?;
    let root = document.as_table() as &dyn TableLike;
    let package = root.get("package").and_then(Item::as_table_like);
    let claw = package
        .and_then(|package| package.get("metadata")?.as_table_like()?.get("claw"))
        .and_then(Item::as_table_like);
    // The nearest first: what `[package.metadata.claw]` says goes before what Cargo is told.
    let tables = [claw, package, Some(root)];
    tables
        .into_iter()
        .flatten()
        .find_map(|table| place(table, field))
}

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
    let mut elements = item.as_array()?.iter();
    let wrong = elements.find(|element| is_wrong_permission(element.as_str()));
    Some(wrong?.span()?.start)
}
