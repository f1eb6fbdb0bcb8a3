//! What makes an author's day shorter: differences that can be read, results that can be accepted, builds that follow
//! changes, copies that keep up.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use claw_tests::environment::Person;
use claw_tests::packages;
use tempfile::TempDir;

/// An author with the skill `acme/x`, which needs no compiler and gives back its `text`.
fn author(root: &TempDir) -> Person {
    let author = Person::new(root.path(), "author");
    author.write(
        "skill.toml",
        "name = \"acme/x\"\nversion = \"1.0.0\"\ndescription = \"A skill of the tests.\"\nlicense = \"MIT\"\n",
    );
    let component = packages::echo(&"acme/x".parse().expect("a name"));
    std::fs::write(author.folder.join("skill.wasm"), component).expect("written");
    author
}

#[test]
fn a_failing_test_shows_the_difference_and_update_accepts_what_was_found() {
    let root = TempDir::new().expect("a temporary folder");
    let author = author(&root);
    let text = "# What echo promises.\n[[test]]\nname = \"it gives back its text\" # all of it\n\
                action = \"echo\"\ninput = { text = \"one\\ntwo\" }\nresult = \"one\\nthree\"\n";
    author.write("tests/echo.toml", text);
    let run = author.cargo_claw(&["test"]).exits(1).says("--update");
    for line in [
        "FAILED (tests/echo.toml:3)",
        "  -three",
        "  +two",
        "1 of 1 actions called",
    ] {
        assert!(run.stdout.contains(line), "{line}:\n{}", run.stdout);
    }
    assert_eq!(author.read("tests/echo.toml"), text, "only --update writes");
    let run = author.cargo_claw(&["test", "--update"]).ok();
    assert!(
        run.stdout.contains("0 passed, 0 failed, 1 accepted"),
        "{}",
        run.stdout
    );
    let updated = author.read("tests/echo.toml");
    assert!(updated.starts_with("# What echo promises.\n"), "{updated}");
    assert!(
        updated.contains("# all of it") && !updated.contains("three"),
        "{updated}"
    );
    author.cargo_claw(&["test"]).ok();
    let none = author.cargo_claw(&["test", "nothing"]).ok();
    none.says("no test has `nothing` in its name");
    author.write("tests/echo.toml", "");
    let run = author.cargo_claw(&["test"]).ok();
    assert!(
        run.stdout
            .contains("0 of 1 actions called; no test calls echo"),
        "{}",
        run.stdout
    );
}

#[test]
fn watching_builds_again_on_a_change_and_ends_on_ctrl_c() {
    let root = TempDir::new().expect("a temporary folder");
    let author = author(&root);
    let mut command = author.command("cargo-claw", &["build", "--watch", "--json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("it starts");
    let mut built = BufReader::new(process.stdout.take().expect("a pipe")).lines();
    let mut told = BufReader::new(process.stderr.take().expect("a pipe")).lines();
    let mut digest = || {
        let line = built.next().expect("a build").expect("text");
        let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        json["digest"].as_str().expect("a digest").to_owned()
    };
    let first = digest();
    let mut waits = |what: &str| {
        let said = told.find(|line| line.as_ref().is_ok_and(|line| line.contains(what)));
        assert!(said.is_some(), "it never said `{what}`");
    };
    waits("watching");
    std::fs::write(author.folder.join("skill.wasm"), "no component").expect("written");
    waits("can't be used as a skill");
    waits("watching");
    let other = packages::echo(&"acme/y".parse().expect("a name"));
    std::fs::write(author.folder.join("skill.wasm"), other).expect("written");
    assert_ne!(digest(), first);
    let pid = process.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.expect("kill is there").success());
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
}

#[test]
fn copies_are_brought_up_to_date_and_what_was_edited_is_kept() {
    let root = TempDir::new().expect("a temporary folder");
    let author = Person::new(root.path(), "author");
    author.cargo_claw(&["new", "acme/x"]).ok();
    let author = Person {
        folder: author.folder.join("x"),
        home: author.home,
    };
    author
        .cargo_claw(&["wit", "update"])
        .ok()
        .says("everything is up to date");
    let poll = "wit/deps/io/poll.wit";
    let carried = author.read(poll);
    author.write(poll, "// mine\n");
    std::fs::remove_file(author.folder.join("wit/deps/io/error.wit")).expect("removed");
    author.cargo_claw(&["wit", "update"]).exits(3).says(poll);
    assert!(!author.folder.join("wit/deps/io/error.wit").exists());
    assert_eq!(author.read(poll), "// mine\n");
    let run = author.cargo_claw(&["wit", "update", "--force"]).ok();
    assert!(
        run.stdout.contains(&format!("overwritten {poll}")),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("added wit/deps/io/error.wit"),
        "{}",
        run.stdout
    );
    assert_eq!(author.read(poll), carried);
}

#[test]
fn new_asks_nobody_without_a_terminal() {
    let root = TempDir::new().expect("a temporary folder");
    let author = Person::new(root.path(), "author");
    author
        .cargo_claw(&["new"])
        .exits(2)
        .says("cargo claw new NAME");
}

#[test]
fn what_is_wrong_in_a_manifest_is_named_with_its_place_in_the_file() {
    let root = TempDir::new().expect("a temporary folder");
    let author = author(&root);
    let skill = author.read("skill.toml");
    let place = |name: &str, text: String, at: &str| {
        author.write(name, &text);
        let file = author.folder.join(name);
        let at = format!("{}:{at}", file.display());
        author.cargo_claw(&["check"]).exits(2).says(&at);
        std::fs::remove_file(file).expect("it was written");
    };
    place(
        "skill.toml",
        format!("{skill}permissions = [\n  \"filesystem.read=.\",\n  \"filesystem.reed=.\",\n]\n"),
        "7:3\n",
    );
    place(
        "skill.toml",
        format!("{skill}[limits]\nhost_cals = 1\n"),
        "6:1\n",
    );
    place("skill.toml", format!("{skill}host = = 1\n"), "5:8\n");
    let package = |claw: &str| {
        format!(
            "{{\n  \"name\": \"@acme/x\", \"version\": \"1.0.0\",\n  \"description\": \"Ünïcode\", \"claw\": {claw}\n}}\n"
        )
    };
    let permissions =
        "{\n    \"permissions\": [\n      \"filesystem.read=.\", \"filesystem.reed=.\"\n    ]\n  }";
    place("package.json", package(permissions), "5:28\n");
    place("package.json", package("{\"colour\": 1}"), "3:38\n");
    place(
        "package.json",
        package("{\"limits\": {\"timeout_ms\": 0}}"),
        "3:49\n",
    );
    place("package.json", package("{\"host\": }"), "3:46\n");
}
