//! `claw update`: what is shown before anything moves, and one question for all of it.

use claw_tests::TestEnv;
use claw_tests::packages::{TestPackage, component};
use claw_tests::terminal;

/// A component that exports one function of another shape than the tests' `echo`.
fn other(name: &str) -> Vec<u8> {
    let name = name.replace('/', ":");
    component(&format!(
        r#"(component
  (core module $m (func (export "echo") (param i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m))
  (func $echo (param "text" u32) (result u32) (canon lift (core func $i "echo")))
  (instance $api (export "echo" (func $echo)))
  (export "{name}/api@0.1.0" (instance $api)))"#
    ))
}

/// Two installed skills of which there is more: one asks for more, one takes other arguments.
fn env() -> TestEnv {
    let env = TestEnv::pinned();
    for name in ["acme/a", "acme/b"] {
        env.publish(&TestPackage::new(name, "1.0.0").permission("environment=HOME"));
    }
    env.claw("add acme/a@* acme/b@* --no-grants").ok();
    env.publish(&TestPackage::new("acme/a", "1.1.0").permission("filesystem.read=docs"));
    let breaking = TestPackage::new("acme/b", "2.0.0").permission("environment=HOME");
    env.publish(&breaking.component(other("acme/b")));
    env
}

#[test]
fn a_dry_run_shows_versions_permissions_and_interfaces_and_changes_nothing() {
    let env = env();
    let lock = env.agent.read("claw.lock");
    let store = |env: &TestEnv| {
        let releases = |name: &str| std::fs::read_dir(env.agent.home.join("store/acme").join(name));
        ["a", "b"].map(|name| releases(name).expect("it is installed").count())
    };
    let before = store(&env);
    let shown = env.claw("update --dry-run").ok().stdout;
    for text in [
        "acme/a 1.0.0 would become 1.1.0",
        "(filesystem.read=docs)",
        "(environment=HOME)",
        "acme/b 1.0.0 would become 2.0.0",
        "breaks callers: ",
    ] {
        assert!(shown.contains(text), "no `{text}` in\n{shown}");
    }
    let report = env.claw("update --dry-run --json").ok().json();
    let updates = &report["updates"];
    assert_eq!(updates[0]["grown"][0], "filesystem.read=docs", "{report}");
    assert_eq!(updates[0]["dropped"][0], "environment=HOME", "{report}");
    assert_eq!(updates[0]["interfaces"], serde_json::json!([]), "{report}");
    assert_eq!(updates[1]["interfaces"][0]["breaking"], true, "{report}");
    assert_eq!((env.agent.read("claw.lock"), store(&env)), (lock, before));
}

#[test]
fn everything_is_asked_in_one_question_and_a_no_moves_nothing() {
    let env = env();
    let update = || env.agent.command("claw", &["update"]);
    let lock = env.agent.read("claw.lock");
    let refused = terminal::run(update(), "n\n").exits(3);
    let refused = refused.shows("Update 2 skills and grant this? [y/N]");
    assert_eq!(
        refused.screen.matches("[y/N]").count(),
        1,
        "{}",
        refused.screen
    );
    assert_eq!(env.agent.read("claw.lock"), lock);

    let moved = terminal::run(update(), "y\n").exits(0);
    let moved = moved
        .shows("(filesystem.read=docs)")
        .shows("breaks callers: ");
    assert!(
        moved.stdout.contains("updated acme/a 1.0.0 to 1.1.0"),
        "{}",
        moved.stdout
    );
    assert!(
        moved.stdout.contains("updated acme/b 1.0.0 to 2.0.0"),
        "{}",
        moved.stdout
    );
    let list = env.claw("list").ok().stdout;
    assert!(
        list.contains("acme/a 1.1.0  may: filesystem.read=docs"),
        "{list}"
    );
    // Nothing is open, so that nothing is asked.
    let again = terminal::run(update(), "").exits(0);
    assert!(!again.screen.contains("[y/N]"), "{}", again.screen);
}

#[test]
fn without_a_terminal_growth_stops_every_skill() {
    let env = env();
    let lock = env.agent.read("claw.lock");
    env.claw("update")
        .exits(3)
        .says("filesystem.read=docs")
        .says("hint: claw add");
    assert_eq!(env.agent.read("claw.lock"), lock);
    env.claw("update acme/b").ok().says("breaks callers: ");
    env.claw("run acme/b echo text=7").ok();
}

#[test]
fn a_project_without_skills_has_nothing_to_update() {
    let env = TestEnv::new();
    env.claw("update")
        .ok()
        .says("claw.toml names no skills")
        .says("hint: claw add");
    env.claw("update --dry-run")
        .ok()
        .says("claw.toml names no skills");
    let report = env.claw("update --json").ok().json();
    assert_eq!(report["updates"], serde_json::json!([]));
}

#[test]
fn a_no_to_new_keys_speaks_of_keys() {
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0").permission("filesystem.read=."));
    let add = env.agent.command("claw", &["add", "acme/x"]);
    let run = terminal::run(add, "n\n").exits(3);
    let run = run
        .shows("Trust these keys")
        .shows("claw trust add acme --origin")
        .shows(&env.keyset);
    assert!(!run.screen.contains("--no-grants"), "{}", run.screen);
}
