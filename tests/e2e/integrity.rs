//! One flipped byte anywhere under a signature or a digest: exit 4, naming what did not match; the rest still works.

use std::path::{Path, PathBuf};

use claw_tests::TestEnv;
use claw_tests::environment::{ORIGIN, Person};
use claw_tests::mirror::Mirror;
use claw_tests::packages::TestPackage;

/// An agent in a home of its own that knows nothing but the registry at `address`, with `acme` pinned.
fn agent_of(env: &TestEnv, name: &str, address: &str) -> Person {
    let agent = Person::new(env.root.path(), name);
    agent.claw(&["init", "--registry", address]).ok();
    agent
        .claw(&[
            "trust",
            "add",
            "acme",
            "--origin",
            ORIGIN,
            "--keyset",
            &env.keyset,
        ])
        .ok();
    agent
}

/// Flips one bit in the middle of `bytes`.
fn flip(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

#[test]
fn altered_downloads_are_refused() {
    let env = TestEnv::new();
    let package = TestPackage::new("acme/x", "1.0.0").file("assets/data.txt", "data");
    env.publish(&package);
    env.publish(&TestPackage::new("acme/y", "1.0.0"));
    let note = package.note(&env.key(), ORIGIN, &env.keyset);
    let paths = [
        format!("/blobs/sha256/{}", claw_package::Digest::of(&note).hex()),
        format!(
            "/blobs/sha256/{}",
            package.pack().tarball_digest.digest.hex()
        ),
        "/keysets/acme/1.note".to_owned(),
    ];
    for (number, altered) in paths.into_iter().enumerate() {
        let named = altered.clone();
        let mirror = Mirror::of(&env.registry.address, move |path, bytes| {
            if path == altered {
                flip(bytes);
            }
        });
        let agent = agent_of(&env, &format!("agent{number}"), &mirror.address);
        let run = agent.claw(&["add", "acme/x", "--no-grants"]);
        assert_eq!(run.code, Some(4), "{named} was altered:\n{}", run.stderr);
        assert!(
            !agent.folder.join("claw.lock").exists() || !agent.read("claw.lock").contains("acme/x")
        );
        if !named.starts_with("/keysets") {
            agent.claw(&["add", "acme/y", "--no-grants"]).ok();
        }
    }
}

#[test]
fn index_fields_that_repeat_the_note_are_held_against_it() {
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0").permission("filesystem.read=."));
    let line = env.get("/index/acme/x");
    let fields: serde_json::Value = serde_json::from_str(line.trim()).expect("a line is JSON");
    let zeros = format!("sha256:{}", "0".repeat(64));
    let edits = [
        ("version", serde_json::json!("1.0.1")),
        ("name", serde_json::json!("acme/y")),
        ("note", serde_json::json!(zeros)),
        ("tarball", serde_json::json!(zeros)),
        ("component", serde_json::json!(zeros)),
        (
            "size",
            serde_json::json!(fields["size"].as_u64().expect("a number") + 1),
        ),
        ("permissions", serde_json::json!([])),
        ("permissions", serde_json::json!(["filesystem.write=."])),
        ("yanked", serde_json::json!(zeros)),
    ];
    for (number, (field, value)) in edits.into_iter().enumerate() {
        let mut altered = fields.clone();
        altered[field] = value;
        let body = format!("{altered}\n");
        let mirror = Mirror::of(&env.registry.address, move |path, bytes| {
            if path == "/index/acme/x" {
                *bytes = body.clone().into_bytes();
            }
        });
        let agent = agent_of(&env, &format!("agent{number}"), &mirror.address);
        let run = agent.claw(&["add", "acme/x", "--no-grants"]);
        assert!(
            matches!(run.code, Some(4 | 5 | 7)),
            "`{field}` was altered, exit {:?}:\n{}",
            run.code,
            run.stderr
        );
        if !matches!(field, "note" | "yanked") {
            assert_eq!(run.code, Some(4), "`{field}` was altered:\n{}", run.stderr);
        }
        assert!(
            !agent.folder.join("claw.lock").exists() || !agent.read("claw.lock").contains("acme/x")
        );
    }
}

#[test]
fn an_altered_yank_note_is_refused() {
    let env = TestEnv::new();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.author.cargo_claw(&["yank", "acme/x@1.0.0"]).ok();
    let line: serde_json::Value =
        serde_json::from_str(env.get("/index/acme/x").trim()).expect("JSON");
    let yank = line["yanked"]
        .as_str()
        .expect("a digest")
        .trim_start_matches("sha256:")
        .to_owned();
    let altered = format!("/blobs/sha256/{yank}");
    let mirror = Mirror::of(&env.registry.address, move |path, bytes| {
        if path == altered {
            flip(bytes);
        }
    });
    let agent = agent_of(&env, "other", &mirror.address);
    let run = agent.claw(&["add", "acme/x@=1.0.0", "--no-grants"]);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
}

#[test]
fn every_installed_file_is_verified_at_every_load() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0").file("assets/data.txt", "data"));
    env.publish(&TestPackage::new("acme/y", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    env.claw("add acme/y --no-grants").ok();
    env.claw("run acme/x echo text=before").ok();
    let store = env.agent.home.join("store/acme/x");
    let mut seen = Vec::new();
    for file in files(&store) {
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name")
            .to_owned();
        let before = std::fs::read(&file).expect("readable");
        let mut altered = before.clone();
        flip(&mut altered);
        std::fs::write(&file, &altered).expect("writable");
        let run = env.claw("run acme/x echo text=altered");
        let verify = env.claw("verify acme/x");
        std::fs::write(&file, &before).expect("writable");
        assert_eq!(
            verify.code,
            Some(4),
            "`claw verify` did not see that {name} was altered:\n{}",
            verify.stderr
        );
        if [
            "release.note",
            "keyset.note",
            "skill.wasm",
            "skill.json",
            "data.txt",
        ]
        .contains(&name.as_str())
        {
            assert_eq!(
                run.code,
                Some(4),
                "`claw run` did not see that {name} was altered:\n{}",
                run.stderr
            );
            seen.push(name);
        }
        env.claw("run acme/x echo text=restored").ok();
        env.claw("run acme/y echo text=untouched").ok();
    }
    assert!(seen.len() >= 5, "only {seen:?} were tried");
}

#[test]
fn an_altered_compile_cache_is_refused_and_mended_by_a_rebuild() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.publish(&TestPackage::new("acme/y", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    let before = files(&env.agent.home.join("cache"));
    env.claw("add acme/y --no-grants").ok();
    let image = before
        .first()
        .expect("the component was compiled at install");
    for place in ["start", "middle", "end"] {
        let mut bytes = std::fs::read(image).expect("readable");
        let at = match place {
            "start" => 0,
            "middle" => bytes.len() / 2,
            _ => bytes.len() - 1,
        };
        bytes[at] ^= 1;
        std::fs::write(image, &bytes).expect("writable");
        env.claw("run acme/x echo text=altered")
            .exits(4)
            .says("claw install --rebuild");
        env.claw("run acme/y echo text=untouched").ok();
        env.claw("install --rebuild").ok();
        env.claw("run acme/x echo text=mended").ok();
    }
}

#[test]
fn an_altered_digest_in_the_lock_is_refused() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0").permission("filesystem.read=."));
    env.publish(&TestPackage::new("acme/y", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    env.claw("add acme/y --no-grants").ok();
    let lock = env.agent.read("claw.lock");
    let first = lock.find("acme/x").expect("the lock names it");
    let section = &lock[first
        ..lock[first..]
            .find("[[skill]]")
            .map_or(lock.len(), |end| first + end)];
    for key in ["note", "keyset", "permissions"] {
        let line = section
            .lines()
            .find(|line| line.starts_with(&format!("{key} ")))
            .expect("the lock has it");
        let end = line.rfind('"').expect("a quoted value");
        let last = if line.as_bytes()[end - 1] == b'0' {
            "1"
        } else {
            "0"
        };
        let altered = format!("{}{last}\"", &line[..end - 1]);
        env.agent
            .write("claw.lock", &lock.replacen(line, &altered, 1));
        let run = env.claw("run acme/x echo text=altered");
        assert_eq!(run.code, Some(4), "`{key}` was altered:\n{}", run.stderr);
        env.claw("run acme/y echo text=untouched").ok();
        env.agent.write("claw.lock", &lock);
        env.claw("run acme/x echo text=restored").ok();
    }
}

#[test]
fn verify_passes_the_good_package_and_names_the_fault_of_an_altered_one() {
    let env = TestEnv::pinned();
    let package = TestPackage::new("acme/x", "1.0.0");
    let packed = package.pack();
    let note = package.note(&env.key(), ORIGIN, &env.keyset);
    let good = env.agent.folder.join("x-1.0.0.tar.gz");
    std::fs::write(&good, &packed.tarball).expect("written");
    env.claw("verify x-1.0.0.tar.gz --structure-only").ok();
    env.claw("verify x-1.0.0.tar.gz").exits(4).says("unsigned");
    std::fs::write(env.agent.folder.join("x-1.0.0.tar.gz.note"), &note).expect("written");
    env.publish(&package);
    env.claw("add acme/x --no-grants").ok();
    env.claw("verify x-1.0.0.tar.gz --note x-1.0.0.tar.gz.note")
        .ok();
    env.claw("verify acme/x").ok();

    let mut altered = packed.tarball.clone();
    flip(&mut altered);
    std::fs::write(&good, &altered).expect("written");
    env.claw("verify x-1.0.0.tar.gz --note x-1.0.0.tar.gz.note")
        .exits(4);
    std::fs::write(&good, &packed.tarball[..packed.tarball.len() / 2]).expect("written");
    env.claw("verify x-1.0.0.tar.gz --structure-only").exits(4);
    std::fs::write(&good, [&packed.tarball[..], b"more"].concat()).expect("written");
    env.claw("verify x-1.0.0.tar.gz --structure-only").exits(4);
}
