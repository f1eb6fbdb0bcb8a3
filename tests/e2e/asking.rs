//! What authors and those who host a registry are asked at a terminal.

use claw_tests::environment::{ORIGIN, Person};
use claw_tests::registry::RegistryOptions;
use claw_tests::terminal::Left;
use claw_tests::{Registry, TestEnv, terminal};
use rustix::process::{Signal, kill_process};
use tempfile::TempDir;

#[test]
fn an_author_without_words_is_asked_for_the_name_and_the_namespace() {
    let root = TempDir::new().expect("a temporary folder");
    let author = Person::new(root.path(), "author");
    let new =
        |answers: &[(&str, &str)]| terminal::talk(author.command("cargo-claw", &["new"]), answers);
    let name = ("name of the skill: ", "weather\n");
    new(&[name, ("namespace, whose it is [example]: ", "acme\n")])
        .exits(0)
        .shows("made `acme/weather` in `weather`");
    assert!(
        author
            .read("weather/Cargo.toml")
            .contains("namespace = \"acme\"")
    );

    // Nothing typed is what stands in brackets, and a whole name leaves nothing to ask.
    new(&[("name of the skill: ", "tides\n"), ("namespace", "\n")])
        .exits(0)
        .shows("made `example/tides`");
    let whole = new(&[("name of the skill: ", "umbrella/winds\n")]).exits(0);
    assert!(
        !whole.screen.contains("namespace, whose it is"),
        "{}",
        whole.screen
    );

    new(&[
        ("name of the skill: ", "No Name\n"),
        ("namespace", "acme\n"),
    ])
    .exits(2)
    .shows("can't be the name of a skill");
    new(&[("name of the skill: ", "\u{4}")]).exits(3);
    assert!(!author.folder.join("No Name").exists());

    // With the keys of one namespace there is nothing to ask either.
    author.cargo_claw(&["key", "new", "acme/alice"]).ok();
    let keyed = new(&[("name of the skill: ", "sun\n")])
        .exits(0)
        .shows("made `acme/sun`");
    assert!(
        !keyed.screen.contains("namespace, whose it is"),
        "{}",
        keyed.screen
    );
}

#[test]
fn whoever_hosts_a_registry_is_shown_the_keys_and_asked_before_a_namespace_is_given_away() {
    let root = TempDir::new().expect("a temporary folder");
    let options = RegistryOptions {
        origin: Some(ORIGIN),
        ..RegistryOptions::default()
    };
    let registry = Registry::start_with(&root.path().join("registry"), &options);
    let author = Person::new(root.path(), "author");
    author.cargo_claw(&["key", "new", "acme/alice"]).ok();
    let words = [
        "key",
        "genesis",
        "acme/alice",
        "--registry",
        &registry.address,
    ];
    author.write("acme.keyset", &author.cargo_claw(&words).ok().stdout);
    let create = |answer: &str| {
        let data = registry.data().to_str().expect("a UTF-8 path");
        let words = [
            "namespace",
            "create",
            "acme",
            "--keyset",
            "acme.keyset",
            "--data",
            data,
        ];
        let command = author.command("claw-registry", &words);
        terminal::talk(command, &[("create? [y/N]", answer)])
    };
    for no in ["n\n", "\n", "\u{4}"] {
        let run = create(no);
        assert_ne!(run.code, Some(0), "{}", run.screen);
        let run = run
            .shows("releases are signed by acme/alice")
            .shows("nothing was created");
        assert_eq!(run.stdout, "");
    }
    let run = create("y\n").exits(0);
    assert!(
        run.stdout.starts_with("created acme 1:sha256:"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_terminal_shows_what_is_typed_again_whatever_ended_the_question() {
    let root = TempDir::new().expect("a temporary folder");
    let person = Person::new(root.path(), "somebody");
    let questions = [
        ("claw", &["secret", "set", "TOKEN"][..], "the value of"),
        ("cargo-claw", &["key", "new", "acme/bob"], "passphrase for"),
    ];
    for (program, words, question) in questions {
        let signals = [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT];
        for signal in signals {
            let command = person.command(program, words);
            let left = terminal::end_at(command, question, |process, _| {
                kill_process(process, signal).expect("it runs");
            });
            let expected = Left {
                code: None,
                signal: Some(signal.as_raw()),
                shows_what_is_typed: true,
            };
            assert_eq!(left, expected, "{program}");
        }
        for (key, code) in [("half\u{3}", 130), ("half\u{1c}", 130), ("\u{4}", 3)] {
            let command = person.command(program, words);
            let left = terminal::end_at(command, question, |_, keyboard| {
                keyboard.write_all(key.as_bytes()).expect("it is typed");
            });
            let expected = Left {
                code: Some(code),
                signal: None,
                shows_what_is_typed: true,
            };
            assert_eq!(left, expected, "{program}");
        }
    }
}

#[test]
fn a_question_that_nobody_can_be_asked_is_an_error_with_the_words_that_answer_it() {
    let env = TestEnv::new();
    env.author
        .cargo_claw(&["new"])
        .exits(2)
        .says("cargo claw new NAME");
}
