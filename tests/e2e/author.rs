//! What an author does from nothing to a release.

use std::path::Path;

use claw_tests::environment::Person;
use claw_tests::{TestEnv, guests, programs};

/// The author in another folder.
fn in_folder(author: &Person, folder: &Path) -> Person {
    Person {
        home: author.home.clone(),
        folder: folder.to_path_buf(),
    }
}

/// Copies a folder, leaving out what building makes.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if name == "target" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).expect("a file can be copied");
        }
    }
}

#[test]
fn what_new_makes_builds_passes_its_test_runs_packs_and_is_published() {
    guests::ensure_toolchain().expect("a toolchain for components");
    let env = TestEnv::pinned();
    env.author
        .cargo_claw(&["new", "greeter", "--namespace", "acme"])
        .ok();
    let author = in_folder(&env.author, &env.author.folder.join("greeter"));
    author.cargo_claw(&["build"]).ok();
    author.cargo_claw(&["check"]).ok();
    author.cargo_claw(&["test"]).ok();
    let run = author.cargo_claw(&["run", "greet", "name=World"]).ok();
    assert!(run.stdout.contains("World"), "{}", run.stdout);
    author
        .cargo_claw(&["pack", "--output", "greeter.tar.gz"])
        .ok();
    author
        .claw(&["verify", "greeter.tar.gz", "--structure-only"])
        .ok();
    author.cargo_claw(&["publish", "--dry-run"]).ok();
    assert_eq!(
        env.status("/index/acme/greeter"),
        404,
        "a dry run published something"
    );
    author.cargo_claw(&["publish"]).ok();
    author.cargo_claw(&["publish"]).ok();
    env.claw("add acme/greeter --no-grants").ok();
    let run = env.claw("run acme/greeter greet name=World").ok();
    assert!(run.stdout.contains("World"), "{}", run.stdout);
}

#[test]
fn two_folders_and_two_times_give_the_same_digest() {
    guests::ensure_toolchain().expect("a toolchain for components");
    let root = tempfile::TempDir::new().expect("a temporary folder");
    let mut tarballs = Vec::new();
    for name in ["first", "second/and/deeper"] {
        let author = Person::new(root.path(), name.split('/').next().expect("a word"));
        let copied = root.path().join(name).join("skills");
        copy(&programs::repository().join("skills"), &copied);
        copy(
            &programs::repository().join("sdk"),
            &root.path().join(name).join("sdk"),
        );
        copy(
            &programs::repository().join("wit"),
            &root.path().join(name).join("wit"),
        );
        let author = in_folder(&author, &copied.join("hello"));
        let mut command = author.command("cargo-claw", &["pack", "--output", "hello.tar.gz"]);
        command.env("CARGO_TARGET_DIR", root.path().join(name).join("target"));
        claw_tests::Run::of(command).ok();
        tarballs.push(std::fs::read(copied.join("hello/hello.tar.gz")).expect("packed"));
    }
    assert!(
        tarballs[0] == tarballs[1],
        "the same skill gave other bytes in another folder"
    );
}

#[test]
fn an_import_without_a_permission_does_not_pack() {
    guests::ensure_toolchain().expect("a toolchain for components");
    let env = TestEnv::new();
    env.author
        .cargo_claw(&["new", "caller", "--namespace", "acme"])
        .ok();
    let folder = env.author.folder.join("caller");
    let world = folder.join("wit/world.wit");
    let text = std::fs::read_to_string(&world).expect("the world");
    let end = text.rfind('}').expect("a world ends");
    let text = format!(
        "{}  import wasi:http/outgoing-handler@0.2.6;\n}}\n",
        &text[..end]
    );
    std::fs::write(&world, text).expect("written");
    let source = folder.join("src/lib.rs");
    let code = std::fs::read_to_string(&source).expect("the source");
    let body = code
        .find(") -> Result<String, String> {")
        .expect("the action");
    let body = body + ") -> Result<String, String> {".len();
    let call = "\n        let _ = wasi::http::types::Fields::new();";
    std::fs::write(&source, format!("{}{call}{}", &code[..body], &code[body..])).expect("written");
    let author = in_folder(&env.author, &folder);
    let run = author.cargo_claw(&["check"]);
    assert_ne!(run.code, Some(0), "{}", run.stdout);
    assert!(
        run.stderr.contains("wasi:http") && run.stderr.contains("network"),
        "{}",
        run.stderr
    );
    assert_ne!(author.cargo_claw(&["pack"]).code, Some(0));
}

#[test]
fn first_party_skills_pass_their_own_tests() {
    guests::ensure_toolchain().expect("a toolchain for components");
    let root = tempfile::TempDir::new().expect("a temporary folder");
    for skill in ["hello", "files", "git-helper", "http-api", "web-fetch"] {
        let author = Person::new(root.path(), skill);
        let author = in_folder(&author, &programs::repository().join("skills").join(skill));
        author.cargo_claw(&["test"]).ok();
    }
}

#[test]
fn the_sdk_passes_its_own_tests() {
    let root = tempfile::TempDir::new().expect("a temporary folder");
    let author = Person::new(root.path(), "author");
    // Any program's command has the environment that Cargo needs, and nothing of ours besides.
    let with = programs::command("claw", &programs::repository().join("sdk"), &author.home);
    let mut command = std::process::Command::new("cargo");
    command
        .args(["test", "--quiet", "--all-features"])
        .current_dir(programs::repository().join("sdk"))
        .env_clear();
    command.envs(
        with.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let run = claw_tests::Run::of(command).ok();
    assert!(run.stdout.contains("test result: ok"), "{}", run.stdout);
}
