//! What all cases of one table share: a registry with the guests, an agent's home, or the library's host.
//!
//! Guests are published, installed and compiled when the first case needs them.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::library::Library;
use super::{Configuration, Guest, Level, Way};
use crate::environment::{Person, TestEnv};
use crate::programs;

/// Worlds that this process has made, and beyond that what sets it apart from other processes.
static WORLDS: LazyLock<AtomicU32> = LazyLock::new(|| AtomicU32::new(std::process::id() << 4));

/// The project that has a guest with some grants, or why there is none.
type Installed = Result<PathBuf, String>;

/// A registry, an agent and what it has installed.
pub struct World {
    configuration: Configuration,
    env: TestEnv,
    settings: String,
    program: PathBuf,
    library: OnceCell<Library>,
    published: RefCell<HashSet<&'static str>>,
    projects: RefCell<HashMap<(&'static str, Vec<String>), Installed>>,
    stages: RefCell<u32>,
}

impl World {
    /// A world without any guest in it.
    pub fn new(configuration: Configuration) -> World {
        let env = TestEnv::pinned();
        let settings = env.agent.home.join("config.yaml");
        let program = env.root.path().join("programs");
        std::fs::create_dir(&program).expect("a folder can be made");
        let program = program.join(format!(
            "hostile-{:x}",
            WORLDS.fetch_add(1, Ordering::Relaxed)
        ));
        std::fs::copy(programs::path("confined"), &program).expect("copied");
        World {
            settings: std::fs::read_to_string(settings).expect("`claw init` wrote the settings"),
            program,
            library: OnceCell::new(),
            configuration,
            env,
            published: RefCell::default(),
            projects: RefCell::default(),
            stages: RefCell::default(),
        }
    }

    /// How children are confined.
    pub(super) fn level(&self) -> Level {
        self.configuration.level
    }

    /// What children run. Its name is no other process's.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// How the guests are called.
    pub fn way(&self) -> Way {
        self.configuration.way
    }

    /// The library's host, made when it is first needed: some cases go through it whatever the way.
    pub(super) fn library(&self) -> &Library {
        self.library
            .get_or_init(|| Library::new(self.configuration.level))
    }

    /// A new folder, for a case or a project.
    pub(super) fn new_folder(&self) -> PathBuf {
        let mut stages = self.stages.borrow_mut();
        *stages += 1;
        let folder = self.env.root.path().join(format!("stage-{stages}"));
        std::fs::create_dir(&folder).expect("a folder can be made");
        folder
    }

    /// The agent, in a project that has `guest` with exactly `grants`; or why it can't be installed.
    pub(super) fn agent(&self, guest: &Guest, grants: &[String]) -> Result<Person, String> {
        let key = (guest.name, grants.to_vec());
        let known = self.projects.borrow().get(&key).cloned();
        let folder = known.unwrap_or_else(|| {
            let made = self.install(guest, grants);
            self.projects.borrow_mut().insert(key, made.clone());
            made
        })?;
        Ok(Person {
            home: self.env.agent.home.clone(),
            folder,
        })
    }

    fn install(&self, guest: &Guest, grants: &[String]) -> Installed {
        if self.published.borrow_mut().insert(guest.name) {
            self.env.try_publish(&guest.package())?;
        }
        let folder = self.new_folder();
        let agent = Person {
            home: self.env.agent.home.clone(),
            folder: folder.clone(),
        };
        agent.claw(&["init"]).ok();
        let name = guest.package_name();
        let mut words = vec!["add", name.as_str()];
        if grants.is_empty() {
            words.push("--no-grants");
        }
        words.extend(grants.iter().flat_map(|grant| ["--allow", grant.as_str()]));
        let run = agent.claw(&words);
        match run.code {
            Some(0) => Ok(folder),
            Some(2) => panic!(
                "the tests grant what the guest does not ask for: {}",
                run.stderr
            ),
            code => Err(format!("claw add ended with {code:?}: {}", run.stderr)),
        }
    }

    /// Sets how long a call may take.
    pub(super) fn set_timeout(&self, timeout: Duration) {
        let text = format!(
            "{}\nexecution:\n  timeout: {}\n",
            self.settings,
            timeout.as_millis()
        );
        std::fs::write(self.env.agent.home.join("config.yaml"), text).expect("writable");
    }

    /// The receipts of the agent, oldest first.
    pub(super) fn receipts(&self) -> Vec<Value> {
        receipts(&self.env.agent)
    }
}

/// Everybody's receipts in one home, oldest first.
fn receipts(person: &Person) -> Vec<Value> {
    let entries = std::fs::read_dir(person.home.join("receipts"));
    let mut files: Vec<_> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap_or_default());
    let lines = texts.flat_map(|text| {
        let parsed = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("a receipt is JSON"));
        parsed.collect::<Vec<Value>>()
    });
    lines.collect()
}
