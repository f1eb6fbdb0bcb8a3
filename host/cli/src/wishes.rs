//! `claw.toml`: the skills that a project wants, and the grants that it wishes for them.
//!
//! Wishes are shown to the operator and give nothing by themselves. Edits keep the author's
//! comments and order.

use std::collections::BTreeMap;
use std::path::PathBuf;

use claw_package::{PackageName, Permission, PermissionSet, Requirement};
use toml_edit::{Array, DocumentMut, Item, RawString, Table, TableLike, value};

use crate::durable::{self, Audience};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::journal::Changes;

/// The name of the file, looked for upward from the working folder.
pub(crate) const FILE_NAME: &str = "claw.toml";

/// Room for thousands of skills with comments.
const WISHES_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What a project wants of one skill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) requirement: Requirement,
    pub(crate) grants: PermissionSet,
}

/// The file, parsed, with the text that it came from.
#[derive(Debug)]
pub(crate) struct Wishes {
    path: PathBuf,
    document: DocumentMut,
    pub(crate) skills: BTreeMap<PackageName, Wish>,
}

impl Wishes {
    /// Reads the file; none is an empty one.
    pub(crate) fn read(path: PathBuf) -> Outcome<Self> {
        let text =
            durable::read_text(&path, WISHES_BYTES_MAX, Audience::Everyone)?.unwrap_or_default();
        let act = format!("`{}` does not hold", path.display());
        Wishes::parse(path, &text).map_err(|failure| failure.during(act))
    }

    fn parse(path: PathBuf, text: &str) -> Outcome<Self> {
        let document: DocumentMut = text.parse().or_fail(Kind::Usage, "it is not valid TOML")?;
        let mut skills = BTreeMap::new();
        for (key, item) in document.iter() {
            if key != "skills" {
                return Err(unknown(key, &["skills"]));
            }
            let table = item
                .as_table_like()
                .ok_or_else(|| Failure::usage("`skills` is a table"))?;
            for (name, item) in table.iter() {
                let (name, wish) = read_skill(name, item)
                    .map_err(|failure| failure.during(format!("at `{name}`")))?;
                if skills.insert(name.clone(), wish).is_some() {
                    return Err(Failure::usage(format!("`{name}` is in it twice")));
                }
            }
        }
        Ok(Wishes {
            path,
            document,
            skills,
        })
    }

    /// Adds a skill, or changes what is wanted of it.
    pub(crate) fn set(&mut self, name: &PackageName, wish: Wish) -> Outcome {
        let not_a_table = || Failure::new(Kind::Bug, "a table of `claw.toml` stopped being one");
        // In a file of comments alone they are all at its end, where nobody looks for them.
        let comments = self
            .document
            .trailing()
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let before = if !self.document.is_empty() {
            "\n".to_owned()
        } else if comments.is_empty() {
            String::new()
        } else {
            self.document.set_trailing("");
            format!("{comments}\n")
        };
        let skills = self.document.entry("skills").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let skills = skills.as_table_like_mut().ok_or_else(not_a_table)?;
        let key = written_name(skills, name).unwrap_or_else(|| name.to_string());
        let skill = skills.entry(&key).or_insert_with(|| {
            let mut table = Table::new();
            table.decor_mut().set_prefix(before);
            Item::Table(table)
        });
        let skill = skill.as_table_like_mut().ok_or_else(not_a_table)?;
        set_kept(skill, "version", value(wish.requirement.to_string()));
        let grants: Array = wish.grants.iter().map(ToString::to_string).collect();
        set_kept(skill, "grants", value(grants));
        self.skills.insert(name.clone(), wish);
        Ok(())
    }

    /// Removes a skill. Comments right above it are its own and go with it; comments above those,
    /// and everything at the top of the file, stay.
    pub(crate) fn remove(&mut self, name: &PackageName) {
        self.skills.remove(name);
        let Some(skills) = self
            .document
            .get_mut("skills")
            .and_then(Item::as_table_like_mut)
        else {
            return;
        };
        let Some(key) = written_name(skills, name) else {
            return;
        };
        let Some(Item::Table(removed)) = skills.remove(&key) else {
            return;
        };
        let is_before = |table: &Table| table.position() < removed.position();
        let tables = skills.iter().filter_map(|(_, item)| item.as_table());
        let is_first = !tables.into_iter().any(is_before);
        let kept = kept_comments(prefix(&removed), is_first);
        if kept.is_empty() {
            return;
        }
        let tables = skills.iter_mut().filter_map(|(_, item)| match item {
            Item::Table(table) if table.position() > removed.position() => Some(table),
            _ => None,
        });
        match tables.min_by_key(|table| table.position()) {
            Some(next) => {
                let below = prefix(next).trim_start_matches('\n').to_owned();
                next.decor_mut().set_prefix(format!("{kept}\n{below}"));
            }
            None => {
                let below = self.document.trailing().as_str().unwrap_or_default();
                let below = below.trim_start_matches('\n').to_owned();
                let gap = if below.is_empty() { "" } else { "\n" };
                self.document.set_trailing(format!("{kept}{gap}{below}"));
            }
        }
    }

    /// Adds the file to others that are written with it.
    pub(crate) fn add_to(&self, changes: &mut Changes) -> Outcome {
        changes.add(&self.path, self.document.to_string(), Audience::Everyone)
    }
}

/// The blank lines and comments above a table.
fn prefix(table: &Table) -> &str {
    let prefix = table.decor().prefix();
    prefix.and_then(RawString::as_str).unwrap_or_default()
}

/// What stays of the comments above a removed table: all at the top of the file, where they may be
/// about everything, else what a blank line sets apart.
fn kept_comments(prefix: &str, is_first: bool) -> String {
    let end = match prefix.rfind("\n\n") {
        _ if is_first => prefix.len(),
        Some(blank) => blank + 1,
        None => 0,
    };
    let kept = &prefix[..end];
    match kept.trim().is_empty() {
        true => String::new(),
        false => format!("{}\n", kept.trim_end()),
    }
}

/// Keeps the comment after a value that is replaced.
fn set_kept(table: &mut dyn TableLike, key: &str, mut item: Item) {
    if let (Some(old), Some(new)) = (table.get(key).and_then(Item::as_value), item.as_value_mut()) {
        *new.decor_mut() = old.decor().clone();
    }
    table.insert(key, item);
}

/// How the author wrote this name: `@acme/x` and `acme:x` are the same package.
fn written_name(skills: &dyn TableLike, name: &PackageName) -> Option<String> {
    let mut keys = skills.iter().map(|(key, _)| key);
    keys.find(|key| {
        key.parse::<PackageName>()
            .is_ok_and(|written| written == *name)
    })
    .map(str::to_owned)
}

fn read_skill(name: &str, item: &Item) -> Outcome<(PackageName, Wish)> {
    let name: PackageName = name.parse().or_fail(Kind::Usage, "it names no skill")?;
    let table = item
        .as_table_like()
        .ok_or_else(|| Failure::usage("it is a table with `version` and `grants`"))?;
    let mut requirement = None;
    let mut grants = Vec::new();
    for (key, item) in table.iter() {
        match key {
            "version" => {
                let text = item
                    .as_str()
                    .ok_or_else(|| Failure::usage("`version` is text"))?;
                requirement = Some(
                    text.parse()
                        .or_fail(Kind::Usage, "`version` does not hold")?,
                );
            }
            "grants" => {
                let wrong = || Failure::usage("`grants` is a list of permissions");
                for grant in item.as_array().ok_or_else(wrong)? {
                    let text = grant.as_str().ok_or_else(wrong)?;
                    grants.push(
                        text.parse::<Permission>()
                            .or_fail(Kind::Usage, "`grants` does not hold")?,
                    );
                }
            }
            other => return Err(unknown(other, &["version", "grants"])),
        }
    }
    let requirement = requirement.ok_or_else(|| Failure::usage("it has no `version`"))?;
    Ok((
        name,
        Wish {
            requirement,
            grants: PermissionSet::new(grants),
        },
    ))
}

fn unknown(key: &str, known: &[&str]) -> Failure {
    let nearest = known
        .iter()
        .min_by_key(|known| strsim::damerau_levenshtein(known, key))
        .copied();
    let failure = Failure::usage(format!("it has no key `{key}`"));
    failure.hint(format!(
        "the nearest key is `{}`",
        nearest.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Outcome<Wishes> {
        Wishes::parse(PathBuf::from(FILE_NAME), text)
    }

    fn wish(requirement: &str, grants: &[&str]) -> Wish {
        let grants = PermissionSet::new(grants.iter().map(|grant| grant.parse().unwrap()));
        Wish {
            requirement: requirement.parse().unwrap(),
            grants,
        }
    }

    #[test]
    fn an_edit_keeps_comments_and_everything_else() {
        let text = "# our skills\n\n[skills.\"acme/files\"] # reads docs\nversion = \"^0.1\" # for now\ngrants = [\"filesystem.read=.\"]\n";
        let mut wishes = parse(text).unwrap();
        wishes
            .set(
                &"acme/files".parse().unwrap(),
                wish("^0.2", &["filesystem.read=docs"]),
            )
            .unwrap();
        wishes
            .set(&"acme/hello".parse().unwrap(), wish("*", &[]))
            .unwrap();
        let after = wishes.document.to_string();
        for kept in ["# our skills", "# reads docs", "# for now"] {
            assert!(after.contains(kept), "{after}");
        }
        let again = parse(&after).unwrap();
        assert_eq!(again.skills, wishes.skills);
        assert_eq!(again.skills.len(), 2);
        wishes.remove(&"acme/files".parse().unwrap());
        assert!(
            !parse(&wishes.document.to_string())
                .unwrap()
                .skills
                .contains_key(&"acme/files".parse().unwrap())
        );
    }

    #[test]
    fn comments_of_an_empty_file_stay_at_its_top() {
        let mut wishes = parse("# ours\n").unwrap();
        for name in ["acme/a", "acme/b"] {
            wishes.set(&name.parse().unwrap(), wish("^1", &[])).unwrap();
        }
        let text = wishes.document.to_string();
        let expected = "# ours\n\n[skills.\"acme/a\"]\nversion = \"^1\"\ngrants = []\n\n\
                        [skills.\"acme/b\"]\nversion = \"^1\"\ngrants = []\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn removing_a_skill_keeps_what_was_written_about_others() {
        let removed = |text: &str, name: &str| {
            let mut wishes = parse(text).unwrap();
            wishes.remove(&name.parse().unwrap());
            let text = wishes.document.to_string();
            assert_eq!(parse(&text).unwrap().skills, wishes.skills);
            text
        };
        let (a, b) = (
            "[skills.\"acme/a\"]\nversion = \"^1\"\n",
            "[skills.\"acme/b\"]\nversion = \"^1\"\n",
        );
        let text = format!("# ours\n\n{a}\n# reads docs\n{b}");
        let without_a = removed(&text, "acme/a");
        assert_eq!(without_a, format!("# ours\n\n# reads docs\n{b}"));
        assert_eq!(removed(&text, "acme/b"), format!("# ours\n\n{a}"));
        assert_eq!(removed(&without_a, "acme/b"), "# ours\n\n# reads docs\n");
        // Nobody can say whether this is about the file or the skill.
        let text = format!("# ours\n{a}");
        assert_eq!(removed(&text, "acme/a"), "# ours\n");
        let text = format!("{a}\n# two more\n\n# this one\n{b}\n# the end\n");
        let expected = format!("{a}\n# two more\n\n# the end\n");
        assert_eq!(removed(&text, "acme/b"), expected);
    }

    #[test]
    fn every_spelling_of_a_name_is_one_skill() {
        let mut wishes = parse("[skills.\"@acme/files\"]\nversion = \"^0.1\"\n").unwrap();
        wishes
            .set(&"acme/files".parse().unwrap(), wish("^0.2", &[]))
            .unwrap();
        assert_eq!(parse(&wishes.document.to_string()).unwrap().skills.len(), 1);
        assert!(
            parse("[skills.\"@acme/x\"]\nversion=\"*\"\n[skills.\"acme/x\"]\nversion=\"*\"\n")
                .is_err()
        );
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "[skill.\"acme/x\"]\nversion = \"*\"\n",
            "[skills.\"acme/x\"]\nverison = \"*\"\n",
            "[skills.\"acme/x\"]\n",
            "[skills.acme]\nversion = \"*\"\n",
            "[skills.\"acme/x\"]\nversion = \"*\"\ngrants = [\"everything\"]\n",
            "[skills.\"acme/x\"]\nversion = \"*\"\ngrants = \"filesystem.read=.\"\n",
            "skills = 3\n",
            "[skills\n",
        ] {
            assert_eq!(parse(text).unwrap_err().kind, Kind::Usage, "{text}");
        }
        assert!(
            parse("[skills.\"acme/x\"]\nverison = \"*\"\n")
                .unwrap_err()
                .hint
                .unwrap()
                .contains("`version`")
        );
    }
}
