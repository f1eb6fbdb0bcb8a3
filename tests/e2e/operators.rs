//! What those who run claw see between installing and running: what holds now, what to type next.

use claw_tests::TestEnv;
use claw_tests::environment::ORIGIN;
use claw_tests::packages::TestPackage;

#[test]
fn an_altered_version_in_the_lock_is_a_verification_error_with_the_next_command() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x@^1 --no-grants").ok();
    let lock = env.agent.read("claw.lock");
    env.agent
        .write("claw.lock", &lock.replace("\"1.0.0\"", "\"1.0.1\""));
    env.claw("install")
        .exits(4)
        .says("claw.lock was altered")
        .says("claw update acme/x");
    env.claw("update acme/x").ok();
    env.claw("run acme/x echo text=there").ok();
}

#[test]
fn allowing_what_a_skill_does_not_ask_for_is_said() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0").permission("filesystem.read=docs"));
    env.claw("add acme/x --no-grants").ok();
    let run = env.claw("run acme/x echo text=a --allow environment=HOME --allow filesystem.read=.");
    let run = run.ok().says("does not ask for `environment=HOME`");
    assert!(
        !run.stderr.contains("`filesystem.read=.`"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_a_skill_may_do_is_told_with_levels_and_revocations_in_it() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0").permission("filesystem.write=."));
    env.claw("add acme/x --allow filesystem.write=docs")
        .ok()
        .says("may: filesystem.write=docs");
    let revoked = env.claw("revoke acme/x filesystem.write=.").ok();
    assert!(
        revoked.stdout.contains("may now: filesystem.read=docs\n"),
        "{}",
        revoked.stdout
    );
    let granted = env.claw("grant acme/x filesystem.read=out --json").ok();
    let granted = granted.json();
    assert_eq!(granted["effective"][1], "filesystem.read=out", "{granted}");
    assert_eq!(granted["revoked"][0], "filesystem.write=.", "{granted}");
}

#[test]
fn the_digest_that_a_namespace_is_trusted_by_is_shown_where_it_is_asked_for() {
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    let info = env.claw("info acme/x").ok();
    assert!(info.stdout.contains(&env.keyset), "{}", info.stdout);
    let add = env.claw("add acme/x").exits(3);
    let add = add.says(&format!("keyset {}", env.keyset));
    let hint = add.stderr.lines().find(|line| line.starts_with("hint: "));
    let hint = hint
        .expect("there is a hint")
        .trim_start_matches("hint: claw ");
    assert!(hint.ends_with(&format!("--trust {}", env.keyset)), "{hint}");
    env.claw(hint).ok();
    let list = env.claw("trust list").ok();
    assert!(list.stdout.contains(ORIGIN) && list.stdout.contains(&env.keyset));
}

#[test]
fn a_problem_of_several_lines_stays_with_its_skill() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    let lock = env.agent.read("claw.lock");
    env.agent
        .write("claw.lock", &lock.replace("prefix = \"x\"", "prefix = [1]"));
    let list = env.claw("list").ok();
    let mut lines = list.stdout.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("acme/x")));
    assert!(
        lines.all(|line| line.starts_with("    ")),
        "{}",
        list.stdout
    );
}
