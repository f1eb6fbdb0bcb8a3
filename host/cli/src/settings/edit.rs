//! Adds and removes an address in `skills.trusted_registries` of `config.yaml`, keeping the
//! operator's comments.
//!
//! YAML has too many shapes to know them all. The usual ones are edited line by line, the result is
//! read again, and unless it says exactly what was wanted nothing is written and the operator is
//! told which line to change.

use super::Settings;
use crate::durable::{self, Audience};
use crate::failure::{Failure, Outcome};
use crate::home::Home;
use crate::journal::Changes;

const LIST: &str = "trusted_registries:";

/// Adds `address` to the settings, which are written with the other `changes`; `false` if it was there
/// already. The caller holds the lock of the home folder.
pub(crate) fn add_registry(home: &Home, address: &str, changes: &mut Changes) -> Outcome<bool> {
    let edited =
        with_registry(&read(home)?, address).map_err(|failure| not_edited(home, failure))?;
    let Some(edited) = edited else {
        return Ok(false);
    };
    changes.add(&home.settings_file(), edited, Audience::Owner)?;
    Ok(true)
}

/// Removes `addresses` in the same way; `false` if none was there.
pub(crate) fn remove_registries(
    home: &Home,
    addresses: &[String],
    changes: &mut Changes,
) -> Outcome<bool> {
    let before = read(home)?;
    let mut text = before.clone();
    for address in addresses {
        let edited =
            without_registry(&text, address).map_err(|failure| not_edited(home, failure))?;
        text = edited.unwrap_or(text);
    }
    if text == before {
        return Ok(false);
    }
    changes.add(&home.settings_file(), text, Audience::Owner)?;
    Ok(true)
}

fn read(home: &Home) -> Outcome<String> {
    let path = home.settings_file();
    let text = durable::read_text(&path, super::SETTINGS_BYTES_MAX, Audience::Owner)?;
    Ok(text.unwrap_or_default())
}

fn not_edited(home: &Home, failure: Failure) -> Failure {
    failure.during(format!(
        "could not edit `{}`",
        home.settings_file().display()
    ))
}

/// The text with `address` in its list; none if it was there already.
pub fn with_registry(text: &str, address: &str) -> Outcome<Option<String>> {
    let mut wanted = Settings::parse(text)?;
    if wanted
        .trusted_registries
        .iter()
        .any(|known| known == address)
    {
        return Ok(None);
    }
    wanted.trusted_registries.push(address.to_owned());
    exactly(wanted, insert(text, address), "add", address)
}

/// The text without `address` in its list; none if it was not there.
pub fn without_registry(text: &str, address: &str) -> Outcome<Option<String>> {
    let before = Settings::parse(text)?;
    let mut wanted = before.clone();
    wanted.trusted_registries.retain(|known| known != address);
    if wanted == before {
        return Ok(None);
    }
    exactly(wanted, delete(text, address), "remove", address)
}

/// The edited text, if it says what is wanted and nothing else.
fn exactly(wanted: Settings, edited: String, act: &str, address: &str) -> Outcome<Option<String>> {
    if Settings::parse(&edited).ok() == Some(wanted) {
        return Ok(Some(edited));
    }
    let failure = Failure::usage("its form would be lost");
    Err(failure.hint(format!(
        "{act} `{address}` under `skills.trusted_registries` by hand"
    )))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_content(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}

/// The lines that belong to the key at `start`: those indented deeper, or list items at its own
/// depth.
fn block_end(lines: &[String], start: usize) -> usize {
    let depth = indent(&lines[start]);
    let mut end = start + 1;
    for (index, line) in lines.iter().enumerate().skip(start + 1) {
        let inside =
            indent(line) > depth || (indent(line) == depth && line.trim_start().starts_with("- "));
        if is_content(line) {
            if !inside {
                break;
            }
            end = index + 1;
        }
    }
    end
}

fn find_list(lines: &[String]) -> (Option<usize>, Option<usize>) {
    let skills = lines
        .iter()
        .position(|line| line.trim_end() == "skills:" || line.starts_with("skills: #"));
    let list = skills.and_then(|skills| {
        let end = block_end(lines, skills);
        (skills + 1..end).find(|index| lines[*index].trim_start().starts_with(LIST))
    });
    (skills, list)
}

fn insert(text: &str, address: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    match find_list(&lines) {
        (_, Some(list)) => {
            let depth = indent(&lines[list]);
            let value = lines[list]
                .trim_start()
                .trim_start_matches(LIST)
                .trim()
                .to_owned();
            if value == "[]" {
                lines[list] = format!("{}{LIST}", " ".repeat(depth));
                lines.insert(list + 1, format!("{}- {address}", " ".repeat(depth + 2)));
            } else if let Some(inner) = value.strip_suffix(']') {
                lines[list] = format!("{}{LIST} {inner}, {address}]", " ".repeat(depth));
            } else {
                let end = block_end(&lines, list);
                let items = lines[list + 1..end]
                    .iter()
                    .find(|line| line.trim_start().starts_with("- "));
                let depth = items.map_or(depth + 2, |line| indent(line));
                lines.insert(end, format!("{}- {address}", " ".repeat(depth)));
            }
        }
        (Some(skills), None) => {
            let child = lines[skills + 1..block_end(&lines, skills)]
                .iter()
                .find(|line| is_content(line));
            let depth = child.map_or(2, |line| indent(line));
            lines.insert(skills + 1, format!("{}{LIST}", " ".repeat(depth)));
            lines.insert(skills + 2, format!("{}- {address}", " ".repeat(depth + 2)));
        }
        (None, None) => {
            lines.extend([
                "skills:".to_owned(),
                format!("  {LIST}"),
                format!("    - {address}"),
            ]);
        }
    }
    finish(lines)
}

fn delete(text: &str, address: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (_, Some(list)) = find_list(&lines) else {
        return text.to_owned();
    };
    let names_it = |line: &str| {
        let item = line
            .trim_start()
            .strip_prefix("- ")
            .map(|item| item.split(" #").next().unwrap_or(item).trim());
        item.is_some_and(|item| item.trim_matches(['\'', '"']).trim_end_matches('/') == address)
    };
    let end = block_end(&lines, list);
    let kept = lines[list + 1..end]
        .iter()
        .filter(|line| is_content(line) && !names_it(line))
        .count();
    let mut index = 0;
    lines.retain(|line| {
        index += 1;
        !(index - 1 > list && index - 1 < end && names_it(line))
    });
    if kept == 0 {
        lines[list] = format!("{}{LIST} []", " ".repeat(indent(&lines[list])));
    }
    finish(lines)
}

fn finish(lines: Vec<String>) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "https://a.example";
    const B: &str = "https://b.example";

    fn home(text: &str) -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_owned(), None);
        std::fs::write(home.settings_file(), text).unwrap();
        (folder, home)
    }

    fn add(home: &Home, address: &str) -> Outcome<bool> {
        let mut changes = Changes::default();
        let added = add_registry(home, address, &mut changes)?;
        changes.commit(home).map(|()| added)
    }

    fn remove(home: &Home, address: &str) -> Outcome<bool> {
        let mut changes = Changes::default();
        let removed = remove_registries(home, &[address.to_owned()], &mut changes)?;
        changes.commit(home).map(|()| removed)
    }

    fn text(home: &Home) -> String {
        std::fs::read_to_string(home.settings_file()).unwrap()
    }

    #[test]
    fn an_address_is_added_to_every_usual_shape() {
        for before in [
            "",
            "# mine\nversion: '2026.1'\n",
            "skills:\n  security_level: moderate\n\nexecution:\n  timeout: 5000\n",
            "skills:\n  trusted_registries: []\n",
            "skills:\n  trusted_registries:\n  - https://a.example # ours\n  security_level: strict\n",
            "skills:\n    trusted_registries:\n        - https://a.example\n",
            "skills:\n  trusted_registries: [https://a.example]\n",
        ] {
            let (_folder, home) = home(before);
            let had = Settings::parse(before).unwrap().trusted_registries;
            assert!(add(&home, B).unwrap(), "{before}");
            let after = Settings::read(&home).unwrap();
            assert_eq!(
                after.trusted_registries,
                [had, vec![B.to_owned()]].concat(),
                "{before}"
            );
            assert!(!add(&home, B).unwrap(), "{before}");
            assert_eq!(text(&home).contains("# ours"), before.contains("# ours"));
        }
    }

    #[test]
    fn an_address_is_removed_and_comments_stay() {
        let before = "skills:\n  # where we get things\n  trusted_registries:\n    - https://a.example/\n    - https://b.example\n";
        let (_folder, home) = home(before);
        assert!(remove(&home, A).unwrap());
        assert_eq!(Settings::read(&home).unwrap().trusted_registries, [B]);
        assert!(remove(&home, B).unwrap());
        assert!(Settings::read(&home).unwrap().trusted_registries.is_empty());
        assert!(text(&home).contains("# where we get things"));
        assert!(!remove(&home, B).unwrap());
    }

    #[test]
    fn a_shape_that_is_not_understood_is_left_alone() {
        let before = "skills: {trusted_registries: [https://a.example]}\n";
        let (_folder, home) = home(before);
        let failure = add(&home, B).unwrap_err();
        assert!(failure.hint.unwrap().contains("by hand"));
        assert_eq!(text(&home), before);
    }
}
