//! Skills that see private data, read what strangers write and can send data out: said wherever it is granted or
//! shown, and never in the way.

use claw_tests::packages::TestPackage;
use claw_tests::{Run, TestEnv, terminal};
use serde_json::{Value, json};

const FETCH: &str = "network.external=https://*:*";

/// An agent that may add `acme/files`, `acme/fetch` and `acme/both`.
fn world() -> TestEnv {
    let env = TestEnv::pinned();
    let skill = |name: &str| TestPackage::new(name, "1.0.0");
    env.publish(&skill("acme/files").permission("filesystem.read=."));
    env.publish(&skill("acme/fetch").permission(FETCH));
    env.publish(
        &skill("acme/both")
            .permission("filesystem.read=.")
            .permission(FETCH),
    );
    env
}

/// The lines of every warning of a danger on stderr.
fn warned(run: &Run) -> String {
    let lines = run.stderr.lines();
    let lines =
        lines.skip_while(|line| !line.contains("what strangers write, and can send data out"));
    lines.collect::<Vec<_>>().join("\n")
}

fn assert_across(run: &Run) {
    let text = warned(run);
    for line in [
        "warning: the skills of this project together",
        "    private data: filesystem.read=. of acme/files",
        "    what strangers write: network.external=https://*:* of acme/fetch",
        "    a way out: network.external=https://*:* of acme/fetch",
    ] {
        assert!(
            text.contains(line),
            "no `{line}` in `{}`:\n{}",
            run.typed,
            run.stderr
        );
    }
}

#[test]
fn one_skill_with_all_three_is_told_when_it_is_granted_and_shown() {
    let env = world();
    let info = env.claw("info acme/both").ok();
    assert!(
        info.stdout.contains("beware, if all of it is granted"),
        "{}",
        info.stdout
    );
    let add = env.claw("add acme/both --allow filesystem.read=.").ok();
    assert_eq!(warned(&add), "", "two of three are no danger");
    let grant = env.claw(&format!("grant acme/both {FETCH}")).ok();
    assert!(
        warned(&grant).contains("warning: `acme/both` sees private data"),
        "{}",
        grant.stderr
    );
    assert!(warned(&grant).contains("    private data: filesystem.read=.\n"));
    let list = env.claw("list").ok();
    assert!(warned(&list).contains("`acme/both`") && !warned(&list).contains("together"));
    assert!(
        env.claw("info acme/both")
            .ok()
            .stdout
            .contains("  beware: `acme/both`")
    );
    let doctor = env.claw("doctor --offline").ok();
    assert!(
        doctor
            .stdout
            .contains("notice  `acme/both` sees private data"),
        "{}",
        doctor.stdout
    );

    let rows = env.claw("list --json").ok().json();
    let part = json!([{"skill": "acme/both", "permission": "filesystem.read=."}]);
    assert_eq!(rows[0]["danger"]["private_data"], part);
    assert_eq!(rows[0]["danger"]["way_out"][0]["permission"], FETCH);
    // It forbids nothing.
    env.claw("run acme/both echo text=hello").ok();
    let revoke = env.claw(&format!("revoke acme/both {FETCH}")).ok();
    assert_eq!(warned(&revoke), "");
    assert_eq!(warned(&env.claw("list").ok()), "");
    assert!(env.claw("list --json").ok().json()[0]["danger"].is_null());
}

#[test]
fn it_is_told_before_the_question_is_asked() {
    let env = world();
    let add = env.agent.command("claw", &["add", "acme/both"]);
    let run = terminal::run(add, "n\n").exits(3);
    let (told, asked) = (
        run.screen.find("what it reads may make it"),
        run.screen.find("[y/N]"),
    );
    assert!(told.is_some() && told < asked, "{}", run.screen);
}

#[test]
fn skills_that_have_all_three_together_are_told_with_whose_is_which() {
    let env = world();
    let first = env.claw("add acme/files --allow filesystem.read=.").ok();
    assert_eq!(warned(&first), "");
    assert_across(&env.claw(&format!("add acme/fetch --allow {FETCH}")).ok());
    assert_across(&env.claw("list").ok());
    assert!(
        env.claw("doctor --offline")
            .ok()
            .stdout
            .contains("the skills of this project together")
    );
    assert_across(&env.claw(&format!("grant acme/fetch {FETCH}")).ok());
    // What was answered before is not told by every command.
    assert_eq!(warned(&env.claw("install").ok()), "");

    let list = env.claw("list --json").ok();
    let said: Value = serde_json::from_str(list.stderr.trim()).expect("one line of JSON");
    assert_eq!(
        said["warning"]["parts"]["private_data"][0]["skill"],
        "acme/files"
    );

    // Another project has nothing to do with it.
    let other = env.agent.folder.join("other");
    std::fs::create_dir(&other).expect("a folder");
    std::fs::write(other.join("claw.toml"), "").expect("written");
    let mut list = env.agent.command("claw", &["list"]);
    list.current_dir(&other);
    assert_eq!(warned(&Run::of(list).ok()), "");
}

#[test]
fn an_update_that_brings_the_third_is_told_before_it_is_accepted() {
    let env = world();
    env.claw("add acme/files --allow filesystem.read=.").ok();
    let grown = TestPackage::new("acme/files", "1.1.0").permission("filesystem.read=.");
    env.publish(&grown.permission(FETCH));
    let update = env.claw("update").exits(3);
    assert!(
        warned(&update).contains("`acme/files` sees private data"),
        "{}",
        update.stderr
    );
    assert_eq!(warned(&env.claw("list").ok()), "");
}

#[test]
fn strict_warns_and_refuses_nothing() {
    let env = world();
    env.claw("add acme/both --no-grants").ok();
    let settings = env.agent.home.join("config.yaml");
    let text = std::fs::read_to_string(&settings).expect("init wrote it");
    let strict = text.replacen("skills:\n", "skills:\n  security_level: strict\n", 1);
    assert_ne!(strict, text, "{text}");
    std::fs::write(&settings, strict).expect("written");
    let grant = env
        .claw(&format!("grant acme/both filesystem.read=. {FETCH}"))
        .ok();
    assert!(warned(&grant).contains("`acme/both`"), "{}", grant.stderr);
    env.claw("run acme/both echo text=hello").ok();
}
