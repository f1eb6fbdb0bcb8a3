//! `kill -9` of a registry at fifty random moments while several clients publish.

use std::sync::Mutex;

use claw_package::Digest;
use claw_tests::environment::ORIGIN;
use claw_tests::faults::{Disk, Fault};
use claw_tests::packages::TestPackage;
use claw_tests::random::Random;
use claw_tests::registry::{Registry, RegistryOptions, admin};
use claw_tests::{TestEnv, http};
use serde_json::Value;

const KILLS: usize = 50;
/// Each publishes a package of its own.
const CLIENTS: [&str; 3] = ["acme/a", "acme/b", "acme/c"];
/// A publish makes some forty changes: a kill comes in one of the first few.
const CHANGES_MAX: usize = 200;

/// A release as it is sent.
struct Sent {
    package: TestPackage,
    note: Vec<u8>,
    is_acknowledged: bool,
}

/// Uploads and publishes; whether it was acknowledged. A connection that broke is no answer.
fn publish(env: &TestEnv, address: &str, package: &TestPackage, note: &[u8]) -> bool {
    let bearer = format!("Bearer {}", env.token);
    let headers = [("authorization", bearer.as_str())];
    let packed = package.pack();
    let upload = format!("/api/v1/blobs/{}", packed.tarball_digest.digest);
    [
        ("PUT", upload.as_str(), packed.tarball.as_slice()),
        ("POST", "/api/v1/releases", note),
    ]
    .into_iter()
    .all(|(method, path, body)| {
        let answer = http::try_request(address, method, path, &headers, body);
        answer.is_some_and(|answer| {
            assert!(answer.status < 300, "{}", answer.body);
            true
        })
    })
}

#[test]
fn a_registry_killed_at_fifty_random_moments_of_publishing_loses_and_half_shows_nothing() {
    let mut random = Random::new();
    let mut env = TestEnv::new();
    let data = env.registry.data().to_path_buf();
    env.registry.kill();
    let disk = Disk::below(&data);
    let mut next = 0;
    let mut acknowledged = 0;
    let mut before: Vec<Sent> = Vec::new();
    for kill in 1..=KILLS {
        let options = RegistryOptions {
            disk: Some(&disk),
            ..RegistryOptions::default()
        };
        let mut registry = Registry::start_with(&data, &options);
        check(&env, &registry, &before);
        disk.fail(Fault::Killed(random.up_to(CHANGES_MAX)));
        let sent = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for name in CLIENTS {
                let (env, sent, address, first) = (&env, &sent, registry.address.as_str(), next);
                scope.spawn(move || {
                    // Until the registry is gone.
                    for number in first.. {
                        let package = TestPackage::new(name, &format!("1.{number}.0"));
                        let note = package.note(&env.key(), ORIGIN, &env.keyset);
                        let is_acknowledged = publish(env, address, &package, &note);
                        let mut sent = sent.lock().expect("no client panics");
                        sent.push(Sent {
                            package,
                            note,
                            is_acknowledged,
                        });
                        if !is_acknowledged {
                            return;
                        }
                    }
                });
            }
        });
        registry.wait();
        disk.heal();
        before = sent.into_inner().expect("no client panics");
        next += before.len();
        acknowledged += before.iter().filter(|sent| sent.is_acknowledged).count();
        let verified = admin(&data, &["verify"]);
        assert_eq!(verified.code, Some(0), "kill {kill}: {}", verified.stdout);
    }
    let registry = Registry::start(&data);
    check(&env, &registry, &before);
    drop(registry);
    admin(&data, &["verify"]).ok();
    assert_eq!(disk.unseen(), [""; 0]);
    assert!(acknowledged > 0, "nothing was ever acknowledged");
    println!("{KILLS} kills, {acknowledged} releases acknowledged in between");
}

/// What was acknowledged is there, everything that is shown is whole, and what was not is accepted now.
fn check(env: &TestEnv, registry: &Registry, sent: &[Sent]) {
    let get = |path: &str| http::request(&registry.address, "GET", path, &[], b"");
    for name in CLIENTS {
        let index = get(&format!("/index/{name}"));
        let index = if index.status == 200 {
            index.body
        } else {
            String::new()
        };
        for line in index.lines() {
            serde_json::from_str::<Value>(line).expect("whole lines alone");
        }
        for sent in sent
            .iter()
            .filter(|sent| sent.package.name.to_string() == name)
        {
            let note = Digest::of(&sent.note);
            let is_shown = index.contains(&note.to_string());
            let title = format!("{name}@{}", sent.package.version);
            assert!(is_shown || !sent.is_acknowledged, "{title} is missing");
            if is_shown {
                let tarball = sent.package.pack().tarball_digest.digest;
                for digest in [note, tarball] {
                    let status = get(&format!("/blobs/sha256/{}", digest.hex())).status;
                    assert_eq!(status, 200, "{title} is shown by half");
                }
            } else {
                let repeated = publish(env, &registry.address, &sent.package, &sent.note);
                assert!(repeated, "{title} was not accepted again");
            }
        }
    }
}
