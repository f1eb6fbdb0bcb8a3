//! `claw search`, over every trusted registry.

use claw_tests::TestEnv;
use claw_tests::environment::{Person, key_of, open_namespace};
use claw_tests::packages::TestPackage;
use claw_tests::registry::{Registry, RegistryOptions};
use serde_json::Value;

fn names(answer: &Value) -> Vec<String> {
    let results = answer["results"].as_array().expect("a list");
    let name = |result: &Value| result["name"].as_str().expect("text").to_owned();
    results.iter().map(name).collect()
}

#[test]
fn every_trusted_registry_is_searched_and_a_silent_one_is_named() {
    let mut env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/files", "1.0.0").permission("filesystem.read=."));
    env.publish(&TestPackage::new("acme/weather", "1.0.0"));
    let options = RegistryOptions {
        origin: Some("skills.other.test"),
        ..RegistryOptions::default()
    };
    let mut other = Registry::start_with(&env.root.path().join("other"), &options);
    let author = Person::new(env.root.path(), "other-author");
    let (token, keyset) = open_namespace(&other, &author, "acme", "eve");
    let key = key_of(&author, "acme", "eve");
    TestPackage::new("acme/files", "9.0.0")
        .publish(&other.address, &token, &key, "skills.other.test", &keyset)
        .expect("published");

    let answer = env.claw("search files --json").ok().json();
    assert_eq!(names(&answer), ["acme/files"], "{answer}");
    assert_eq!(answer["results"][0]["permissions"][0], "filesystem.read=.");
    let every = env.claw("search --limit 1 --json").ok().json();
    assert_eq!((names(&every).len(), &every["total"]), (1, &2.into()));
    let kind = env.claw("search --permission filesystem.read --json").ok();
    assert_eq!(names(&kind.json()), ["acme/files"]);
    let none = env
        .claw("search --import wasi:http")
        .ok()
        .says("nothing was found");
    assert!(none.stdout.is_empty());
    env.claw("search --permission filesystem.reed").exits(2);
    env.claw("search --limit 0").exits(2);

    let address = &other.address;
    env.claw(&format!("trust add-registry {address}")).ok();
    let both = env.claw("search files").ok().stdout;
    let lines: Vec<_> = both
        .lines()
        .filter(|line| line.starts_with("acme/files "))
        .collect();
    assert_eq!(lines.len(), 2, "{both}");
    assert!(
        both.contains("is pinned to `skills.acme.test`: it can't be added"),
        "{both}"
    );
    other.kill();
    let one = env.claw("search files --json").ok().says(&other.address);
    assert_eq!(names(&one.json()), ["acme/files"]);
    env.registry.kill();
    env.claw("search files").exits(7);
}

#[test]
fn without_a_trusted_registry_nobody_is_asked() {
    let env = TestEnv::new();
    env.claw(&format!("trust remove {}", env.registry.address))
        .ok();
    env.claw("search files")
        .exits(2)
        .says("claw trust add-registry URL");
}
