//! Whom an agent believes: pins, first use, changed keys, two registries, one that is silent.

use claw_tests::TestEnv;
use claw_tests::environment::{ORIGIN, Person, open_namespace};
use claw_tests::packages::TestPackage;
use claw_tests::registry::{Registry, RegistryOptions};

/// A second registry with a namespace `acme` of its own.
fn another(env: &TestEnv, name: &str, origin: &str) -> (Registry, Person, String, String) {
    let options = RegistryOptions {
        origin: Some(origin),
        ..RegistryOptions::default()
    };
    let registry = Registry::start_with(&env.root.path().join(name), &options);
    let author = Person::new(env.root.path(), &format!("{name}-author"));
    let (token, keyset) = open_namespace(&registry, &author, "acme", "eve");
    (registry, author, token, keyset)
}

fn settings(agent: &Person, addresses: &[&str]) {
    let list: Vec<String> = addresses
        .iter()
        .map(|address| format!("'{address}'"))
        .collect();
    let text = format!("skills:\n  trusted_registries: [{}]\n", list.join(", "));
    std::fs::write(agent.home.join("config.yaml"), text).expect("the settings can be written");
}

#[test]
fn a_first_use_is_pinned_only_when_the_operator_says_so() {
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x --no-grants").exits(3).says("--trust");
    let wrong = format!("1:sha256:{}", "0".repeat(64));
    env.claw(&format!("add acme/x --no-grants --trust {wrong}"))
        .exits(4);
    env.claw(&format!("add acme/x --no-grants --trust {}", env.keyset))
        .ok();
    let pins = std::fs::read_to_string(env.agent.home.join("trust.toml")).expect("there are pins");
    assert!(
        pins.contains(&env.keyset) && pins.contains(ORIGIN),
        "{pins}"
    );
    env.claw("run acme/x echo text=hello").ok();
}

#[test]
fn a_changed_key_is_an_error_and_no_question() {
    let mut env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    env.registry.kill();
    let listen = env
        .registry
        .address
        .trim_start_matches("http://")
        .to_owned();
    let options = RegistryOptions {
        origin: Some(ORIGIN),
        listen: Some(&listen),
        ..RegistryOptions::default()
    };
    let other = Registry::start_with(&env.root.path().join("taken-over"), &options);
    let eve = Person::new(env.root.path(), "eve");
    let (token, keyset) = open_namespace(&other, &eve, "acme", "eve");
    let key = claw_tests::environment::key_of(&eve, "acme", "eve");
    for version in ["1.0.0", "1.1.0"] {
        TestPackage::new("acme/x", version)
            .publish(&other.address, &token, &key, ORIGIN, &keyset)
            .expect("published");
    }
    env.claw("update").exits(4).says("key");
    env.claw("add acme/x@^1.1 --no-grants").exits(4);
    env.claw(&format!("add acme/x@^1.1 --no-grants --trust {keyset}"))
        .exits(4);
    env.claw("run acme/x echo text=still").ok();
}

#[test]
fn two_registries_that_answer_for_an_unbound_namespace_are_an_error_that_names_both() {
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    let (other, author, token, keyset) = another(&env, "second", "skills.other.test");
    let key = claw_tests::environment::key_of(&author, "acme", "eve");
    TestPackage::new("acme/x", "9.0.0")
        .publish(&other.address, &token, &key, "skills.other.test", &keyset)
        .expect("published");
    settings(&env.agent, &[&env.registry.address, &other.address]);
    env.claw(&format!("add acme/x --no-grants --trust {}", env.keyset))
        .exits(4)
        .says(ORIGIN)
        .says("skills.other.test");

    env.claw(&format!(
        "trust add acme --origin {ORIGIN} --keyset {}",
        env.keyset
    ))
    .ok();
    env.claw("add acme/x --no-grants").ok();
    assert!(
        env.agent.read("claw.lock").contains("1.0.0"),
        "the other registry was asked"
    );
}

#[test]
fn an_unbound_namespace_is_not_bound_while_a_registry_is_silent() {
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    let (mut silent, ..) = another(&env, "silent", "skills.silent.test");
    settings(&env.agent, &[&env.registry.address, &silent.address]);
    silent.kill();
    env.claw(&format!("add acme/x --no-grants --trust {}", env.keyset))
        .exits(7)
        .says(&silent.address);
}

#[test]
fn an_address_that_states_another_origin_than_before_is_refused() {
    let mut env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    env.registry.kill();
    let listen = env
        .registry
        .address
        .trim_start_matches("http://")
        .to_owned();
    let options = RegistryOptions {
        origin: Some("skills.eve.test"),
        listen: Some(&listen),
        ..RegistryOptions::default()
    };
    let _other = Registry::start_with(&env.root.path().join("other"), &options);
    env.claw("update").exits(4).says("skills.eve.test");
    env.claw("run acme/x echo text=still").ok();
}

#[test]
fn strict_wants_every_publisher_pinned_and_every_permission_granted_by_name() {
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0").permission("filesystem.read=."));
    let text = format!(
        "skills:\n  trusted_registries: ['{}']\n  security_level: strict\n",
        env.registry.address
    );
    std::fs::write(env.agent.home.join("config.yaml"), text).expect("written");
    env.claw("add acme/x --no-grants")
        .exits(3)
        .says("claw trust add");
    env.claw(&format!(
        "trust add acme --origin {ORIGIN} --keyset {}",
        env.keyset
    ))
    .ok();
    env.claw("add acme/x --allow filesystem.read=.").ok();
}

#[test]
fn plain_http_to_elsewhere_is_refused() {
    let env = TestEnv::new();
    env.claw("trust add-registry http://skills.example.com")
        .exits(2)
        .says("https");
}
