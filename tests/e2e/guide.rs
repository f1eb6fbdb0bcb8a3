//! The guide for authors as a newcomer follows it: what it prints is written into new skills, word for word, and works.

use claw_tests::environment::Person;
use claw_tests::{guests, programs};
use tempfile::TempDir;

/// The first block of `language` in the guide that holds `text`.
fn block(language: &str, text: &str) -> String {
    let path = programs::repository().join("docs/author.md");
    let guide = std::fs::read_to_string(path).expect("the guide is there");
    let fence = format!("```{language}\n");
    let blocks = guide
        .split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split_once("```"));
    let mut found = blocks
        .map(|(block, _)| block)
        .filter(|block| block.contains(text));
    let found = found.next();
    found
        .unwrap_or_else(|| panic!("the guide has no {language} with `{text}`"))
        .to_owned()
}

/// A new skill of `acme`, and its folder to work in.
fn new(root: &TempDir, name: &str) -> Person {
    guests::ensure_toolchain().expect("a toolchain for components");
    let person = Person::new(root.path(), "author");
    person
        .cargo_claw(&["new", name, "--namespace", "acme"])
        .ok();
    let folder = person.folder.join(name);
    std::fs::remove_file(folder.join("tests/greet.toml")).expect("it greets");
    Person { folder, ..person }
}

/// Puts `sections` of the guide in place of those of the same names.
fn replace_in_manifest(author: &Person, sections: &str) {
    let told: toml::Table = sections.parse().expect("the guide's manifest is TOML");
    let mut manifest: toml::Table = author.read("Cargo.toml").parse().expect("it is TOML");
    for (name, section) in told {
        match (name.as_str(), section) {
            ("package", toml::Value::Table(package)) => {
                let kept = manifest.entry(name).or_insert(toml::Table::new().into());
                kept.as_table_mut().expect("a section").extend(package);
            }
            (_, section) => drop(manifest.insert(name, section)),
        }
    }
    author.write("Cargo.toml", &manifest.to_string());
}

#[test]
fn the_skill_that_the_guide_makes_keeps_the_tests_that_it_prints() {
    let root = TempDir::new().unwrap();
    let author = new(&root, "notes");
    author.write("wit/world.wit", &block("wit", "interface notes"));
    author.write("src/lib.rs", &block("rust", "struct Notes;"));
    replace_in_manifest(&author, &block("toml", "name = \"notes\""));
    author.write("tests/add.toml", &block("toml", "a note is added"));
    let tested = author.cargo_claw(&["test"]).ok();
    assert!(
        tested.stdout.contains("2 passed, 0 failed") && tested.stdout.contains("1 of 1 actions"),
        "{}",
        tested.stdout
    );
    let words = [
        "run",
        "add",
        "text=Water the plants",
        "--allow",
        "filesystem.write=.",
    ];
    assert_eq!(author.cargo_claw(&words).ok().stdout, "1\n");
}

#[test]
fn the_request_that_the_guide_prints_is_answered_by_the_test_beside_it() {
    let root = TempDir::new().unwrap();
    let author = new(&root, "items");
    author.write(
        "wit/world.wit",
        "package acme:items@0.1.0;\n/// Items.\ninterface items {\n  /// Finds one.\n  \
         find: func(id: u32) -> result<string, string>;\n}\n/// Items.\nworld skill {\n  export items;\n}\n",
    );
    let find = block("rust", "fn find(id: u32)");
    author.write(
        "src/lib.rs",
        &format!(
            "claw_sdk::skill!(Items);\nstruct Items;\nimpl exports::acme::items::items::Guest for Items {{\n{find}}}\n"
        ),
    );
    replace_in_manifest(&author, &block("toml", "features = [\"http\"]"));
    author.write("tests/find.toml", &block("toml", "an item is found"));
    let tested = author.cargo_claw(&["test"]).ok();
    assert!(
        tested.stdout.contains("1 passed, 0 failed"),
        "{}",
        tested.stdout
    );
    // What the manifest asks for is used, and what it imports is run: nothing is warned of.
    let checked = author.cargo_claw(&["check"]).ok();
    assert!(!checked.stderr.contains("warning:"), "{}", checked.stderr);
}
