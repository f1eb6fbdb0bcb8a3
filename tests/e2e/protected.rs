//! Files that decide what runs next can be read and are never written, by whatever name; what is no file is never opened.

use std::os::unix::fs::symlink;

use serde_json::json;

use crate::sandbox::{probe, world};

#[test]
fn protected_names_can_be_read_and_not_written() {
    let env = world(&["filesystem.write=."]);
    env.agent.write(".git/config", "[core]\n");
    env.agent.write("sub/.git/hooks/pre-commit", "#!/bin/sh\n");
    env.agent.write(".GIT/config", "[core]\n");
    env.agent.write(".claw/kept", "kept\n");
    let toml = env.agent.read("claw.toml");
    probe(&env, "read", &json!({ "path": ".git/config" })).ok();
    probe(&env, "read", &json!({ "path": "claw.toml" })).ok();
    let how = json!({ "follow": true, "create": true, "exclusive": false, "truncate": true, "directory": false,
                      "read": false, "write": true, "mutate": false });
    for path in [
        ".git/config",
        ".git/new",
        ".GIT/config",
        "sub/.git/hooks/pre-commit",
        "claw.toml",
        "CLAW.toml",
        "claw.lock",
        "sub/claw.toml",
        ".claw/x",
        "docs/../claw.toml",
        "docs/../.git/config",
    ] {
        for base in [".", "/workspace"] {
            let input = json!({ "base": base, "path": path, "how": how, "text": "mine" });
            let run = probe(&env, "open", &input);
            assert_eq!(
                run.code,
                Some(3),
                "{path} below {base} was opened for writing: {}",
                run.stderr
            );
        }
    }
    for (old, new) in [
        (".git", "git"),
        ("docs/note.txt", ".git/note"),
        ("docs/note.txt", "claw.lock"),
        ("docs", "sub/.git"),
        ("claw.toml", "x"),
        ("docs", "sub/.Claw"),
        ("docs/note.txt", "sub/CLAW.LOCK"),
    ] {
        probe(
            &env,
            "rename",
            &json!({ "base": ".", "old": old, "new": new }),
        )
        .exits(3);
        probe(
            &env,
            "link",
            &json!({ "base": ".", "old": old, "new": new, "follow": false }),
        )
        .exits(3);
    }
    probe(&env, "unlink", &json!({ "base": ".", "path": "claw.toml" })).exits(3);
    probe(
        &env,
        "make-folder",
        &json!({ "base": ".", "path": "docs/.git" }),
    )
    .exits(3);
    probe(
        &env,
        "touch",
        &json!({ "base": ".", "path": ".git/config", "follow": true }),
    )
    .exits(3);
    assert_eq!(env.agent.read("claw.toml"), toml);
    assert_eq!(env.agent.read(".git/config"), "[core]\n");
    assert_eq!(env.agent.read("docs/note.txt"), "a note\n");
}

#[test]
fn a_protected_file_is_not_written_through_an_alias() {
    let env = world(&["filesystem.write=."]);
    env.agent.write(".git/config", "[core]\n");
    let folder = &env.agent.folder;
    symlink(".git/config", folder.join("soft")).expect("linked");
    symlink(".git", folder.join("dotgit")).expect("linked");
    std::fs::hard_link(folder.join(".git/config"), folder.join("hard")).expect("linked");
    for path in ["soft", "dotgit/config", "dotgit/new", "hard"] {
        let run = probe(&env, "write", &json!({ "path": path, "text": "mine" }));
        assert_eq!(run.code, Some(3), "{path} was written: {}", run.stderr);
    }
    assert_eq!(env.agent.read(".git/config"), "[core]\n");
    assert!(!folder.join(".git/new").exists());
}

#[test]
fn a_fifo_is_never_opened() {
    let env = world(&["filesystem.write=."]);
    let fifo = env.agent.folder.join("docs/fifo");
    let made = std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .expect("mkfifo starts");
    assert!(made.success());
    for action in ["read", "write"] {
        let run = probe(&env, action, &json!({ "path": "docs/fifo", "text": "x" }));
        let run = if action == "read" {
            probe(&env, "read", &json!({ "path": "docs/fifo" }))
        } else {
            run
        };
        assert!(
            matches!(run.code, Some(1..=3)),
            "{} ended with {:?}",
            run.typed,
            run.code
        );
    }
}
