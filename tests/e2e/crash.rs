//! `kill -9` of the registry at each named step of a publish: nothing acknowledged is missing, nothing half-published is
//! visible, a repeat succeeds, and `claw-registry verify` is clean.

use claw_package::Digest;
use claw_tests::environment::ORIGIN;
use claw_tests::packages::TestPackage;
use claw_tests::registry::{Registry, RegistryOptions, admin};
use claw_tests::{TestEnv, http, programs};
use claw_trust::{Yank, YankAction};
use serde_json::Value;

/// The steps that the program itself names.
fn steps() -> Vec<String> {
    let mut command = std::process::Command::new(programs::path("claw-registry"));
    command.arg("crash-points");
    let run = claw_tests::Run::of(command).ok();
    let steps: Vec<String> = run.stdout.lines().map(str::to_owned).collect();
    assert!(steps.len() >= 4, "{steps:?}");
    steps
}

/// The release `1.N.0` and its yank, as the author would send them.
struct Attempt {
    tarball: Vec<u8>,
    digest: Digest,
    note: Vec<u8>,
    yank: Vec<u8>,
}

impl Attempt {
    fn new(env: &TestEnv, number: usize) -> Attempt {
        let package = TestPackage::new("acme/x", &format!("1.{number}.0"));
        let packed = package.pack();
        let note = package.note(&env.key(), ORIGIN, &env.keyset);
        let yank = Yank {
            action: YankAction::Yank,
            registry: ORIGIN.parse().expect("an origin"),
            package: package.name.clone(),
            version: package.version.clone(),
            release: Digest::of(&note),
            sequence: 1,
            reason: None,
            keyset: env.keyset.parse().expect("a keyset reference"),
        };
        let yank = yank.sign(&env.key());
        Attempt {
            tarball: packed.tarball,
            digest: packed.tarball_digest.digest,
            note,
            yank,
        }
    }

    /// Publishes, then yanks; gives the statuses of what was answered. A connection that broke is no answer.
    fn send(&self, address: &str, token: &str) -> Vec<u16> {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let upload = format!("/api/v1/blobs/{}", self.digest);
        let steps: [(&str, &str, &[u8]); 3] = [
            ("PUT", &upload, &self.tarball),
            ("POST", "/api/v1/releases", &self.note),
            ("POST", "/api/v1/events", &self.yank),
        ];
        let answers = steps.into_iter().map_while(|(method, path, body)| {
            http::try_request(address, method, path, &headers, body).map(|answer| answer.status)
        });
        answers.collect()
    }
}

#[test]
fn a_registry_killed_at_any_step_of_a_publish_loses_and_shows_nothing_wrong() {
    let mut env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    let data = env.registry.data().to_path_buf();
    env.registry.kill();
    for (number, step) in steps().iter().enumerate() {
        let attempt = Attempt::new(&env, number + 1);
        let options = RegistryOptions {
            crash_at: Some(step),
            ..RegistryOptions::default()
        };
        let mut crashing = Registry::start_with(&data, &options);
        let answered = attempt.send(&crashing.address, &env.token);
        assert!(
            answered.len() < 3,
            "{step}: it did not end there: {answered:?}"
        );
        assert!(
            answered.iter().all(|status| *status < 300),
            "{step}: {answered:?}"
        );
        crashing.wait();
        drop(crashing);

        admin(&data, &["verify"]).ok();
        let registry = Registry::start(&data);
        let get = |path: &str| http::request(&registry.address, "GET", path, &[], b"");
        let index = get("/index/acme/x").body;
        for line in index.lines() {
            let line: Value = serde_json::from_str(line).expect("whole lines alone");
            for digest in [&line["note"], &line["tarball"], &line["yanked"]] {
                let Some(digest) = digest.as_str() else {
                    continue;
                };
                let path = format!("/blobs/sha256/{}", digest.trim_start_matches("sha256:"));
                assert_eq!(
                    get(&path).status,
                    200,
                    "{step}: the index names a blob that is not there"
                );
            }
        }
        // Two answers are an acknowledged release: the upload's and the note's.
        let shown = index
            .lines()
            .any(|line| line.contains(&Digest::of(&attempt.note).to_string()));
        assert!(
            shown || answered.len() < 2,
            "{step}: an acknowledged release is missing"
        );

        let again = attempt.send(&registry.address, &env.token);
        assert!(
            again.len() == 3 && again.iter().all(|status| *status < 300),
            "{step}: a repeat gave {again:?}"
        );
        let index = get("/index/acme/x").body;
        assert_eq!(
            index.lines().count(),
            number + 2,
            "{step}: releases are missing or doubled"
        );
        assert_eq!(
            index.matches("\"yanked\":\"sha256:").count(),
            number + 1,
            "{step}: a yank is missing"
        );
        drop(registry);
        admin(&data, &["verify"]).ok();
    }
}

#[test]
fn verify_names_each_thing_that_was_altered() {
    let mut env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.publish(&TestPackage::new("acme/x", "1.1.0"));
    env.registry.kill();
    admin(env.registry.data(), &["verify"]).ok();
    let mut stack = vec![env.registry.data().to_path_buf()];
    let mut tried = 0;
    while let Some(folder) = stack.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                stack.push(path);
            } else if path.components().any(|part| part.as_os_str() == "blobs") {
                let before = std::fs::read(&path).expect("readable");
                let mut altered = before.clone();
                let middle = altered.len() / 2;
                altered[middle] ^= 1;
                std::fs::write(&path, altered).expect("writable");
                let run = admin(env.registry.data(), &["verify"]).exits(4);
                let name = path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .expect("a name");
                let all = format!("{}{}", run.stdout, run.stderr);
                assert!(
                    all.contains(&name[..16]),
                    "{name} was altered and is not named:\n{all}"
                );
                std::fs::write(&path, before).expect("writable");
                tried += 1;
            }
        }
    }
    assert!(tried >= 2, "only {tried} files were tried");
    admin(env.registry.data(), &["verify"]).ok();
}
