//! Without a terminal nothing is asked: a command works, or ends in exit 3 with the command that would help.

use claw_tests::TestEnv;
use claw_tests::environment::ORIGIN;
use claw_tests::packages::TestPackage;

#[test]
fn adding_without_trust_or_grants_names_the_commands_that_help() {
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0").permission("filesystem.read=."));
    env.claw("add acme/x")
        .exits(3)
        .says("hint:")
        .says("--trust");
    env.claw(&format!(
        "trust add acme --origin {ORIGIN} --keyset {}",
        env.keyset
    ))
    .ok();
    env.claw("add acme/x")
        .exits(3)
        .says("hint:")
        .says("--allow")
        .says("filesystem.read=.");
    env.claw("add acme/x --allow filesystem.read=.").ok();
}

#[test]
fn errors_are_json_where_json_was_asked_for() {
    let env = TestEnv::new();
    let run = env.claw("info acme/nothing --json");
    assert_ne!(run.code, Some(0));
    let error: serde_json::Value =
        serde_json::from_str(run.stderr.trim()).expect("the error is JSON");
    assert!(
        error["error"]["code"].is_string() && error["error"]["message"].is_string(),
        "{error}"
    );
}

#[test]
fn usage_errors_exit_with_2_and_nothing_on_stdout() {
    let env = TestEnv::new();
    for words in [
        "add Not-A-Name",
        "run",
        "nothing",
        "add acme/x@^^1",
        "run acme/x echo --timeout soon",
    ] {
        let run = env.claw(words).exits(2);
        assert!(run.stdout.is_empty(), "{}", run.stdout);
    }
}

#[test]
fn unknown_settings_name_the_nearest_known_one() {
    let env = TestEnv::new();
    for (text, named) in [
        ("skils:\n  security_level: strict\n", "skills"),
        ("skills:\n  security_levl: strict\n", "security_level"),
        ("execution:\n  sandbox:\n    enabled: false\n", "sandbox"),
        ("memory:\n  type: hybrid\n", "not supported"),
    ] {
        std::fs::write(env.agent.home.join("config.yaml"), text).expect("written");
        env.claw("list").exits(2).says(named);
    }
}

#[test]
fn input_that_does_not_fit_is_refused_with_the_place_of_the_fault() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    env.agent
        .claw(&["run", "acme/x", "echo", "--input", r#"{"text": 7}"#])
        .exits(2)
        .says("/text");
    env.agent
        .claw(&[
            "run",
            "acme/x",
            "echo",
            "--input",
            r#"{"text": "a", "more": 1}"#,
        ])
        .exits(2)
        .says("more");
    env.claw("run acme/x echo").exits(2).says("text");
    env.claw("run acme/x ecko text=a").exits(5).says("echo");
    let run = env.claw("run acme/x echo text=7").ok();
    assert_eq!(run.stdout, "\"7\"\n");
}
