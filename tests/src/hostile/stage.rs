//! The place of one case: a workspace, a secret beside it, and the door to a guest.
//!
//! What lies beside the workspace, and what decides in the workspace which programs run, is compared before and after
//! every case, whatever the case itself looks at.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use claw_host::Invocation;
use serde_json::{Value, json};

use super::library::Call;
use super::session::Session;
use super::{Answer, Guest, Level, Verdict, Way, World};

mod children;

/// What no guest ever learns.
pub(super) const SECRET: &str = "the secret that lies outside";

/// What is granted where a case says nothing else.
const EVERY_STAGE: &str = "filesystem.write=.";

/// Files that guests may read and never write.
const PROTECTED: [&str; 4] = [
    ".git/config",
    ".git/hooks/pre-commit",
    ".claw/kept",
    "claw.toml",
];

/// How often a server is asked again before it must have let go of everything.
const TURNS_MAX: u32 = 100;

/// The place of one case.
pub struct Stage<'w> {
    world: &'w World,
    /// Where everything of it is.
    pub root: PathBuf,
    /// The folder that the guest works in.
    pub workspace: PathBuf,
    grants: Vec<String>,
    timeout: Duration,
    /// The guest that was called last.
    guest: Guest,
    session: Option<(&'static str, Session, usize)>,
    before: Kept,
    answers: u32,
}

/// What must be the same afterwards.
#[derive(PartialEq, Eq, Debug, Default)]
struct Kept {
    outside: BTreeMap<PathBuf, (u32, i64, Vec<u8>)>,
    protected: Vec<Vec<u8>>,
}

impl<'w> Stage<'w> {
    /// A workspace with a note, a repository and a project; beside it a secret; everything granted that is about files.
    pub fn new(world: &'w World) -> Stage<'w> {
        let root = world.new_folder();
        let workspace = root.join("workspace");
        for (path, text) in [
            ("workspace/docs/note.txt", "a note\n"),
            ("workspace/other/note.txt", "another note\n"),
            ("workspace/.git/config", "[core]\n\tbare = false\n"),
            ("workspace/.git/hooks/pre-commit", "#!/bin/sh\n"),
            ("workspace/.claw/kept", "kept\n"),
            ("workspace/claw.toml", "# nothing\n"),
            ("outside/secret.txt", SECRET),
            ("outside/folder/inner.txt", SECRET),
        ] {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("written");
        }
        let mut stage = Stage {
            world,
            before: Kept::default(),
            root,
            workspace,
            grants: vec![EVERY_STAGE.to_owned()],
            timeout: Duration::from_secs(30),
            guest: Guest::PROBE,
            session: None,
            answers: 0,
        };
        stage.before = stage.kept();
        stage
    }

    /// How guests are called.
    pub fn way(&self) -> Way {
        self.world.way()
    }

    /// Grants exactly this, from the next call on.
    pub fn grant(&mut self, grants: &[&str]) {
        self.end_session();
        self.grants = grants.iter().map(|&grant| grant.to_owned()).collect();
    }

    /// Lets a call take so long at the most.
    pub fn within(&mut self, timeout: Duration) {
        self.end_session();
        self.timeout = timeout;
    }

    /// Lets it work in another folder.
    pub fn work_in(&mut self, workspace: PathBuf) {
        self.end_session();
        self.workspace = workspace;
    }

    /// Takes what lies outside now as what has to lie there afterwards: a case has put its own things there.
    pub fn keep_outside(&mut self) {
        self.before = self.kept();
    }

    /// The file that no guest may read or change.
    pub fn secret(&self) -> PathBuf {
        self.root.join("outside/secret.txt")
    }

    /// A path of the workspace, as the machine knows it.
    pub fn path(&self, path: &str) -> PathBuf {
        self.workspace.join(path)
    }

    /// Writes a file of the workspace.
    pub fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    /// The text of a file of the workspace, where it is there.
    pub fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.path(path)).ok()
    }

    /// Makes a symbolic link in the workspace.
    pub fn link(&self, target: impl AsRef<Path>, path: &str) {
        symlink(target, self.path(path)).expect("linked");
    }

    /// Calls an action of the probe.
    pub fn call(&mut self, action: &str, input: Value) -> Answer {
        self.call_of(&Guest::PROBE, action, &input)
    }

    /// Calls an action of any guest.
    pub fn call_of(&mut self, guest: &Guest, action: &str, input: &Value) -> Answer {
        self.answers += 1;
        self.guest = *guest;
        let answer = match self.way() {
            Way::Run => self.run(guest, action, input),
            Way::Mcp => self.over_mcp(guest, action, input),
            Way::Library => self.world.library().call(&Call {
                guest,
                action,
                input,
                grants: &self.grants,
                workspace: &self.workspace,
                timeout: self.timeout,
            }),
        };
        checked(answer)
    }

    /// Calls an action through the library whatever the way is, for what only a program that embeds the host can say.
    pub(super) fn in_library(
        &mut self,
        guest: &Guest,
        action: &str,
        input: &Value,
        grants: &[&str],
        change: impl FnOnce(&mut Invocation),
    ) -> Answer {
        self.answers += 1;
        let grants: Vec<_> = grants.iter().map(|&grant| grant.to_owned()).collect();
        let call = Call {
            guest,
            action,
            input,
            grants: &grants,
            workspace: &self.workspace,
            timeout: self.timeout,
        };
        checked(self.world.library().call_with(&call, change))
    }

    fn run(&self, guest: &Guest, action: &str, input: &Value) -> Answer {
        let agent = match self.world.agent(guest, &self.grants) {
            Ok(agent) => agent,
            Err(said) => return Answer::refused(said),
        };
        let file = self.root.join("input.json");
        std::fs::write(&file, input.to_string()).expect("written");
        let before = self.world.receipts().len();
        let run = agent.claw(&[
            "run",
            &guest.package_name(),
            action,
            "--json",
            "--input",
            &format!("@{}", file.display()),
            "--workspace",
            &self.workspace.display().to_string(),
            "--timeout",
            &format!("{}ms", self.timeout.as_millis()),
        ]);
        let said = format!("{}{}", run.stdout, run.stderr);
        let value = serde_json::from_str(&run.stdout).unwrap_or_default();
        self.answer(before, value, said)
    }

    fn over_mcp(&mut self, guest: &Guest, action: &str, input: &Value) -> Answer {
        if self
            .session
            .as_ref()
            .is_some_and(|(of, ..)| *of != guest.name)
        {
            self.end_session();
        }
        if self.session.is_none() {
            let agent = match self.world.agent(guest, &self.grants) {
                Ok(agent) => agent,
                Err(said) => return Answer::refused(said),
            };
            self.world.set_timeout(self.timeout);
            let workspace = self.workspace.display().to_string();
            let command = agent.command("claw", &["mcp", "--workspace", &workspace]);
            let session = Session::start(command, &self.root.join("mcp.log"));
            self.session = Some((guest.name, session, 0));
            if guest.idle.is_some() {
                // What is opened for the first call of all stays open.
                self.goes_on();
                let open = self.open_files();
                self.session.as_mut().expect("it was just made").2 = open;
            }
        }
        let before = self.world.receipts().len();
        let (name, session, _) = self.session.as_ref().expect("it was just made");
        let called = session.call(&format!("{name}__{action}"), input);
        let log = std::fs::read_to_string(self.root.join("mcp.log")).unwrap_or_default();
        let (value, said) = match called {
            Ok(result) => {
                let whole = serde_json::to_value(&result).expect("a result is JSON");
                let text = whole["content"][0]["text"].as_str().unwrap_or_default();
                let value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
                (value, format!("{whole}{log}"))
            }
            Err(error) => (Value::Null, error),
        };
        self.answer(before, value, said)
    }

    /// Puts an answer together from what was said and the receipt that was written meanwhile.
    fn answer(&self, before: usize, value: Value, said: String) -> Answer {
        let receipts = self.world.receipts();
        let Some(receipt) = receipts.get(before) else {
            return Answer::refused(said);
        };
        let denied = receipt["refused"].as_object().into_iter().flatten();
        Answer {
            outcome: receipt["outcome"].as_str().unwrap_or_default().to_owned(),
            denied: denied.filter_map(|(_, count)| count.as_u64()).sum(),
            value,
            said,
            took: Duration::from_micros(receipt["duration_us"].as_u64().unwrap_or_default()),
        }
    }

    /// The guest that was called last is answered, or another one where that can't be.
    fn goes_on(&mut self) {
        if self.guest.idle.is_none() {
            self.grant(&[EVERY_STAGE]);
            self.guest = Guest::PROBE;
        }
        let guest = self.guest;
        let (action, input) = guest.idle.expect("it was just looked at");
        let answer = self.call_of(&guest, action, &input());
        assert!(
            ["ok", "action-error"].contains(&answer.outcome.as_str()),
            "the host does not go on: {answer}"
        );
    }

    /// How many files the process of the session has open, but for the one to its helper: that one is started for the
    /// first program, and stays.
    fn open_files(&self) -> usize {
        let (_, session, _) = self.session.as_ref().expect("there is a session");
        let folder = format!("/proc/{}/fd", session.id());
        let files = std::fs::read_dir(folder).map_or(0, Iterator::count);
        files.saturating_sub(usize::from(children::has_one(session.id())))
    }

    fn end_session(&mut self) {
        if let Some((_, session, _)) = self.session.take() {
            session.end();
        }
    }

    fn kept(&self) -> Kept {
        let mut outside = BTreeMap::new();
        collect(&self.root.join("outside"), &mut outside);
        let protected = PROTECTED
            .map(|path| std::fs::read(self.root.join("workspace").join(path)).unwrap_or_default());
        Kept {
            outside,
            protected: protected.to_vec(),
        }
    }

    /// What no case may change is as it was, and the next call is answered as if nothing had been.
    ///
    /// # Errors
    ///
    /// What is not as it was.
    pub fn aftermath(mut self) -> Verdict {
        if self.answers == 0 {
            return Err("it called no guest".to_owned());
        }
        let after = self.kept();
        if after != self.before {
            return Err(format!("not as before: {after:?}, but {:?}", self.before));
        }
        self.goes_on();
        if let Some((_, _, open)) = self.session.as_ref().filter(|(.., open)| *open > 0) {
            let open = *open;
            for turn in 0.. {
                let now = self.open_files();
                if now <= open {
                    break;
                }
                if turn == TURNS_MAX {
                    return Err(format!("{now} open files, {open} before"));
                }
                self.goes_on();
            }
        }
        self.end_session();
        Ok(())
    }
}

impl Answer {
    /// A call that never began.
    pub(super) fn refused(said: String) -> Answer {
        Answer {
            outcome: "refused".to_owned(),
            denied: 0,
            value: Value::Null,
            said,
            took: Duration::ZERO,
        }
    }
}

/// What no answer may ever be.
fn checked(answer: Answer) -> Answer {
    assert!(
        !answer.said.contains(SECRET),
        "the secret got out: {answer}"
    );
    assert_ne!(answer.outcome, "internal", "claw has a bug: {answer}");
    answer
}

/// Every file below a folder, with its mode, its time and what is in it.
fn collect(folder: &Path, into: &mut BTreeMap<PathBuf, (u32, i64, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let metadata = entry.metadata().expect("it is there");
        let bytes = if metadata.is_file() {
            std::fs::read(&path).expect("readable")
        } else {
            Vec::new()
        };
        let modified = metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec();
        into.insert(path.clone(), (metadata.mode(), modified, bytes));
        if metadata.is_dir() {
            collect(&path, into);
        }
    }
}
