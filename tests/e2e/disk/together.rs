//! Many `claw` processes at once on one home and one project, some killed with `kill -9` at random moments.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};

use claw_package::Digest;
use claw_tests::TestEnv;
use claw_tests::faults::{Disk, Fault};
use claw_tests::packages::TestPackage;
use claw_tests::programs::Run;
use claw_tests::random::Random;
use serde_json::Value;

/// A command under way.
struct Started {
    words: String,
    /// The text that a run was given, which no other run has.
    text: Option<String>,
    is_to_be_killed: bool,
    process: Child,
}

/// Starts `count` commands at once, each third one to be killed at one of its first writes.
fn start(env: &TestEnv, random: &mut Random, round: usize, count: usize) -> Vec<Started> {
    (0..count)
        .map(|number| {
            let text = format!("r{round}n{number}");
            let words = match number % 8 {
                0 | 4 => format!("run acme/x echo text={text}"),
                1 => "add acme/y --no-grants".to_owned(),
                2 => "install".to_owned(),
                3 => "grant acme/x filesystem.read=docs".to_owned(),
                5 => "update".to_owned(),
                6 => "revoke acme/x environment=GREETING".to_owned(),
                _ => "add acme/x --allow environment=GREETING".to_owned(),
            };
            let disk = Disk::below(env.root.path());
            let is_to_be_killed = number % 3 == 2;
            if is_to_be_killed {
                disk.fail(Fault::Killed(random.up_to(30)));
            }
            let split: Vec<_> = words.split_whitespace().collect();
            let mut command = env.agent.command("claw", &split);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            Started {
                process: disk.spawn(command),
                text: words.starts_with("run").then_some(text),
                words,
                is_to_be_killed,
            }
        })
        .collect()
}

/// Waits for all; what was not killed has to succeed, and what showed a result has to have a receipt.
fn finish(env: &TestEnv, started: Vec<Started>) -> usize {
    let mut killed = 0;
    let mut shown = Vec::new();
    for Started {
        words,
        text,
        is_to_be_killed,
        process,
    } in started
    {
        let output = process.wait_with_output().expect("it can be waited for");
        let run = Run::from_output(words, &output);
        killed += usize::from(run.code.is_none());
        assert!(
            run.code == Some(0) || (run.code.is_none() && is_to_be_killed),
            "{run:?}"
        );
        if let Some(text) = text.filter(|text| run.stdout.contains(&**text)) {
            shown.push(Digest::of(format!("{{\"text\":\"{text}\"}}").as_bytes()).to_string());
        }
    }
    let receipts = env.agent.home.join("receipts/receipts.jsonl");
    let receipts = std::fs::read_to_string(receipts).expect("there are receipts");
    let inputs: BTreeSet<String> = receipts
        .lines()
        .map(|line| {
            let receipt: Value = serde_json::from_str(line).expect("whole receipts alone");
            receipt["input"].as_str().unwrap_or_default().to_owned()
        })
        .collect();
    for input in shown {
        assert!(
            inputs.contains(&input),
            "a result was shown without a receipt"
        );
    }
    killed
}

/// Everything is whole, and nobody holds a lock any more.
fn check(env: &TestEnv) {
    env.claw("list --json").ok();
    env.claw("install --locked").ok();
    let lock: toml::Table = env
        .agent
        .read("claw.lock")
        .parse()
        .expect("the lock is TOML");
    let locked = lock["skill"].as_array().expect("it lists skills").len();
    let names: BTreeSet<&str> = lock["skill"]
        .as_array()
        .expect("it lists skills")
        .iter()
        .filter_map(|skill| skill["name"].as_str())
        .collect();
    assert_eq!(names.len(), locked, "something is locked twice");
    for name in names {
        env.claw(&format!("run {name} echo text=hi")).ok();
        let releases = std::fs::read_dir(env.agent.home.join("store").join(name));
        let releases = releases.expect("it is in the store").count();
        assert_eq!(releases, 1, "{name} is in the store {releases} times");
    }
    let incoming = std::fs::read_dir(env.agent.home.join("store/.incoming"));
    let left = incoming.into_iter().flatten().count();
    env.claw("add acme/z --no-grants").ok();
    env.claw("remove acme/z").ok();
    let incoming = std::fs::read_dir(env.agent.home.join("store/.incoming"));
    assert_eq!(
        incoming.into_iter().flatten().count(),
        0,
        "{left} were left unpacked"
    );
    assert!(!env.agent.home.join("unfinished.json").exists());
}

fn package(name: &str, version: &str) -> TestPackage {
    TestPackage::new(name, version)
        .permission("filesystem.read=docs")
        .permission("environment=GREETING")
}

#[test]
fn two_and_then_twenty_processes_on_one_home_break_nothing_though_some_are_killed() {
    let mut random = Random::new();
    let env = TestEnv::pinned();
    env.publish(&package("acme/x", "1.0.0"));
    for name in ["acme/y", "acme/z"] {
        env.publish(&TestPackage::new(name, "1.0.0"));
    }
    env.agent.write("docs/a", "a");
    env.claw("add acme/x --allow environment=GREETING").ok();
    env.claw("grant acme/x filesystem.read=docs").ok();
    let mut killed = 0;
    for (round, count) in [2, 20, 20, 20].into_iter().enumerate() {
        // Something for `update` to do.
        env.publish(&package("acme/x", &format!("1.{}.0", round + 1)));
        let started = start(&env, &mut random, round, count);
        killed += finish(&env, started);
        check(&env);
    }
    assert!(killed > 0, "nobody was killed");
    println!("{killed} were killed");
}
