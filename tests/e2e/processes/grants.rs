//! Which programs are run: those that were granted, by the words that were granted, while they are what they were.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use claw_host::DenialReason;
use claw_package::PermissionKind;
use claw_tests::packages::TestPackage;
use claw_tests::{TestEnv, programs};
use serde_json::{Value, json};

use super::world::{Call, World, error, levels};

fn call<'a>(grants: &'a [&'a str], argv: Value) -> Call<'a> {
    Call {
        action: "run",
        input: json!({ "argv": argv }),
        grants,
    }
}

#[test]
fn words_that_were_not_granted_are_denied() {
    let world = World::new(levels()[0]);
    let exact = format!("process.execute={} exit 0", world.program.display());
    for words in [
        &["exit", "1"][..],
        &["exit"],
        &["exit", "0", "1"],
        &["environment"],
    ] {
        let report = world.call(call(&[&exact], world.argv(words)));
        assert!(error(&report).contains("enied"), "{report:?}");
        assert_eq!(report.denials[0].kind, PermissionKind::ProcessExecute);
        assert_eq!(report.denials[0].reason, DenialReason::NotGranted);
    }
    let granted = world.call(call(&[&exact], world.argv(&["exit", "0"])));
    assert!(
        granted.denials.is_empty() && granted.outcome.code() == "ok",
        "{granted:?}"
    );
}

#[test]
fn no_shell_no_script_and_nothing_of_the_workspace_is_run_even_where_any_program_is_granted() {
    let world = World::new(levels()[0]);
    let script = world.root().join("script");
    fs::write(&script, "#!/bin/sh\ntrue\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let program = world.workspace.join("program");
    for path in [
        "/bin/sh",
        script.to_str().unwrap(),
        program.to_str().unwrap(),
    ] {
        let report = world.call(call(&["process.execute=**"], json!([path])));
        assert!(error(&report).contains("enied"), "{path} {report:?}");
        assert_eq!(report.denials[0].reason, DenialReason::NoProgram, "{path}");
    }
    let missing = world.call(call(&["process.execute=**"], json!(["no-such-program"])));
    assert!(error(&missing).contains("ot"), "{missing:?}");
    let found = world.call(call(&["process.execute=**"], world.argv(&["exit", "0"])));
    assert!(found.outcome.code() == "ok", "{found:?}");
}

#[test]
fn a_variable_that_decides_what_is_loaded_is_not_handed_on() {
    let world = World::new(levels()[0]);
    let report = world.call(Call {
        action: "run",
        input: json!({ "argv": world.argv(&["environment"]), "environment": ["LD_PRELOAD"] }),
        grants: &[&world.any(), "environment=LD_PRELOAD"],
    });
    assert_eq!(report.denials[0].reason, DenialReason::Variable);
}

/// An agent that has added the guest and granted one program, copied to a place of its own.
pub(super) fn granted() -> (TestEnv, String) {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/process", "0.1.0").process());
    let program = env.root.path().canonicalize().unwrap().join("confined");
    fs::copy(programs::path("confined"), &program).unwrap();
    let program = program.to_str().unwrap().to_owned();
    let grant = format!("process.execute={program} **");
    env.agent
        .claw(&["add", "acme/process", "--allow", &grant])
        .ok();
    (env, program)
}

#[test]
fn a_program_that_changed_is_asked_about_again() {
    let (env, program) = granted();
    let input = json!({ "argv": [program, "exit", "0"] }).to_string();
    let run = || {
        env.agent
            .claw(&["run", "acme/process", "run", "--input", &input])
    };
    assert_eq!(run().ok().json()["status"], "exit code 0");
    let mut bytes = fs::read(&program).unwrap();
    bytes.push(0);
    fs::write(&program, bytes).unwrap();
    let grant = format!("process.execute={program} **");
    run()
        .exits(3)
        .says("not the one that was granted")
        .says("claw grant acme/process");
    env.agent
        .claw(&["grant", "acme/process", &grant])
        .ok()
        .says("sha256:");
    run().ok();
    fs::remove_file(&program).unwrap();
    run().exits(3);
}

#[test]
fn a_grant_for_one_run_is_for_the_program_of_that_run() {
    let (env, program) = granted();
    let other = format!("{program}-other");
    fs::copy(programs::path("confined"), &other).unwrap();
    let input = json!({ "argv": [other, "exit", "0"] }).to_string();
    let words = ["run", "acme/process", "run", "--input", &input];
    env.agent.claw(&words).exits(3).says("not granted");
    let grant = format!("process.execute={other} exit *");
    env.agent
        .claw(&[&words[..], &["--allow", &grant]].concat())
        .ok();
    env.agent.claw(&words).exits(3);
}

#[test]
fn a_shell_is_granted_and_has_no_program() {
    let (env, _) = granted();
    env.agent
        .claw(&["grant", "acme/process", "process.execute=sh **"])
        .ok()
        .says("is a shell");
    let input = json!({ "argv": ["sh", "-c", "true"] }).to_string();
    env.agent
        .claw(&["run", "acme/process", "run", "--input", &input])
        .exits(3);
}
