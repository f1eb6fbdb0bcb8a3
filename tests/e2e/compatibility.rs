//! What an author is told before others are broken, and that nobody can publish past it.

use claw_tests::TestEnv;
use claw_tests::environment::{ORIGIN, Person};
use claw_tests::packages::{TestPackage, component};

/// A component for `acme/x` with these actions, none of which does anything.
fn with_actions(actions: &[&str]) -> Vec<u8> {
    let exports: String = actions
        .iter()
        .map(|action| format!(r#"(export "{action}" (func $f))"#))
        .collect();
    component(&format!(
        r#"(component
            (core module $m (func (export "f")))
            (core instance $m (instantiate $m))
            (func $f (canon lift (core func $m "f")))
            (instance $api {exports})
            (export "acme:x/api@0.1.0" (instance $api)))"#
    ))
}

/// Writes a skill that needs no compiler into the author's folder.
fn write(author: &Person, version: &str, permissions: &[&str], actions: &[&str]) {
    author.write(
        "skill.toml",
        &format!(
            "name = \"acme/x\"\nversion = \"{version}\"\ndescription = \"A skill of the tests.\"\n\
             license = \"MIT\"\npermissions = {permissions:?}\n"
        ),
    );
    std::fs::write(author.folder.join("skill.wasm"), with_actions(actions)).expect("written");
}

#[test]
fn an_incompatible_release_is_shown_by_check_and_refused_by_publish_and_by_the_registry() {
    let env = TestEnv::new();
    write(&env.author, "1.0.0", &[], &["run", "stop"]);
    env.author.cargo_claw(&["check"]).ok().says("no release");
    env.author
        .cargo_claw(&["publish"])
        .ok()
        .says("claw add acme/x@1.0.0");
    // The version that is published is compared with itself.
    write(&env.author, "1.0.0", &[], &["run"]);
    let check = env.author.cargo_claw(&["check"]).ok();
    assert!(
        check.stdout.contains("has to be 2.0.0 or higher"),
        "{}",
        check.stdout
    );

    write(&env.author, "1.1.0", &[], &["run", "start"]);
    let check = env.author.cargo_claw(&["check"]).exits(1);
    for line in [
        "breaks: the action `api.stop` is gone",
        "adds: the action `api.start` is new",
    ] {
        assert!(check.stdout.contains(line), "{}", check.stdout);
    }
    let check = check.says("set the version to 2.0.0");
    assert!(
        check.stderr.contains("`acme/x@1.1.0` can't follow 1.0.0"),
        "{}",
        check.stderr
    );
    let json = env.author.cargo_claw(&["check", "--json"]).exits(1).json();
    assert_eq!(json["compared"]["required"], "major");
    assert_eq!(json["compared"]["smallest"], "2.0.0");
    assert_eq!(json["compared"]["enough"], false);
    env.author.cargo_claw(&["publish", "--dry-run"]).exits(1);
    env.author
        .cargo_claw(&["publish"])
        .exits(1)
        .says("`api.stop` is gone");

    // Who asks the registry without `cargo claw` is told the same.
    let other = TestPackage::new("acme/x", "1.1.0").component(with_actions(&["run"]));
    let (address, keyset) = (&env.registry.address, &env.keyset);
    let answer = other.send(address, &env.token, &env.key(), ORIGIN, keyset);
    assert_eq!(answer.status, 409, "{}", answer.body);
    for part in ["incompatible-release", "`api.stop` is gone", "2.0.0"] {
        assert!(answer.body.contains(part), "{}", answer.body);
    }
    assert_eq!(env.get("/index/acme/x").lines().count(), 1);

    write(&env.author, "2.0.0", &[], &["run", "start"]);
    env.author.cargo_claw(&["check"]).ok();
    env.author.cargo_claw(&["publish"]).ok();
    assert_eq!(env.get("/index/acme/x").lines().count(), 2);
}

#[test]
fn a_grown_permission_needs_a_minor_version() {
    let env = TestEnv::new();
    write(&env.author, "0.1.0", &[], &["run"]);
    env.author.cargo_claw(&["publish"]).ok();
    write(&env.author, "0.1.1", &["filesystem.read=docs"], &["run"]);
    let check = env.author.cargo_claw(&["check"]).exits(1);
    assert!(
        check.stdout.contains("asks for more: filesystem.read=docs"),
        "{}",
        check.stdout
    );
    env.author.cargo_claw(&["publish"]).exits(1).says("0.2.0");
    write(&env.author, "0.2.0", &["filesystem.read=docs"], &["run"]);
    env.author
        .cargo_claw(&["publish"])
        .ok()
        .says("read files in");
}

#[test]
fn without_a_registry_check_says_that_it_compared_nothing_and_why() {
    let env = TestEnv::new();
    let stranger = Person::new(env.root.path(), "stranger");
    write(&stranger, "1.0.0", &[], &["run"]);
    let check = stranger.cargo_claw(&["check"]).ok();
    check.says("compared with no earlier release: no registry is logged in to");
    let TestEnv {
        registry,
        author,
        root,
        ..
    } = env;
    write(&author, "1.0.0", &[], &["run"]);
    drop(registry);
    author
        .cargo_claw(&["check"])
        .ok()
        .says("compared with no earlier release: could not reach");
    drop(root);
}

#[test]
fn a_secret_is_not_packed_and_what_looks_like_a_mistake_is_named() {
    let root = tempfile::TempDir::new().expect("a temporary folder");
    let author = Person::new(root.path(), "author");
    write(
        &author,
        "1.0.0",
        &["network.external=https://example.com"],
        &["run"],
    );
    author.write("assets/.env", "COLOUR=blue\n");
    let check = author.cargo_claw(&["check"]).ok();
    assert!(
        check.stderr.contains("`assets/.env` would be published"),
        "{}",
        check.stderr
    );
    assert!(
        check.stderr.contains("nothing uses the permission"),
        "{}",
        check.stderr
    );
    // Put together here, so that no scanner finds it in this file.
    let body = "MC4CAQAwBQYDK2VwBCIEIAbc".repeat(2);
    author.write(
        "references/deploy.md",
        &format!("# Deploy\n\n-----BEGIN {} KEY-----\n{body}\n", "PRIVATE"),
    );
    for command in ["check", "pack", "publish"] {
        let run = author.cargo_claw(&[command, "--json"]);
        assert_ne!(run.code, Some(0), "{command}");
        assert!(!run.stderr.contains(&body), "{}", run.stderr);
    }
    author
        .cargo_claw(&["pack"])
        .exits(1)
        .says("references/deploy.md:3: a private key");
}
