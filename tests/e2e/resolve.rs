//! Which version is taken, what a lock holds, and what consent covers.

use claw_tests::TestEnv;
use claw_tests::packages::TestPackage;

fn versions(env: &TestEnv, versions: &[&str]) {
    for version in versions {
        env.publish(&TestPackage::new("acme/x", version));
    }
}

fn locked_version(env: &TestEnv) -> String {
    let lock: toml::Table = env
        .agent
        .read("claw.lock")
        .parse()
        .expect("the lock is TOML");
    let skills = lock["skill"].as_array().expect("the lock lists skills");
    skills[0]["version"]
        .as_str()
        .expect("a version is text")
        .to_owned()
}

#[test]
fn the_highest_matching_version_is_taken() {
    let env = TestEnv::pinned();
    versions(&env, &["1.2.0", "1.9.0", "1.10.0", "2.0.0", "1.11.0-rc.1"]);
    env.claw("add acme/x@^1.2 --no-grants").ok();
    assert_eq!(locked_version(&env), "1.10.0");
}

#[test]
fn a_yanked_version_is_not_chosen_and_a_locked_one_still_installs_with_a_warning() {
    let env = TestEnv::pinned();
    versions(&env, &["1.0.0", "1.1.0"]);
    env.claw("add acme/x@^1 --no-grants").ok();
    assert_eq!(locked_version(&env), "1.1.0");
    env.author
        .cargo_claw(&["yank", "acme/x@1.1.0", "--reason", "it loses data"])
        .ok();

    std::fs::remove_dir_all(env.agent.home.join("store")).expect("the store can be removed");
    env.claw("install --locked")
        .ok()
        .says("yanked")
        .says("it loses data");
    env.claw("run acme/x echo text=there").ok();

    env.claw("remove acme/x").ok();
    env.claw("add acme/x@^1 --no-grants").ok();
    assert_eq!(locked_version(&env), "1.0.0");

    env.author.cargo_claw(&["unyank", "acme/x@1.1.0"]).ok();
    env.claw("update").ok();
    assert_eq!(locked_version(&env), "1.1.0");
}

#[test]
fn a_version_that_does_not_exist_is_not_found() {
    let env = TestEnv::pinned();
    versions(&env, &["1.0.0", "2.0.0-rc.1"]);
    env.claw("add acme/x@^3 --no-grants").exits(5);
    env.claw("add acme/x@^2 --no-grants").exits(5);
    env.claw("add acme/nothing --no-grants").exits(5);
    env.claw("add acme/x@=2.0.0-rc.1 --no-grants").ok();
}

#[test]
fn a_locked_install_refuses_any_drift() {
    let env = TestEnv::pinned();
    versions(&env, &["1.0.0", "1.1.0"]);
    env.claw("add acme/x@=1.0.0 --no-grants").ok();
    env.claw("install --locked").ok();

    let wishes = env.agent.read("claw.toml");
    env.agent
        .write("claw.toml", &wishes.replace("=1.0.0", "^1.1"));
    env.claw("install --locked").exits(4).says("acme/x");

    env.agent.write("claw.toml", &wishes);
    std::fs::remove_file(env.agent.folder.join("claw.lock")).expect("there is a lock");
    env.claw("install --locked").exits(4).says("claw.lock");
}

#[test]
fn an_update_whose_permissions_grew_stops_and_shows_the_difference() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0").permission("filesystem.read=."));
    env.claw("add acme/x@^1 --allow filesystem.read=.").ok();
    let grown = ["filesystem.write=.", "environment=GREETING"];
    env.publish(
        &TestPackage::new("acme/x", "1.1.0")
            .permission(grown[0])
            .permission(grown[1]),
    );

    env.claw("update --dry-run").ok();
    let stopped = env.claw("update").exits(3);
    for line in grown {
        assert!(
            stopped.stderr.contains(line),
            "the difference is not shown:\n{}",
            stopped.stderr
        );
    }
    assert_eq!(locked_version(&env), "1.0.0");
    env.claw("run acme/x echo text=still").ok();
}

#[test]
fn a_cloned_project_gets_nothing_of_its_wishes_until_the_operator_says_yes() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/probe", "0.1.0").probe());
    env.agent.write(
        "claw.toml",
        "[skills.\"acme/probe\"]\nversion = \"^0.1\"\ngrants = [\"filesystem.write=.\"]\n",
    );
    env.agent.write("secret.txt", "not yours\n");

    env.claw("install").exits(3).says("filesystem.write=.");
    env.claw("run acme/probe read path=secret.txt")
        .exits(5)
        .says("not installed");

    env.claw("add acme/probe --no-grants").ok();
    env.claw("run acme/probe read path=secret.txt")
        .exits(3)
        .says("filesystem.read");
    env.claw("grant acme/probe filesystem.read=.").ok();
    let read = env.claw("run acme/probe read path=secret.txt").ok();
    assert!(read.stdout.contains("not yours"), "{}", read.stdout);

    // Another wish in the project's files gives nothing either.
    env.agent.write("claw.toml", "[skills.\"acme/probe\"]\nversion = \"^0.1\"\ngrants = [\"filesystem.write=.\", \"environment=GREETING\"]\n");
    env.claw("run acme/probe write path=secret.txt text=mine")
        .exits(3);
    assert_eq!(env.agent.read("secret.txt"), "not yours\n");
}

#[test]
fn a_revoked_grant_stays_revoked_under_every_level() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/probe", "0.1.0").probe());
    env.agent.write("note.txt", "a note\n");
    env.claw("add acme/probe --allow filesystem.read=.").ok();
    env.claw("run acme/probe read path=note.txt").ok();
    env.claw("revoke acme/probe filesystem.read=.").ok();

    let address = &env.registry.address;
    for (security, level) in [
        ("moderate", "isolated"),
        ("moderate", "restricted"),
        ("permissive", "trusted"),
    ] {
        let settings = format!(
            "skills:\n  trusted_registries: ['{address}']\n  security_level: {security}\n\
             execution:\n  sandbox:\n    level: {level}\n"
        );
        std::fs::write(env.agent.home.join("config.yaml"), settings)
            .expect("the settings can be written");
        env.claw("run acme/probe read path=note.txt").exits(3);
        env.claw("run acme/probe read path=note.txt --allow filesystem.write=.")
            .exits(3);
    }
    env.claw("grant acme/probe filesystem.read=.").ok();
    env.claw("run acme/probe read path=note.txt").ok();
}

#[test]
fn levels_add_what_they_say_and_no_more() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/probe", "0.1.0").probe());
    env.agent.write("note.txt", "a note\n");
    env.claw("add acme/probe --no-grants").ok();
    let address = &env.registry.address;
    for (level, reads, writes) in [("isolated", 3, 3), ("restricted", 0, 3), ("trusted", 0, 0)] {
        let settings = format!(
            "skills:\n  trusted_registries: ['{address}']\nexecution:\n  sandbox:\n    level: {level}\n"
        );
        std::fs::write(env.agent.home.join("config.yaml"), settings)
            .expect("the settings can be written");
        env.claw("run acme/probe read path=note.txt").exits(reads);
        env.claw("run acme/probe write path=new.txt text=new")
            .exits(writes);
    }
}
