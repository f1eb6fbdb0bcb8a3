//! Completions, asked for as a shell asks for them.

use std::process::Command;

use claw_tests::packages::TestPackage;
use claw_tests::{Run, TestEnv, programs};

fn env() -> TestEnv {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/files", "1.0.0").permission("filesystem.read=."));
    env.publish(&TestPackage::new("acme/hello", "1.0.0"));
    env.claw("add acme/files acme/hello --no-grants").ok();
    env
}

/// What Bash would offer for the last of `words`, in the agent's project, besides flags.
fn offered(env: &TestEnv, words: &[&str]) -> Vec<String> {
    let words: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "source <(claw completions bash); COMP_WORDS=(claw {0}); COMP_CWORD={1}; COMP_TYPE=9\n\
         _clap_complete_claw claw \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\" 2>&1\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len()
    );
    let claw = env.agent.command("claw", &[]);
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", &script])
        .current_dir(&env.agent.folder)
        .env_clear();
    bash.envs(
        claw.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let run = Run::of(bash).ok();
    assert!(run.stderr.is_empty(), "{}", run.stderr);
    let lines = run
        .stdout
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('-'));
    lines.map(str::to_owned).collect()
}

#[test]
fn skills_actions_parameters_and_permissions_are_completed_from_what_is_installed() {
    let mut env = env();
    // None of it needs a registry.
    env.registry.kill();
    assert!(offered(&env, &["rec"]).contains(&"receipts".to_owned()));
    assert_eq!(
        offered(&env, &["run", "acme/"]),
        ["acme/files", "acme/hello"]
    );
    assert_eq!(offered(&env, &["run", "acme/hello", ""]), ["echo"]);
    assert_eq!(
        offered(&env, &["run", "acme/hello", "echo", "te"]),
        ["text="]
    );
    assert_eq!(
        offered(
            &env,
            &["run", "--timeout", "1s", "acme/hello", "echo", "te"]
        ),
        ["text="]
    );
    // As Bash splits `text=a`.
    let again = ["run", "acme/hello", "echo", "text", "=", "a", "te"];
    assert_eq!(offered(&env, &again), Vec::<String>::new());
    let permission = offered(&env, &["grant", "acme/files", "filesystem"]);
    assert_eq!(permission, ["filesystem.read=."]);
    assert_eq!(
        offered(&env, &["revoke", "acme/files", "file"]),
        Vec::<String>::new()
    );
    env.claw("grant acme/files filesystem.read=docs").ok();
    let permission = offered(&env, &["revoke", "acme/files", "file"]);
    assert_eq!(permission, ["filesystem.read=docs"]);
    assert_eq!(offered(&env, &["remove", "acme/f"]), ["acme/files"]);
}

#[test]
fn where_nothing_is_known_nothing_is_said() {
    let env = env();
    let none = Vec::<String>::new();
    assert_eq!(offered(&env, &["run", "acme/unknown", ""]), none);
    assert_eq!(offered(&env, &["run", "acme/hello", "unknown", "te"]), none);
    env.agent.write("claw.lock", "no lock");
    assert_eq!(offered(&env, &["remove", "acme/f"]), none);
    std::fs::write(env.agent.home.join("trust.toml"), "no pins").expect("written");
    assert_eq!(offered(&env, &["run", "acme/hello", ""]), none);
}

#[test]
fn every_shell_has_a_script_and_an_unknown_one_is_a_usage_error() {
    let env = TestEnv::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = env.claw(&format!("completions {shell}")).ok().stdout;
        assert!(script.contains("CLAW_COMPLETE"), "{script}");
        let program = programs::path("claw");
        assert!(
            !script.contains(&*program.to_string_lossy()),
            "it names this very program"
        );
    }
    env.claw("completions tcl").exits(2);
}
