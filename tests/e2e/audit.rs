//! `claw audit` and `claw list --outdated`: what became of the skills that were accepted once.

use std::sync::{Arc, Mutex};

use claw_tests::TestEnv;
use claw_tests::environment::{ORIGIN, Person};
use claw_tests::mirror::Mirror;
use claw_tests::packages::TestPackage;
use serde_json::Value;

/// The faults of a report, as `name: fault`.
fn faults(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("a list");
    let text = |finding: &Value, field: &str| finding[field].as_str().expect("text").to_owned();
    let fault = |finding| format!("{}: {}", text(finding, "name"), text(finding, "fault"));
    findings.iter().map(fault).collect()
}

#[test]
fn a_yanked_release_is_told_with_its_reason_and_again_without_a_network() {
    let mut env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.publish(&TestPackage::new("acme/y", "1.0.0"));
    env.claw("audit").ok().says("no skills");
    env.claw("add acme/x acme/y --no-grants").ok();
    env.claw("audit").ok();
    let yank = ["yank", "acme/x@1.0.0", "--reason", "it loses data"];
    env.author.cargo_claw(&yank).ok();

    let run = env.claw("audit").exits(4).says("claw update acme/x");
    assert!(
        run.stdout
            .contains("acme/x@1.0.0  yanked: it was yanked: it loses data")
    );
    assert_eq!(
        faults(&env.claw("audit --json").exits(4).json()),
        ["acme/x: yanked"]
    );
    env.claw("audit acme/y").ok();

    // Nobody told this machine of the yank before it was installed again.
    env.claw("audit --offline").ok();
    env.claw("install").ok();
    let report = env.claw("audit --offline --json").exits(4).json();
    assert_eq!(faults(&report), ["acme/x: yanked"]);
    assert!(
        report["findings"][0]["what"]
            .as_str()
            .is_some_and(|what| what.contains("it loses data"))
    );

    env.author.cargo_claw(&["unyank", "acme/x@1.0.0"]).ok();
    env.claw("audit").ok();
    env.registry.kill();
    let run = env.claw("audit --json").exits(4);
    assert_eq!(
        faults(&run.json()),
        ["acme/x: yanked", "acme/x: unknown", "acme/y: unknown"]
    );
    env.claw("audit acme/y").exits(7);
    env.claw("audit acme/y --offline").ok();
}

#[test]
fn what_was_changed_or_removed_on_this_machine_is_told_without_a_network() {
    let mut env = TestEnv::pinned();
    for name in ["acme/files-gone", "acme/altered", "acme/lock", "acme/good"] {
        env.publish(&TestPackage::new(name, "1.0.0").file("assets/data.txt", "data"));
        env.claw(&format!("add {name} --no-grants")).ok();
    }
    env.registry.kill();
    let store = env.agent.home.join("store/acme");
    std::fs::remove_dir_all(store.join("files-gone")).expect("it was installed");
    let release = std::fs::read_dir(store.join("altered")).expect("it was installed");
    let release = release.flatten().next().expect("one release").path();
    std::fs::write(release.join("package/assets/data.txt"), "other").expect("written");
    let lock = env.agent.read("claw.lock");
    let (before, after) = lock
        .split_once("name = \"acme/lock\"")
        .expect("it is locked");
    let after = after.replacen("\"1.0.0\"", "\"1.0.1\"", 1);
    env.agent
        .write("claw.lock", &format!("{before}name = \"acme/lock\"{after}"));
    let wishes = env.agent.read("claw.toml");
    let wishes = format!("{wishes}\n[skills.\"acme/never\"]\nversion = \"*\"\n");
    env.agent.write("claw.toml", &wishes);

    let report = env
        .claw("audit --offline --json")
        .exits(4)
        .says("claw install")
        .json();
    let expected = [
        "acme/altered: changed",
        "acme/files-gone: missing",
        "acme/lock: changed",
        "acme/never: missing",
    ];
    assert_eq!(faults(&report), expected, "{report}");
    assert_eq!(report["audited"], 5);
    env.claw("audit acme/good --offline").ok();
    env.claw("audit acme/unknown --offline").exits(5);
}

#[test]
fn what_a_registry_has_no_more_or_says_otherwise_is_told() {
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    let lie: Arc<Mutex<&str>> = Arc::default();
    let told = Arc::clone(&lie);
    let mirror = Mirror::of(&env.registry.address, move |path, bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        match *told.lock().expect("nobody panics with it") {
            "gone" if path == "/index/acme/x" => bytes.clear(),
            "other note" if path == "/index/acme/x" => {
                let at = text.find("\"note\":\"sha256:").expect("a note") + 15;
                *bytes =
                    format!("{}{}{}", &text[..at], "0".repeat(64), &text[at + 64..]).into_bytes();
            }
            "other keys" if path.starts_with("/keysets/") => {
                bytes[10] ^= 1;
            }
            _ => {}
        }
    });
    let agent = Person::new(env.root.path(), "other");
    agent.claw(&["init", "--registry", &mirror.address]).ok();
    let trust = [
        "trust",
        "add",
        "acme",
        "--origin",
        ORIGIN,
        "--keyset",
        &env.keyset,
    ];
    agent.claw(&trust).ok();
    agent.claw(&["add", "acme/x", "--no-grants"]).ok();
    agent.claw(&["audit"]).ok();
    for (said, fault) in [
        ("gone", "missing"),
        ("other note", "changed"),
        ("other keys", "changed"),
    ] {
        *lie.lock().expect("nobody panics with it") = said;
        let report = agent.claw(&["audit", "--json"]).exits(4).json();
        assert_eq!(faults(&report), [format!("acme/x: {fault}")], "{report}");
        agent.claw(&["audit", "--offline"]).ok();
    }
}

#[test]
fn only_skills_with_newer_releases_are_outdated() {
    let env = TestEnv::pinned();
    for (name, version) in [
        ("acme/x", "1.0.0"),
        ("acme/x", "1.1.0"),
        ("acme/x", "2.0.0"),
        ("acme/x", "3.0.0-rc.1"),
        ("acme/y", "1.0.0"),
    ] {
        env.publish(&TestPackage::new(name, version));
    }
    env.claw("list --outdated").ok().says("no skills");
    env.claw("add acme/x@=1.0.0 acme/y --no-grants").ok();
    let wishes = env.agent.read("claw.toml");
    env.agent
        .write("claw.toml", &wishes.replace("=1.0.0", "^1"));
    let rows = env.claw("list --outdated --json").ok().json();
    let expected = serde_json::json!([
        {"name": "acme/x", "version": "1.0.0", "yanked": null, "wanted": "1.1.0", "newest": "2.0.0"}
    ]);
    assert_eq!(rows, expected);
    let list = env.claw("list --outdated").ok();
    assert_eq!(
        list.stdout,
        "acme/x 1.0.0  claw update takes 1.1.0  newest: 2.0.0\n"
    );

    env.claw("add acme/x@^2 --no-grants").ok();
    env.claw("list --outdated").ok().says("newest release");
    env.author.cargo_claw(&["yank", "acme/x@2.0.0"]).ok();
    let list = env.claw("list --outdated").ok();
    assert!(
        list.stdout.contains("2.0.0 (yanked: no reason given)"),
        "{}",
        list.stdout
    );
}
