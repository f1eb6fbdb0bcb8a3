//! What a skill has copies of: the WIT that it can import, and the SDK until that is published.
//!
//! A list of digests beside the copies says how they were written, so that a file that its author has edited is known
//! and left alone. Without the list whatever differs counts as edited. Nothing outside of the two folders is touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use claw_package::Digest;

use crate::carried;
use crate::failure::{Failure, Kind, OrFail, Outcome};

/// Where the list is: one line for each file, its digest and its path. The WIT parser passes it by.
const LIST: &str = "wit/deps/vendored.txt";

/// The folder of the SDK in a skill.
const SDK: &str = "vendor/claw-sdk";

/// Every file that this program carries, by its path in a skill.
fn carried(with_sdk: bool) -> BTreeMap<String, &'static str> {
    let mut files = BTreeMap::new();
    for (path, text) in carried::WASI {
        files.insert(format!("wit/deps/{path}"), *text);
    }
    for (path, text) in carried::CLAW_SKILL {
        files.insert(format!("wit/deps/claw-skill/{path}"), *text);
    }
    if with_sdk {
        for (path, text) in carried::SDK {
            files.insert(format!("{SDK}/{path}"), *text);
        }
        for (path, text) in carried::CLAW_SKILL {
            files.insert(format!("{SDK}/wit/{path}"), *text);
        }
        for (path, text) in carried::WASI {
            files.insert(format!("{SDK}/wit/deps/{path}"), *text);
        }
    }
    files
}

/// Writes all of it into a new skill.
pub(crate) fn write_new(folder: &Path) -> Outcome {
    let files = carried(true);
    for (path, text) in &files {
        write(folder, path, text)?;
    }
    write(
        folder,
        LIST,
        &list(files.iter().map(|(path, text)| (path.as_str(), *text))),
    )
}

/// What bringing a skill up to date would do, by path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Files that are not there.
    pub(crate) added: Vec<String>,
    /// Files that are as they were written once, and different now.
    pub(crate) changed: Vec<String>,
    /// Files that are as they were written once, and are no more.
    pub(crate) removed: Vec<String>,
    /// Files that are neither as they were written nor as they are now.
    pub(crate) edited: Vec<String>,
}

impl Plan {
    /// Looks at the copies in a skill's folder, and changes nothing.
    pub(crate) fn of(folder: &Path) -> Outcome<Plan> {
        let listed = read_list(folder)?;
        let files = carried(folder.join(SDK).is_dir());
        let mut plan = Plan::default();
        for (path, text) in &files {
            match read(folder, path)? {
                None => plan.added.push(path.clone()),
                Some(bytes) if bytes == text.as_bytes() => {}
                Some(bytes) if listed.get(path) == Some(&Digest::of(&bytes)) => {
                    plan.changed.push(path.clone());
                }
                Some(_) => plan.edited.push(path.clone()),
            }
        }
        for (path, digest) in &listed {
            let is_gone = !files.contains_key(path) && is_ours(path);
            match read(folder, path)? {
                Some(bytes) if is_gone && Digest::of(&bytes) == *digest => {
                    plan.removed.push(path.clone());
                }
                _ => {}
            }
        }
        Ok(plan)
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Plan::default()
    }

    /// Does it, edited files included.
    pub(crate) fn carry_out(&self, folder: &Path) -> Outcome {
        let files = carried(folder.join(SDK).is_dir());
        for path in self.added.iter().chain(&self.changed).chain(&self.edited) {
            write(folder, path, files[path])?;
        }
        for path in &self.removed {
            fs::remove_file(folder.join(path))
                .or_fail(Kind::Io, format!("could not remove `{path}`"))?;
        }
        write(
            folder,
            LIST,
            &list(files.iter().map(|(path, text)| (path.as_str(), *text))),
        )
    }
}

/// Whether a path of the list is one that this program could have written.
fn is_ours(path: &str) -> bool {
    let is_plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    is_plain && (path.starts_with("wit/deps/") || path.starts_with("vendor/claw-sdk/"))
}

fn list<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    files
        .map(|(path, text)| format!("{} {path}\n", Digest::of(text.as_bytes())))
        .collect()
}

fn read_list(folder: &Path) -> Outcome<BTreeMap<String, Digest>> {
    let bytes = read(folder, LIST)?.unwrap_or_default();
    let text = String::from_utf8(bytes).or_fail(Kind::Usage, format!("could not read `{LIST}`"))?;
    let entry = |line: &str| {
        let (digest, path) = line.split_once(' ')?;
        Some((path.to_owned(), digest.parse().ok()?))
    };
    let entries = text.lines().map(|line| {
        entry(line).ok_or_else(|| {
            let failure =
                Failure::usage(format!("`{LIST}` has a line that is none of its: `{line}`"));
            failure.hint(format!("rm {LIST}, then cargo claw wit update"))
        })
    });
    entries.collect()
}

fn read(folder: &Path, path: &str) -> Outcome<Option<Vec<u8>>> {
    match fs::read(folder.join(path)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).or_fail(Kind::Io, format!("could not read `{path}`")),
    }
}

fn write(folder: &Path, path: &str, text: &str) -> Outcome {
    let place = folder.join(path);
    let made = place.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(&place, text))
        .or_fail(Kind::Io, format!("could not write `{}`", place.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "wit/deps/claw-skill/log.wit";

    /// A skill that an older program made: `log.wit` was another, and there was one more file.
    fn older() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write_new(folder.path()).unwrap();
        let mut files = carried(true);
        files.insert(LOG.to_owned(), "// older\n");
        files.insert("wit/deps/old/gone.wit".to_owned(), "// gone\n");
        for (path, text) in &files {
            write(folder.path(), path, text).unwrap();
        }
        let listed = list(files.iter().map(|(path, text)| (path.as_str(), *text)));
        write(folder.path(), LIST, &listed).unwrap();
        folder
    }

    #[test]
    fn what_new_writes_is_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        write_new(folder.path()).unwrap();
        assert!(Plan::of(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn what_was_written_once_is_brought_up_to_date() {
        let folder = older();
        fs::remove_file(folder.path().join("wit/deps/io/poll.wit")).unwrap();
        let plan = Plan::of(folder.path()).unwrap();
        let expected = Plan {
            added: vec!["wit/deps/io/poll.wit".to_owned()],
            changed: vec![LOG.to_owned()],
            removed: vec!["wit/deps/old/gone.wit".to_owned()],
            edited: Vec::new(),
        };
        assert_eq!(plan, expected);
        plan.carry_out(folder.path()).unwrap();
        assert!(Plan::of(folder.path()).unwrap().is_empty());
        assert!(!folder.path().join("wit/deps/old/gone.wit").exists());
    }

    #[test]
    fn what_its_author_has_edited_is_told_apart() {
        let folder = older();
        write(folder.path(), LOG, "// mine\n").unwrap();
        write(folder.path(), "wit/deps/old/gone.wit", "// mine\n").unwrap();
        let plan = Plan::of(folder.path()).unwrap();
        assert_eq!((plan.edited, plan.removed), (vec![LOG.to_owned()], vec![]));
        // Without the list nobody knows.
        fs::remove_file(folder.path().join(LIST)).unwrap();
        assert_eq!(Plan::of(folder.path()).unwrap().edited, [LOG]);
    }

    #[test]
    fn the_sdk_is_left_out_where_it_is_not_there_and_no_path_leads_out() {
        let folder = older();
        fs::remove_dir_all(folder.path().join("vendor")).unwrap();
        let plan = Plan::of(folder.path()).unwrap();
        assert!(plan.added.iter().all(|path| path.starts_with("wit/")));
        assert!(is_ours(LOG) && !is_ours("wit/deps/../../x") && !is_ours("src/lib.rs"));
    }
}
