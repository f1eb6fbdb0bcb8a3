//! Where a field stands in `package.json`: what a parser that makes values of a text forgets.
//!
//! It reads no JSON of its own: `serde_json` says where each value ends, and only what lies between two
//! values is looked at here. A text that can't be followed has no places.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Deserializer;

use super::is_wrong_permission;

/// A field of an object.
struct Field {
    name: String,
    /// Where its name begins.
    at: usize,
    /// Where its value begins.
    value: usize,
}

/// Where the parser stopped, if it did.
pub(super) fn fault(text: &str) -> Option<usize> {
    let fault = serde_json::from_str::<IgnoredAny>(text).err()?;
    let mut lines = text.split_inclusive('\n');
    let before = lines.by_ref().take(fault.line().saturating_sub(1));
    let start: usize = before.map(str::len).sum();
    let line = lines.next().unwrap_or_default();
    // It counts bytes.
    let column = fault.column().saturating_sub(1).min(line.len());
    Some(start + line.floor_char_boundary(column))
}

/// Where the field begins, or as much of its path as is there.
pub(super) fn find(text: &str, field: &str) -> Option<usize> {
    let root = solid(text, 0);
    let claw = fields(text, root)?
        .into_iter()
        .rfind(|field| field.name == "claw");
    let claw = claw.map(|claw| claw.value);
    // The nearest first: what `"claw"` says goes before what npm is told.
    [claw, Some(root)]
        .into_iter()
        .flatten()
        .find_map(|object| place(text, object, field))
}

fn place(text: &str, object: usize, path: &str) -> Option<usize> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    // Of two fields of one name, parsers take the last.
    let field = fields(text, object)?
        .into_iter()
        .rfind(|field| field.name == first)?;
    let deeper = rest.and_then(|rest| place(text, field.value, rest));
    let element = (path == "permissions").then(|| wrong_permission(text, field.value));
    deeper.or(element.flatten()).or(Some(field.at))
}

/// The first element that is no permission by itself.
fn wrong_permission(text: &str, list: usize) -> Option<usize> {
    let mut at = after(text, list, '[')?;
    while !text[at..].starts_with(']') {
        let (_, end) = read::<IgnoredAny>(text, at)?;
        let line = read::<String>(text, at).map(|(line, _)| line);
        if is_wrong_permission(line.as_deref()) {
            return Some(at);
        }
        at = next(text, end)?;
    }
    None
}

/// The fields of the object that begins at `at`.
fn fields(text: &str, at: usize) -> Option<Vec<Field>> {
    let mut at = after(text, at, '{')?;
    let mut fields = Vec::new();
    while !text[at..].starts_with('}') {
        let (name, end) = read::<String>(text, at)?;
        let value = after(text, end, ':')?;
        fields.push(Field { name, at, value });
        let (_, end) = read::<IgnoredAny>(text, value)?;
        at = next(text, end)?;
    }
    Some(fields)
}

/// The value that begins at `at`, and where it ends.
fn read<T: DeserializeOwned>(text: &str, at: usize) -> Option<(T, usize)> {
    let mut values = Deserializer::from_str(&text[at..]).into_iter::<T>();
    let value = values.next()?.ok()?;
    Some((value, at + values.byte_offset()))
}

/// Where the next element is, or the end of them.
fn next(text: &str, end: usize) -> Option<usize> {
    let end = solid(text, end);
    match text.as_bytes().get(end)? {
        b',' => after(text, end, ','),
        b'}' | b']' => Some(end),
        _ => None,
    }
}

/// What comes behind `mark`, which has to be the next thing.
fn after(text: &str, at: usize, mark: char) -> Option<usize> {
    let at = solid(text, at);
    text[at..]
        .starts_with(mark)
        .then(|| solid(text, at + mark.len_utf8()))
}

/// The next place that is not blank.
fn solid(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches([' ', '\t', '\r', '\n']).len()
}
