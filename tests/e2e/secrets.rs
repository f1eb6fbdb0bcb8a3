//! `claw secret`: values go in by a prompt or standard input, are kept sealed, and never come out again.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use claw_tests::packages::TestPackage;
use claw_tests::{Run, TestEnv, terminal};
use serde_json::json;

mod nowhere;

const VALUE: &str = "hunter2-and-more";

fn set(env: &TestEnv, name: &str, value: &str) -> Run {
    let run = env
        .agent
        .run_with_input("claw", &["secret", "set", name], value);
    says_nothing_of_it(run)
}

fn says_nothing_of_it(run: Run) -> Run {
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(!said.contains(VALUE), "`{}` says the value", run.typed);
    run
}

/// A skill that may be granted a secret.
fn api() -> TestPackage {
    TestPackage::new("acme/api", "1.0.0")
        .permission("network.external=https://api.example.com")
        .permission("secret=TOKEN https://api.example.com authorization")
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    entries
        .flat_map(|entry| match entry.path() {
            path if path.is_dir() => files(&path),
            path => vec![path],
        })
        .collect()
}

#[test]
fn without_a_keyring_a_value_is_sealed_in_a_file_of_its_owner() {
    let env = TestEnv::new();
    set(&env, "TOKEN", &format!("{VALUE}\n"))
        .ok()
        .says("the system keyring can't be used")
        .says("encrypted file");
    let home = &env.agent.home;
    for name in ["secrets", "secrets.key"] {
        let metadata = std::fs::metadata(home.join(name)).expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
    for file in files(home) {
        let bytes = std::fs::read(&file).expect("readable");
        let found = bytes
            .windows(VALUE.len())
            .any(|part| part == VALUE.as_bytes());
        assert!(!found, "the value is in {}", file.display());
    }
    let listed = says_nothing_of_it(env.claw("secret list --json").ok());
    let expected = json!([{"name": "TOKEN", "kept": "file", "used_by": []}]);
    assert_eq!(listed.json(), expected);
    let listed = env.claw("secret list").ok();
    assert_eq!(listed.stdout, "TOKEN  kept in the encrypted file\n");
    env.claw("secret remove TOKEN").ok();
    assert_eq!(env.claw("secret list --json").ok().json(), json!([]));
    env.claw("secret remove TOKEN").exits(5);
}

#[test]
fn a_value_is_typed_at_a_terminal_that_does_not_show_it() {
    let env = TestEnv::new();
    let command = |name| env.agent.command("claw", &["secret", "set", name]);
    let typed = format!("{VALUE}\n");
    let run = terminal::talk(command("TOKEN"), &[("the value of `TOKEN`", &typed)]).exits(0);
    assert!(!run.screen.contains(VALUE), "{}", run.screen);
    assert!(run.stdout.starts_with("set TOKEN"), "{}", run.stdout);
    let run = terminal::talk(command("OTHER"), &[("the value of", "half of it\u{3}")]);
    assert_eq!(run.exits(130).stdout, "");
    terminal::talk(command("OTHER"), &[("the value of", "\u{4}")]).exits(3);
    // A terminal drops what a line is too long for.
    let cut = format!("{}\n", "x".repeat(5000));
    terminal::talk(command("OTHER"), &[("the value of", &cut)])
        .exits(2)
        .shows("give it to stdin");
    let listed = env.claw("secret list --json").ok().json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
}

#[test]
fn a_value_on_the_command_line_is_refused_and_not_repeated() {
    let env = TestEnv::new();
    for words in [
        &["secret", "set", "TOKEN", VALUE][..],
        &["secret", "set", "TOKEN", "--", VALUE],
        &["secret", "set", "TOKEN", &format!("--value={VALUE}")],
        &["secret", "set", &format!("TOKEN={VALUE}")],
        &["secret", "set", VALUE],
        &["secret", "remove", VALUE],
    ] {
        says_nothing_of_it(env.agent.claw(words).exits(2));
    }
}

#[test]
fn only_what_a_header_carries_is_a_value() {
    let env = TestEnv::new();
    let longest = "x".repeat(8 * 1024);
    for bad in [
        "",
        "\n",
        "seven b",
        &format!("{VALUE}\nX-Other: 1\n"),
        &format!("{VALUE}\r\r\n"),
        &format!("{VALUE}\0"),
        &format!(" {VALUE}"),
        &format!("{longest}x"),
    ] {
        set(&env, "TOKEN", bad).exits(2);
    }
    assert!(!env.agent.home.join("secrets").exists());
    set(&env, "TOKEN", &format!("{longest}\r\n")).ok();
}

#[test]
fn a_keyring_that_does_not_answer_is_not_waited_for() {
    let env = TestEnv::new();
    let bus = env.root.path().join("bus");
    // Connections to it are made, and nobody ever says a word.
    let _listener = UnixListener::bind(&bus).expect("a socket");
    let mut command = env.agent.command("claw", &["secret", "set", "TOKEN"]);
    let value = env.agent.folder.join("value");
    std::fs::write(&value, VALUE).expect("written");
    command
        .env(
            "DBUS_SESSION_BUS_ADDRESS",
            format!("unix:path={}", bus.display()),
        )
        .stdin(std::fs::File::open(&value).expect("readable"));
    let started = Instant::now();
    says_nothing_of_it(Run::of(command).ok().says("did not answer within 5 s"));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn list_and_doctor_know_which_skills_use_a_secret_and_which_were_never_set() {
    let env = TestEnv::pinned();
    env.publish(&api());
    env.agent
        .claw(&[
            "add",
            "acme/api",
            "--allow",
            "secret=TOKEN https://api.example.com authorization",
        ])
        .ok();
    let project = std::fs::canonicalize(&env.agent.folder).expect("a path");
    let user = json!({"skill": "acme/api", "project": project.to_str()});
    let listed = env.claw("secret list --json").ok().json();
    assert_eq!(
        listed,
        json!([{"name": "TOKEN", "kept": null, "used_by": [user]}])
    );
    let doctor = env.claw("doctor --offline").ok();
    assert!(
        doctor.stdout.contains("which was never set")
            && doctor.stdout.contains("mend: claw secret set TOKEN"),
        "{}",
        doctor.stdout
    );
    set(&env, "TOKEN", VALUE).ok();
    let listed = env.claw("secret list --json").ok().json();
    assert_eq!(
        listed,
        json!([{"name": "TOKEN", "kept": "file", "used_by": [user]}])
    );
    let doctor = says_nothing_of_it(env.claw("doctor --offline").ok());
    assert!(!doctor.stdout.contains("never set"), "{}", doctor.stdout);
}

#[test]
fn what_was_altered_does_not_open_and_doctor_says_so() {
    let env = TestEnv::new();
    set(&env, "TOKEN", VALUE).ok();
    let (file, key) = (
        env.agent.home.join("secrets"),
        env.agent.home.join("secrets.key"),
    );
    let text = std::fs::read_to_string(&file).expect("text");
    let renamed = text.replace("TOKEN", "OTHER");
    std::fs::write(&file, renamed).expect("written");
    says_nothing_of_it(
        env.claw("doctor --offline")
            .exits(4)
            .says("secret set OTHER"),
    );
    std::fs::write(&file, &text).expect("written");
    env.claw("doctor --offline").ok();

    let bytes = std::fs::read(&key).expect("readable");
    std::fs::remove_file(&key).expect("removed");
    env.claw("doctor --offline").exits(4);
    std::fs::write(&key, &bytes).expect("written");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("ours");
    let report = env.claw("doctor --offline --json").exits(2).json();
    assert!(report.to_string().contains("chmod 600"), "{report}");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("ours");

    std::fs::write(&file, "TOKEN = 1\n").expect("written");
    env.claw("secret list").exits(4);
}

#[test]
fn only_a_granted_secret_is_read_and_the_skill_never_sees_it() {
    let env = TestEnv::pinned();
    let grant = "secret=TOKEN https://api.example.com authorization";
    env.publish(
        &TestPackage::new("acme/probe", "0.1.0")
            .probe()
            .permission("network.external=https://api.example.com")
            .permission(grant),
    );
    env.claw("add acme/probe --no-grants").ok();
    let environment = || says_nothing_of_it(env.claw("run acme/probe environment"));
    env.agent.claw(&["grant", "acme/probe", grant]).ok();
    environment()
        .ok()
        .says("the secret `TOKEN` is granted, and was never set")
        .says("hint: claw secret set TOKEN");
    set(&env, "TOKEN", VALUE).ok();
    let run = environment().ok();
    assert!(!run.stderr.contains("never set"), "{}", run.stderr);
    // It has a name for it, which means something to the host alone.
    assert_eq!(run.json()[0][0], "TOKEN");

    let file = env.agent.home.join("secrets");
    let text = std::fs::read_to_string(&file).expect("text");
    let altered = text.replace("sealed = \"", "sealed = \"AAAA");
    assert_ne!(altered, text);
    std::fs::write(&file, altered).expect("written");
    environment().exits(4).says("does not open");
    // A skill without the grant pays nothing for it.
    env.agent.claw(&["revoke", "acme/probe", grant]).ok();
    environment().ok();
}
