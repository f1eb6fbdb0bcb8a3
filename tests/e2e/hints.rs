//! The next command: what is shown as a hint, or promised by a guide, does what it says when it is typed.

use claw_tests::environment::{ORIGIN, Person};
use claw_tests::packages::TestPackage;
use claw_tests::programs::Run;
use claw_tests::registry::{Registry, RegistryOptions};
use claw_tests::{TestEnv, terminal};
use tempfile::TempDir;

/// Types the hint of `run` as it stands, in a shell.
#[track_caller]
fn follow(person: &Person, run: &Run) -> Run {
    let hint = run.stderr.lines().rev();
    let hint = hint.filter_map(|line| line.strip_prefix("hint: ")).next();
    let hint = hint.unwrap_or_else(|| panic!("no hint in: {}", run.stderr));
    let shell = person.command("claw", &[]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", hint]).current_dir(&person.folder);
    command.env_clear().envs(
        shell
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    Run::of(command)
}

#[test]
fn the_hint_of_an_add_that_was_not_answered_says_again_what_was_said() {
    let env = TestEnv::new();
    let package = TestPackage::new("acme/x", "1.0.0");
    let package = package
        .permission("filesystem.read=docs")
        .permission("environment=LANG");
    env.publish(&package);
    let trust = format!("add acme/x@^1 --trust {}", env.keyset);
    let refused = env.claw(&trust).exits(3);
    follow(&env.agent, &refused)
        .ok()
        .says("may: environment=LANG, filesystem.read=docs");
    let env = TestEnv::new();
    env.publish(&package);
    for (said, may) in [
        ("--no-grants", "may: nothing"),
        (
            "--allow filesystem.read=docs",
            "may: filesystem.read=docs\n",
        ),
    ] {
        let refused = env.claw(&format!("add acme/x@^1 {said}")).exits(3);
        follow(&env.agent, &refused).ok().says(may);
        env.claw("remove acme/x").ok();
        env.claw("trust remove acme").ok();
    }
}

#[test]
fn the_hint_of_a_denied_call_of_a_file_is_the_whole_command() {
    let env = TestEnv::new();
    let package = TestPackage::new("acme/x", "1.0.0").probe();
    let packed = package.permission("filesystem.write=.").pack();
    std::fs::write(env.agent.folder.join("a b.tar.gz"), packed.tarball).unwrap();
    env.agent.write("notes", "of the workspace");
    let denied = env.agent.claw(&[
        "run",
        "a b.tar.gz",
        "read",
        "path=notes",
        "--timeout",
        "20s",
    ]);
    let denied = denied.exits(3);
    let read = follow(&env.agent, &denied).ok();
    assert!(read.stdout.contains("of the workspace"), "{}", read.stdout);
}

#[test]
fn what_is_not_found_or_does_not_fit_names_where_to_look() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x").ok();
    env.claw("add acme/y")
        .exits(5)
        .says("hint: claw search y\n");
    let unfit = env.claw("run acme/x echo txt=a").exits(2);
    let info = follow(&env.agent, &unfit).ok();
    // Under the name that is typed, once.
    let line = "\n    echo: func(text: string) -> string\n";
    assert!(info.stdout.contains(line), "{}", info.stdout);
}

#[test]
fn at_a_terminal_mcp_says_what_it_waits_for() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x").ok();
    let ended = terminal::run(env.agent.command("claw", &["mcp"]), "\u{4}").exits(0);
    ended.shows("serving 1 skill over standard input and output");
    let piped = env.claw("mcp").ok();
    assert_eq!(piped.stderr, "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_root_of_a_teams_own_is_trusted_by_the_variable_that_the_hint_names() {
    let root = TempDir::new().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (root.path().join("root.pem"), root.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let options = RegistryOptions {
        origin: Some(ORIGIN),
        tls: Some((&certificate, &key)),
        ..RegistryOptions::default()
    };
    let registry = Registry::start_with(&root.path().join("registry"), &options);
    let person = Person::new(root.path(), "person");
    let login = ["login", "--registry", &registry.address];
    for (program, words) in [
        ("claw", &["init", "--registry", &registry.address][..]),
        ("cargo-claw", &login),
    ] {
        let refused = person.run(program, words).exits(7);
        refused.says("hint:").says("SSL_CERT_FILE=");
        let mut command = person.command(program, words);
        command.env("SSL_CERT_FILE", &certificate);
        let answered = Run::of(command);
        assert!(!answered.stderr.contains("certificate"), "{answered:?}");
        assert_ne!(answered.code, Some(7), "{answered:?}");
    }
}

#[test]
fn a_registry_that_can_t_start_says_what_to_change() {
    let root = TempDir::new().unwrap();
    let standing = Registry::start(&root.path().join("standing"));
    let person = Person::new(root.path(), "operator");
    let serve = |words: &[&str]| -> Run {
        let data = ["serve", "--data", "data"];
        person.run("claw-registry", &[&data[..], words].concat())
    };
    let address = standing.address.trim_start_matches("http://");
    serve(&["--listen", address])
        .exits(1)
        .says("hint: another program listens there");
    serve(&["--listen", "localhost:7407"])
        .exits(2)
        .says("such as `127.0.0.1:7407`");
    // Nothing was made by any of these, and beside it no other command makes anything either.
    let nothing = person.run("claw-registry", &["token", "list", "--data", "data"]);
    nothing
        .exits(5)
        .says("hint: name the folder that `claw-registry serve` uses with --data");
    assert!(!person.folder.join("data").exists());
    let data = standing.data().to_str().unwrap();
    let ended = root.path().join("ended");
    drop(Registry::start(&ended));
    let mut other = person.command("claw-registry", &["serve", "--listen", "127.0.0.1:0"]);
    other
        .args(["--origin", "another.test", "--data"])
        .arg(&ended);
    Run::of(other).exits(2).says("hint: leave out --origin");
    let backup = person.run("claw-registry", &["backup", "copy", "--data", data]);
    backup.ok();
    person
        .run("claw-registry", &["restore", "copy", "--data", data])
        .exits(1)
        .says("hint: a registry is never overwritten");
    person
        .run("claw-registry", &["restore", "copy", "--data", "elsewhere"])
        .ok();
}
