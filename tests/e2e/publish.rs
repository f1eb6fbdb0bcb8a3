//! Who may publish what, and that a release never changes.

use claw_package::Digest;
use claw_tests::environment::{ORIGIN, Person, key_of, open_namespace};
use claw_tests::packages::TestPackage;
use claw_tests::{Run, TestEnv, http};

#[test]
fn the_same_release_twice_changes_nothing() {
    let env = TestEnv::new();
    let package = TestPackage::new("acme/x", "1.0.0");
    let first = package.send(
        &env.registry.address,
        &env.token,
        &env.key(),
        ORIGIN,
        &env.keyset,
    );
    let index = env.get("/index/acme/x");
    let second = package.send(
        &env.registry.address,
        &env.token,
        &env.key(),
        ORIGIN,
        &env.keyset,
    );
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!(env.get("/index/acme/x"), index);
    assert_eq!(index.lines().count(), 1);
}

#[test]
fn the_same_version_with_other_bytes_is_a_conflict_that_names_both_digests() {
    let env = TestEnv::new();
    let first = TestPackage::new("acme/x", "1.0.0");
    let standing = env.publish(&first);
    let other = TestPackage::new("acme/x", "1.0.0").file("assets/data.txt", "other bytes");
    let answer = other.send(
        &env.registry.address,
        &env.token,
        &env.key(),
        ORIGIN,
        &env.keyset,
    );
    assert_eq!(answer.status, 409, "{}", answer.body);
    let refused = Digest::of(&other.note(&env.key(), ORIGIN, &env.keyset));
    for digest in [standing, refused] {
        assert!(
            answer.body.contains(&digest.to_string()),
            "{digest} is not named: {}",
            answer.body
        );
    }
    assert_eq!(env.get("/index/acme/x").lines().count(), 1);
}

#[test]
fn of_many_publishes_of_one_version_exactly_one_creates_it() {
    let env = TestEnv::new();
    let key = env.key();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let publishers: Vec<_> = (0..64)
            .map(|number| {
                let (env, key) = (&env, &key);
                scope.spawn(move || {
                    let package = TestPackage::new("acme/x", "1.0.0")
                        .file("assets/number", &number.to_string());
                    package
                        .send(&env.registry.address, &env.token, key, ORIGIN, &env.keyset)
                        .status
                })
            })
            .collect();
        publishers
            .into_iter()
            .map(|publisher| publisher.join().expect("a publisher ends"))
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 409).count(),
        63,
        "{statuses:?}"
    );
    assert_eq!(env.get("/index/acme/x").lines().count(), 1);
    env.registry.admin(&["verify"]).ok();
}

#[test]
fn a_token_without_the_key_and_a_key_without_the_token_are_refused() {
    let env = TestEnv::new();
    let package = TestPackage::new("acme/x", "1.0.0");
    let mallory = Person::new(env.root.path(), "mallory");
    let (mallorys_token, mallorys_keyset) =
        open_namespace(&env.registry, &mallory, "mallory", "eve");
    let mallorys_key = key_of(&mallory, "mallory", "eve");

    mallory.cargo_claw(&["key", "new", "acme/eve"]).ok();
    let unknown_key = key_of(&mallory, "acme", "eve");
    let address = &env.registry.address;
    let forged = package.send(address, &env.token, &unknown_key, ORIGIN, &env.keyset);
    assert!(
        matches!(forged.status, 400 | 403 | 409 | 422),
        "{} {}",
        forged.status,
        forged.body
    );
    let foreign = package.send(address, &env.token, &mallorys_key, ORIGIN, &mallorys_keyset);
    assert!(
        matches!(foreign.status, 400 | 403 | 409 | 422),
        "{} {}",
        foreign.status,
        foreign.body
    );
    let without_token = package.send(address, "", &env.key(), ORIGIN, &env.keyset);
    assert_eq!(without_token.status, 401, "{}", without_token.body);
    let foreign_token = package.send(address, &mallorys_token, &env.key(), ORIGIN, &env.keyset);
    assert_eq!(foreign_token.status, 403, "{}", foreign_token.body);
    assert_eq!(env.status("/index/acme/x"), 404);
}

#[test]
fn a_revoked_token_and_one_of_another_scope_are_refused() {
    let env = TestEnv::new();
    let package = TestPackage::new("acme/x", "1.0.0");
    let reader = env
        .registry
        .admin(&["token", "create", "--scope", "yank", "--namespace", "acme"])
        .ok();
    let answer = package.send(
        &env.registry.address,
        reader.stdout.trim(),
        &env.key(),
        ORIGIN,
        &env.keyset,
    );
    assert_eq!(answer.status, 403, "{}", answer.body);

    let list = env.registry.admin(&["token", "list", "--json"]).ok();
    assert!(
        !list.stdout.contains(env.token.as_str()),
        "the list shows a token"
    );
    let tokens = list.json();
    let tokens = tokens
        .as_array()
        .or_else(|| tokens["tokens"].as_array())
        .expect("a list of tokens")
        .clone();
    for token in &tokens {
        let id = token["id"]
            .as_str()
            .map_or_else(|| token["id"].to_string(), str::to_owned);
        env.registry.admin(&["token", "revoke", &id]).ok();
    }
    let answer = package.send(
        &env.registry.address,
        &env.token,
        &env.key(),
        ORIGIN,
        &env.keyset,
    );
    assert_eq!(answer.status, 401, "{}", answer.body);
}

#[test]
fn a_release_for_another_registry_is_refused() {
    let env = TestEnv::new();
    let package = TestPackage::new("acme/x", "1.0.0");
    let answer = package.send(
        &env.registry.address,
        &env.token,
        &env.key(),
        "elsewhere.test",
        &env.keyset,
    );
    assert!(
        matches!(answer.status, 400 | 403 | 409 | 422),
        "{} {}",
        answer.status,
        answer.body
    );
}

#[test]
fn private_packages_are_refused_as_not_supported() {
    let env = TestEnv::new();
    env.author
        .cargo_claw(&["new", "x", "--namespace", "acme"])
        .ok();
    let author = Person {
        home: env.author.home.clone(),
        folder: env.author.folder.join("x"),
    };
    let run: Run = author.cargo_claw(&["publish", "--visibility", "private"]);
    assert_ne!(run.code, Some(0));
    assert!(run.stderr.contains("not supported"), "{}", run.stderr);
}

#[test]
fn static_files_have_the_caching_headers_that_mirrors_need() {
    let env = TestEnv::new();
    let note = env.publish(&TestPackage::new("acme/x", "1.0.0"));
    let blob = format!("/blobs/sha256/{}", note.hex());
    for (path, caching) in [
        (
            "/index/acme/x",
            "public, max-age=60, s-maxage=300, stale-while-revalidate=600, stale-if-error=86400",
        ),
        (
            "/.well-known/claw-registry.json",
            "public, max-age=300, stale-if-error=86400",
        ),
        (blob.as_str(), "public, max-age=31536000, immutable"),
    ] {
        let answer = env.request(path, None);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("cache-control"), Some(caching), "{path}");
        let tag = answer
            .header("etag")
            .unwrap_or_else(|| panic!("{path} has no tag"))
            .to_owned();
        let again = env.request(path, Some(&tag));
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(env.request(path, Some("\"another\"")).status, 200, "{path}");
    }
}

#[test]
fn memory_stays_flat_while_large_packages_are_uploaded() {
    const PACKAGE_BYTES: usize = 31 << 20;
    const GROWTH_BYTES_MAX: u64 = 16 << 20;
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    let before = peak_memory_bytes(env.registry.id());
    // Nothing that compresses, and each one another blob.
    let bearer = format!("Bearer {}", env.token);
    for number in 0..3u32 {
        let mut state = number + 1;
        let body: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()
        })
        .take(PACKAGE_BYTES / 4)
        .flatten()
        .collect();
        let path = format!("/api/v1/blobs/{}", Digest::of(&body));
        let headers = [("authorization", bearer.as_str())];
        let answer = http::request(&env.registry.address, "PUT", &path, &headers, &body);
        assert!(answer.status < 300, "{} {}", answer.status, answer.body);
    }
    let growth = peak_memory_bytes(env.registry.id()) - before;
    assert!(
        growth < GROWTH_BYTES_MAX,
        "the registry grew by {growth} bytes"
    );
}

/// The most memory that a process had, as the kernel counts it.
fn peak_memory_bytes(id: u32) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{id}/status")).expect("the process is there");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("a peak");
    let kilobytes: u64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.parse().ok())
        .expect("a number");
    kilobytes * 1024
}
