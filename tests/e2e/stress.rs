//! Many real processes over one folder at the same time: one compile cache, one database of a registry.
//!
//! How they interleave is left to the machine. What is held is true for every order of events, and a
//! round has a fixed number of processes that all end by themselves.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use claw_tests::environment::{ORIGIN, Person};
use claw_tests::packages::TestPackage;
use claw_tests::{Run, TestEnv};
use serde_json::Value;

/// Starts `claw` and leaves it running.
fn start(agent: &Person, words: &[&str]) -> Child {
    let mut command = agent.command("claw", words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("claw starts")
}

fn end(what: &str, process: Child) -> Run {
    let output = process.wait_with_output().expect("a started process ends");
    Run::from_output(what.to_owned(), &output)
}

fn images(cache: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(cache).expect("the cache is a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// What may happen to a file of the cache behind the back of every process.
fn spoil(round: usize, image: &Path, key: &Path) {
    match round % 4 {
        0 => drop(std::fs::remove_file(image)),
        // Another process may have removed or replaced it just now: then there is nothing to spoil.
        1 => {
            drop(std::fs::read(image).map(|bytes| std::fs::write(image, &bytes[..bytes.len() / 2])))
        }
        2 => drop(std::fs::read(image).map(|mut bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(image, bytes)
        })),
        _ => drop(std::fs::remove_file(key)),
    }
}

#[test]
fn processes_that_share_a_compile_cache_answer_right_or_refuse_and_never_wrong() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    let cache = env.agent.home.join("cache");
    let key = env.agent.home.join("cache.key");
    let image = images(&cache).remove(0);

    for round in 0..4 {
        let texts: Vec<String> = (0..4)
            .map(|number| format!("text=round-{round}-{number}"))
            .collect();
        let runs: Vec<Child> = texts
            .iter()
            .map(|text| start(&env.agent, &["run", "acme/x", "echo", text]))
            .collect();
        let rebuild = start(&env.agent, &["install", "--rebuild"]);
        spoil(round, &image, &key);

        for (text, process) in texts.iter().zip(runs) {
            let run = end(text, process);
            match run.code {
                Some(0) => {
                    let answer: Value = serde_json::from_str(&run.stdout).expect("JSON");
                    assert_eq!(
                        Some(answer.as_str().expect("text")),
                        text.strip_prefix("text=")
                    );
                }
                // It found what was spoilt, and says the mend.
                _ => drop(run.exits(4).says("claw install --rebuild")),
            }
        }
        end("claw install --rebuild", rebuild).ok();
        // Whatever the round left behind, the mend that was promised holds.
        env.claw("install --rebuild").ok();
        env.claw("run acme/x echo text=mended").ok();
        assert_eq!(
            images(&cache),
            std::slice::from_ref(&image),
            "round {round}"
        );
    }
}

#[test]
fn clients_and_commands_that_write_one_registry_at_once_lose_nothing() {
    const WRITERS: usize = 4;
    const EACH: usize = 4;
    let env = TestEnv::new();
    let key = env.key();
    let namespaces: Vec<(String, PathBuf)> = (0..EACH)
        .map(|number| {
            let (name, word) = (format!("team{number}x"), format!("team{number}x/lead"));
            env.author.cargo_claw(&["key", "new", &word]).ok();
            let words = ["key", "genesis", &word, "--registry", &env.registry.address];
            let file = format!("{name}.keyset");
            env.author
                .write(&file, &env.author.cargo_claw(&words).ok().stdout);
            (name, env.author.folder.join(file))
        })
        .collect();

    let tokens: Vec<String> = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (env, key) = (&env, &key);
            scope.spawn(move || {
                for minor in 0..EACH {
                    let package =
                        TestPackage::new(&format!("acme/w{writer}x"), &format!("1.{minor}.0"));
                    let address = &env.registry.address;
                    let answer = package.send(address, &env.token, key, ORIGIN, &env.keyset);
                    assert_eq!(answer.status, 201, "{}", answer.body);
                }
            });
        }
        for (name, file) in &namespaces {
            let file = file.to_str().expect("a UTF-8 path");
            let registry = &env.registry;
            scope.spawn(move || {
                registry
                    .admin(&["namespace", "create", name, "--keyset", file])
                    .ok()
            });
        }
        let makers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let registry = &env.registry;
                scope.spawn(move || {
                    let made = registry
                        .admin(&["token", "create", "--scope", "publish"])
                        .ok();
                    // `token 7 …`, as people are told on stderr.
                    let number = made.stderr.split(' ').nth(1).expect("a number").to_owned();
                    registry.admin(&["token", "revoke", &number]).ok();
                    registry
                        .admin(&["token", "create", "--scope", "read"])
                        .ok()
                        .stdout
                })
            })
            .collect();
        makers
            .into_iter()
            .map(|maker| maker.join().expect("a maker ends"))
            .collect()
    });

    // Every acknowledged write is there, once.
    let mut leaves = BTreeSet::new();
    for writer in 0..WRITERS {
        let index = env.get(&format!("/index/acme/w{writer}x"));
        assert_eq!(index.lines().count(), EACH, "{index}");
        for line in index.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            assert!(
                leaves.insert(line["leaf"].as_u64().expect("a number")),
                "{line}"
            );
        }
    }
    assert_eq!(leaves.len(), WRITERS * EACH);
    for (name, _) in &namespaces {
        assert_eq!(env.status(&format!("/keysets/{name}/1.note")), 200);
    }
    let distinct: BTreeSet<_> = tokens.iter().collect();
    assert_eq!(distinct.len(), WRITERS);
    let list = env.registry.admin(&["token", "list", "--json"]).ok();
    let list: Value = serde_json::from_str(&list.stdout).expect("JSON");
    let revoked = |entry: &&Value| !entry["revoked"].is_null();
    let entries = list["tokens"].as_array().expect("a list");
    assert_eq!(entries.iter().filter(revoked).count(), WRITERS, "{list}");
    let ids: BTreeSet<_> = entries.iter().map(|entry| entry["id"].as_u64()).collect();
    assert_eq!(ids.len(), entries.len());
    // The admin's, the author's, and two of each maker.
    assert_eq!(entries.len(), 2 + 2 * WRITERS);
    env.registry.admin(&["verify"]).ok();
}
