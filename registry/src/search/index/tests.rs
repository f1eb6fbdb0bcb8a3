//! What a search finds, in which order, and how far it bounds what is asked.

use claw_package::PermissionSet;
use claw_registry_api::Timestamp;

use super::*;
use crate::db::summaries::{Row, Summary};
use crate::search::document::TERMS_MAX;

fn document(name: &str, entry: u64, description: &str, permissions: &[&str]) -> Document {
    let permissions = permissions.iter().map(|line| line.parse().unwrap());
    Document::of(&Row {
        entry,
        package: name.parse().unwrap(),
        version: "1.0.0".parse().unwrap(),
        permissions: PermissionSet::new(permissions),
        published: Timestamp::from_unix_seconds(0),
        summary: Summary {
            description: description.to_owned(),
            keywords: vec!["office".to_owned()],
            actions: vec!["run-all".to_owned()],
            imports: vec!["wasi:io/poll@0.2.6".to_owned()],
        },
    })
}

fn put(index: &mut Index, name: &str, entry: u64, description: &str) {
    let newest = document(name, entry, description, &[]);
    index.put(&name.parse().unwrap(), entry, Some(newest));
}

fn small() -> Index {
    let mut index = Index::default();
    put(&mut index, "acme/pdf-extract", 1, "Extract text and tables");
    put(&mut index, "acme/pdf", 2, "Everything about documents");
    put(
        &mut index,
        "beta/weather",
        3,
        "Say what the sky does, as a pdf on request",
    );
    put(&mut index, "beta/git-helper", 4, "Everyday git chores");
    index
}

fn found(index: &Index, text: &str) -> Vec<u64> {
    let found = index.find(&Question::new(text).page(0, 10));
    assert_eq!(found.total, found.hits.len() as u64);
    found.hits.iter().map(|hit| hit.entry).collect()
}

#[test]
fn a_name_comes_before_its_beginning_and_that_before_a_description() {
    let index = small();
    assert_eq!(found(&index, "pdf"), [2, 1, 3]);
    assert_eq!(found(&index, "acme/pdf-extract"), [1]);
    assert_eq!(found(&index, "pdfextract"), [1]);
    assert_eq!(found(&index, "PDF, extract"), [1]);
    assert_eq!(found(&index, "sky"), [3]);
    assert_eq!(found(&index, "office"), [2, 1, 4, 3]);
    assert_eq!(found(&index, "run-all beta"), [4, 3]);
}

#[test]
fn slips_are_forgiven_and_nonsense_is_not() {
    let index = small();
    for typed in ["wether", "waether", "weathr", "wheather"] {
        assert_eq!(found(&index, typed), [3], "{typed}");
    }
    assert_eq!(found(&index, "pdf extarct"), [1]);
    assert!(found(&index, "zebra").is_empty());
    assert!(found(&index, "!!").is_empty());
}

#[test]
fn what_has_more_of_the_words_is_found_and_what_has_fewer_is_not() {
    let index = small();
    assert_eq!(found(&index, "extract tables from my pdf, please"), [1]);
    assert_eq!(found(&index, "everyday zebra"), [4]);
    // A word typed twice is one word.
    assert_eq!(Question::new("git git GIT").words(), 1);
}

#[test]
fn nothing_typed_finds_everything_the_most_downloaded_first() {
    let mut index = small();
    assert_eq!(found(&index, ""), [2, 1, 4, 3]);
    index.count(&"beta/weather".parse().unwrap(), 3);
    index.count(&"beta/git-helper".parse().unwrap(), 2);
    assert_eq!(found(&index, " "), [3, 4, 2, 1]);
    // And between two that match alike.
    assert_eq!(found(&index, "beta"), [3, 4]);
    let hits = index.find(&Question::new("").page(1, 2)).hits;
    assert_eq!((hits[0].entry, hits[0].downloads), (4, 2));
    assert_eq!(hits[0].shown.package.to_string(), "beta/git-helper");
    assert_eq!(hits.len(), 2);
    let beyond = index.find(&Question::new("").page(9, 2));
    assert_eq!((beyond.total, beyond.hits.len()), (4, 0));
}

#[test]
fn filters_leave_out_what_does_not_ask_for_it() {
    let mut index = small();
    let reads = document("acme/pdf", 5, "", &["filesystem.read=docs"]);
    index.put(&"acme/pdf".parse().unwrap(), 5, Some(reads));
    let ask = |text, permission, import: &str| {
        let question = Question::new(text).filtered(permission, Some(import.to_owned()));
        index.find(&question.page(0, 10)).total
    };
    let read = Some(PermissionKind::FilesystemRead);
    assert_eq!(ask("pdf", read, "wasi:io"), 1);
    assert_eq!(ask("", read, "wasi:io/poll"), 1);
    assert_eq!(ask("", read, "wasi:io/poll@0.2.6"), 1);
    assert_eq!(ask("weather", read, "wasi:io"), 0);
    assert_eq!(ask("", Some(PermissionKind::FilesystemWrite), "wasi:io"), 0);
    for other in ["wasi:i", "wasi:io/po", "wasi:io/poll@0.2", "wasi:http", ""] {
        assert_eq!(ask("", None, other), 0, "{other}");
    }
    // The words count among what passes: the better match that does not is no match.
    assert_eq!(ask("pdf extract", read, "wasi:io"), 1);
}

#[test]
fn the_newest_state_stands_whichever_came_last() {
    let mut index = small();
    let weather = "beta/weather".parse().unwrap();
    index.put(&weather, 9, None);
    assert!(found(&index, "weather").is_empty());
    // What was read before the yank.
    index.put(&weather, 8, Some(document("beta/weather", 3, "old", &[])));
    assert!(found(&index, "weather").is_empty());
    index.put(
        &weather,
        10,
        Some(document("beta/weather", 9, "thunder", &[])),
    );
    assert_eq!(found(&index, "weather"), [9]);
    assert_eq!(found(&index, "thunder"), [9]);
    assert!(found(&index, "sky").is_empty());
}

#[test]
fn a_package_of_very_many_words_is_found_by_the_first_of_them() {
    let mut index = Index::default();
    let many: Vec<String> = (0..2 * TERMS_MAX).map(|n| format!("word{n}x")).collect();
    put(&mut index, "acme/many", 1, &many.join(" "));
    assert_eq!(found(&index, "many"), [1]);
    assert_eq!(found(&index, "word0x"), [1]);
    assert!(
        index
            .find(&Question::new(&many[2 * TERMS_MAX - 1]).page(0, 1))
            .hits
            .len()
            <= 1
    );
    assert_eq!(
        index.slots[0].newest.as_ref().unwrap().terms.len(),
        TERMS_MAX
    );
}
