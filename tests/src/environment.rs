//! A whole small world for one test: a registry with the namespace `acme`, its author, and an agent that has never
//! heard of either.
//!
//! Everything is set up through the programs themselves, in a temporary folder that goes with the test.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use claw_package::Digest;
use claw_trust::SigningKey;
use tempfile::TempDir;

use crate::http::{self, Answer};
use crate::packages::TestPackage;
use crate::programs::{self, Run};
use crate::registry::{Registry, RegistryOptions};

/// The name that every test registry states as its origin.
pub const ORIGIN: &str = "skills.acme.test";

/// Somebody with a home and a folder to work in.
pub struct Person {
    /// `CLAW_HOME`
    pub home: PathBuf,
    /// The folder that commands run in.
    pub folder: PathBuf,
}

impl Person {
    /// A new person below `root`.
    pub fn new(root: &Path, name: &str) -> Person {
        let home = root.join(name).join("home").join(".claw");
        let folder = root.join(name).join("work");
        std::fs::create_dir_all(home.parent().expect("a home is in a folder"))
            .expect("a home can be made");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        Person { home, folder }
    }

    /// A command of `program`, not started yet.
    pub fn command(&self, program: &str, words: &[&str]) -> Command {
        let mut command = programs::command(program, &self.folder, &self.home);
        if program == "cargo-claw" {
            command.arg("claw"); // as Cargo passes it
        }
        command.args(words);
        command
    }

    /// Runs a command to its end, without a terminal and without input.
    pub fn run(&self, program: &str, words: &[&str]) -> Run {
        Run::of(self.command(program, words))
    }

    /// Runs a command to its end and gives it `input`.
    pub fn run_with_input(&self, program: &str, words: &[&str], input: &str) -> Run {
        let mut command = self.command(program, words);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let typed = programs::typed(&command);
        let mut process = command
            .spawn()
            .unwrap_or_else(|error| panic!("`{typed}` does not start: {error}"));
        let mut stdin = process.stdin.take().expect("stdin is piped");
        // A program that needs no input may have ended already: that is for its exit code to tell.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = process
            .wait_with_output()
            .expect("a started program can be waited for");
        Run::from_output(typed, &output)
    }

    /// `cargo claw …`
    pub fn cargo_claw(&self, words: &[&str]) -> Run {
        self.run("cargo-claw", words)
    }

    /// `claw …`
    pub fn claw(&self, words: &[&str]) -> Run {
        self.run("claw", words)
    }

    /// Writes a file below the folder, with the folders it needs.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder"))
            .expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    /// The text of a file below the folder.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.join(path)).expect("the file is there")
    }
}

/// A registry, an author and an agent.
pub struct TestEnv {
    /// Everything of this test.
    pub root: TempDir,
    /// The registry, with the namespace `acme`.
    pub registry: Registry,
    /// Has the key `acme/alice` and a token to publish and yank.
    pub author: Person,
    /// Has a project that knows the registry and nothing else.
    pub agent: Person,
    /// The token of the author.
    pub token: String,
    /// What `--trust` and `claw trust add` take for `acme`.
    pub keyset: String,
}

impl TestEnv {
    /// A registry that has no release yet; the agent has not pinned `acme`.
    pub fn new() -> TestEnv {
        TestEnv::with(&RegistryOptions {
            origin: Some(ORIGIN),
            ..RegistryOptions::default()
        })
    }

    /// The same over a registry started as `options` say.
    pub fn with(options: &RegistryOptions<'_>) -> TestEnv {
        let root = TempDir::new().expect("a temporary folder can be made");
        let registry = Registry::start_with(&root.path().join("registry"), options);
        let author = Person::new(root.path(), "author");
        let agent = Person::new(root.path(), "agent");
        let (token, keyset) = open_namespace(&registry, &author, "acme", "alice");
        agent.claw(&["init", "--registry", &registry.address]).ok();
        TestEnv {
            root,
            registry,
            author,
            agent,
            token,
            keyset,
        }
    }

    /// A registry and an agent that has pinned `acme` beforehand.
    pub fn pinned() -> TestEnv {
        let env = TestEnv::new();
        env.agent
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
        env
    }

    /// The author's key.
    pub fn key(&self) -> SigningKey {
        key_of(&self.author, "acme", "alice")
    }

    /// Publishes `package`, signed with the author's key, and gives the note's digest.
    #[track_caller]
    pub fn publish(&self, package: &TestPackage) -> Digest {
        let answer = package.publish(
            &self.registry.address,
            &self.token,
            &self.key(),
            ORIGIN,
            &self.keyset,
        );
        answer.unwrap_or_else(|error| {
            panic!(
                "`{}@{}` was refused: {error}",
                package.name, package.version
            )
        })
    }

    /// The same for a package that may not even pack.
    ///
    /// # Errors
    ///
    /// Why it does not pack, or what the registry answered.
    pub fn try_publish(&self, package: &TestPackage) -> Result<Digest, String> {
        package.try_pack()?;
        package.publish(
            &self.registry.address,
            &self.token,
            &self.key(),
            ORIGIN,
            &self.keyset,
        )
    }

    /// The registry's answer to `GET path`, with `If-None-Match` where a tag is given.
    pub fn request(&self, path: &str, tag: Option<&str>) -> Answer {
        let headers: Vec<(&str, &str)> =
            tag.map(|tag| ("if-none-match", tag)).into_iter().collect();
        http::request(&self.registry.address, "GET", path, &headers, b"")
    }

    /// The body of `GET path`, which has to succeed.
    #[track_caller]
    pub fn get(&self, path: &str) -> String {
        let answer = self.request(path, None);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// The status of `GET path`.
    pub fn status(&self, path: &str) -> u16 {
        self.request(path, None).status
    }

    /// Runs `claw` in the agent's project; the words are split at blanks.
    pub fn claw(&self, words: &str) -> Run {
        self.agent
            .claw(&words.split_whitespace().collect::<Vec<_>>())
    }
}

impl Default for TestEnv {
    fn default() -> Self {
        TestEnv::new()
    }
}

/// Makes a key, its genesis keyset, the namespace and a token, as a person would, and gives the token and the keyset
/// as `1:sha256:…`.
pub fn open_namespace(
    registry: &Registry,
    author: &Person,
    namespace: &str,
    word: &str,
) -> (String, String) {
    let key = format!("{namespace}/{word}");
    author.cargo_claw(&["key", "new", &key]).ok();
    let genesis = author
        .cargo_claw(&["key", "genesis", &key, "--registry", &registry.address])
        .ok();
    let file = format!("{namespace}.keyset");
    author.write(&file, &genesis.stdout);
    let path = author.folder.join(&file);
    registry
        .admin(&[
            "namespace",
            "create",
            namespace,
            "--keyset",
            path.to_str().expect("a UTF-8 path"),
        ])
        .ok();
    let words = [
        "token",
        "create",
        "--scope",
        "publish,yank",
        "--namespace",
        namespace,
    ];
    let token = registry.admin(&words).ok().stdout.trim().to_owned();
    author
        .run_with_input(
            "cargo-claw",
            &["login", "--registry", &registry.address],
            &token,
        )
        .ok();
    (
        token,
        format!("1:{}", Digest::of(genesis.stdout.as_bytes())),
    )
}

/// The key `namespace/word` that `author` made.
pub fn key_of(author: &Person, namespace: &str, word: &str) -> SigningKey {
    let path = author
        .home
        .join("keys")
        .join(namespace)
        .join(format!("{word}.key"));
    let text = std::fs::read_to_string(path).expect("the key is where the documentation says");
    SigningKey::from_openssh(&text, None).expect("the key has no passphrase")
}
