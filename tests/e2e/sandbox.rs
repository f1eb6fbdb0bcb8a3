//! What a hostile guest sees of the filesystem and the environment: nothing that was not declared and granted.

use std::os::unix::fs::symlink;

use claw_tests::packages::TestPackage;
use claw_tests::{Run, TestEnv};
use serde_json::json;

/// An agent that has added the probe and granted `grants`, with one secret beside its project.
pub(crate) fn world(grants: &[&str]) -> TestEnv {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/probe", "0.1.0").probe());
    let mut words = vec!["add", "acme/probe"];
    if grants.is_empty() {
        words.push("--no-grants");
    }
    words.extend(grants.iter().flat_map(|grant| ["--allow", grant]));
    env.agent.claw(&words).ok();
    env.agent.write("docs/note.txt", "a note\n");
    env.agent.write("other/note.txt", "another note\n");
    std::fs::write(
        env.agent
            .folder
            .parent()
            .expect("a parent")
            .join("secret.txt"),
        "the secret\n",
    )
    .expect("written");
    env
}

pub(crate) fn probe(env: &TestEnv, action: &str, input: &serde_json::Value) -> Run {
    let run = env
        .agent
        .claw(&["run", "acme/probe", action, "--input", &input.to_string()]);
    assert!(
        !run.stdout.contains("the secret"),
        "`{}` gave the secret away",
        run.typed
    );
    run
}

/// The last receipt of the agent.
fn receipt(env: &TestEnv) -> serde_json::Value {
    let mut files: Vec<_> = std::fs::read_dir(env.agent.home.join("receipts"))
        .expect("there are receipts")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let text = std::fs::read_to_string(files.last().expect("a file")).expect("text");
    serde_json::from_str(text.lines().last().expect("a line")).expect("a receipt is JSON")
}

#[test]
fn a_granted_folder_is_read_by_both_of_its_names_and_nothing_beside_it_is() {
    let env = world(&["filesystem.read=docs"]);
    for path in ["docs/note.txt", "/workspace/docs/note.txt"] {
        probe(&env, "read", &json!({ "path": path })).ok();
    }
    for path in [
        "other/note.txt",
        "/workspace/other/note.txt",
        "docs/../other/note.txt",
        "../secret.txt",
        "docs/../../secret.txt",
    ] {
        let run = probe(&env, "read", &json!({ "path": path }));
        assert!(
            matches!(run.code, Some(1 | 3)),
            "{} ended with {:?}",
            run.typed,
            run.code
        );
    }
    probe(&env, "read", &json!({ "path": "other/note.txt" }))
        .exits(3)
        .says("claw grant acme/probe filesystem.read=");
    probe(
        &env,
        "write",
        &json!({ "path": "docs/note.txt", "text": "mine" }),
    )
    .exits(3)
    .says("filesystem.write");
    assert_eq!(env.agent.read("docs/note.txt"), "a note\n");
}

#[test]
fn a_denial_is_counted_in_the_receipt() {
    let env = world(&["filesystem.read=docs"]);
    probe(&env, "read", &json!({ "path": "other/note.txt" })).exits(3);
    let receipt = receipt(&env);
    assert!(receipt.to_string().contains("filesystem"), "{receipt}");
}

#[test]
fn an_absolute_path_elsewhere_is_never_read() {
    let env = world(&["filesystem.write=."]);
    for path in [
        "/etc/passwd",
        "/etc/hostname",
        "/proc/self/environ",
        "//etc/passwd",
        "/workspace/../etc/passwd",
    ] {
        let run = probe(&env, "read", &json!({ "path": path }));
        assert!(
            matches!(run.code, Some(1 | 3)),
            "{} ended with {:?}: {}",
            run.typed,
            run.code,
            run.stdout
        );
    }
}

#[test]
fn a_symbolic_link_out_is_not_followed() {
    let env = world(&["filesystem.write=."]);
    let folder = &env.agent.folder;
    symlink("../secret.txt", folder.join("relative")).expect("linked");
    symlink(
        folder.parent().expect("a parent").join("secret.txt"),
        folder.join("absolute"),
    )
    .expect("linked");
    symlink("..", folder.join("up")).expect("linked");
    symlink("docs/note.txt", folder.join("inside")).expect("linked");
    for path in [
        "relative",
        "absolute",
        "up/secret.txt",
        "/workspace/relative",
        "docs/../up/secret.txt",
    ] {
        let run = probe(&env, "read", &json!({ "path": path }));
        assert!(
            matches!(run.code, Some(1 | 3)),
            "{} ended with {:?}",
            run.typed,
            run.code
        );
        let run = probe(
            &env,
            "write",
            &json!({ "path": path, "text": "overwritten" }),
        );
        assert!(
            matches!(run.code, Some(1 | 3)),
            "{} ended with {:?}",
            run.typed,
            run.code
        );
    }
    probe(&env, "read", &json!({ "path": "inside" })).ok();
    let secret = std::fs::read_to_string(folder.parent().expect("a parent").join("secret.txt"))
        .expect("text");
    assert_eq!(secret, "the secret\n");
}

#[test]
fn a_symbolic_link_that_is_swapped_in_meanwhile_is_not_followed() {
    let env = world(&["filesystem.write=."]);
    let link = env.agent.folder.join("docs/swapped.txt");
    let spare = env.agent.folder.join("docs/spare.txt");
    let target = env
        .agent
        .folder
        .parent()
        .expect("a parent")
        .join("secret.txt");
    std::fs::write(&spare, "harmless\n").expect("written");
    symlink(&target, &link).expect("linked");
    let mut command = env.agent.command(
        "claw",
        &[
            "run",
            "acme/probe",
            "race",
            "path=docs/swapped.txt",
            "times=20000",
            "wanted=secret",
        ],
    );
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut process = command.spawn().expect("claw starts");
    while process.try_wait().expect("claw can be asked").is_none() {
        // Exchanges the two names, so that the path is a file and a link out by turns.
        let between = env.agent.folder.join("docs/between");
        std::fs::rename(&link, &between).expect("renamed");
        std::fs::rename(&spare, &link).expect("renamed");
        std::fs::rename(&between, &spare).expect("renamed");
    }
    let output = process.wait_with_output().expect("claw ends");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(!stdout.contains("the secret"), "{stdout}");
    assert!(
        stdout.trim() == "null" || output.status.code() == Some(3),
        "{stdout}"
    );
}

#[test]
fn a_home_inside_of_the_workspace_is_not_there() {
    let env = world(&["filesystem.write=."]);
    let workspace = env
        .agent
        .home
        .parent()
        .and_then(|home| home.parent())
        .expect("two folders up");
    let workspace = workspace.to_str().expect("a UTF-8 path");
    let in_workspace = |action: &str, input: serde_json::Value| {
        env.agent.claw(&[
            "run",
            "acme/probe",
            action,
            "--input",
            &input.to_string(),
            "--workspace",
            workspace,
        ])
    };
    let names = in_workspace("names", json!({ "path": "home" })).ok().json();
    assert_eq!(names, json!([]), "the listing shows it");
    for path in [
        "home/.claw/trust.toml",
        "home/.claw",
        "home/../home/.claw/cache.key",
    ] {
        let run = in_workspace("read", json!({ "path": path }));
        assert!(
            matches!(run.code, Some(1 | 3)),
            "{path} was read: {}",
            run.stdout
        );
        let run = in_workspace("write", json!({ "path": path, "text": "mine" }));
        assert!(
            matches!(run.code, Some(1 | 3)),
            "{path} was written: {}",
            run.stdout
        );
    }
    let stat = in_workspace(
        "stat",
        json!({ "base": ".", "path": "home/.claw", "follow": true }),
    );
    assert!(matches!(stat.code, Some(1 | 3)), "{}", stat.stdout);
    in_workspace(
        "rename",
        json!({ "base": ".", "old": "home", "new": "moved" }),
    );
    assert!(
        env.agent.home.join("trust.toml").exists(),
        "the home was moved away"
    );
}

#[test]
fn a_workspace_inside_of_the_home_is_refused() {
    let env = world(&["filesystem.read=."]);
    let home = env.agent.home.to_str().expect("a UTF-8 path");
    env.agent
        .claw(&["run", "acme/probe", "names", "path=.", "--workspace", home])
        .exits(2);
    let inside = format!("{home}/projects");
    env.agent
        .claw(&[
            "run",
            "acme/probe",
            "names",
            "path=.",
            "--workspace",
            &inside,
        ])
        .exits(2);
}

#[test]
fn only_granted_variables_are_there() {
    let env = world(&["environment=GREETING"]);
    let mut command = env
        .agent
        .command("claw", &["run", "acme/probe", "environment"]);
    command
        .env("GREETING", "good day")
        .env("PASSWORD", "hunter2");
    let run = Run::of(command).ok();
    assert_eq!(run.json(), json!([["GREETING", "good day"]]));

    let env = world(&[]);
    let mut command = env
        .agent
        .command("claw", &["run", "acme/probe", "environment"]);
    command.env("GREETING", "good day");
    assert_eq!(Run::of(command).ok().json(), json!([]));
}

#[test]
fn without_a_grant_no_folder_is_shown() {
    let env = world(&[]);
    probe(&env, "read", &json!({ "path": "docs/note.txt" })).exits(3);
    probe(&env, "names", &json!({ "path": "." })).exits(3);
    probe(&env, "write", &json!({ "path": "new.txt", "text": "x" })).exits(3);
    assert!(!env.agent.folder.join("new.txt").exists());
}
