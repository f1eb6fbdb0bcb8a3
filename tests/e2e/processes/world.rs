//! A workspace, something outside of it, and a host that confines children at one level, for one user.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use claw_host::{
    CacheConfig, Confinement, Host, HostConfig, Invocation, Level, ProcessConfig, Programs, Report,
    Skill, pin_program,
};
use claw_package::PermissionSet;
use claw_tests::{guests, packages, programs};
use claw_trust::VerifiedComponent;
use rustix::process::{Gid, Uid, getuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Nobody's user: no file of this machine is theirs.
const ORDINARY: u32 = 54_321;

/// How children are confined, and whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) level: Level,
    user: Option<u32>,
}

/// Both levels, for every user that the tests can be.
pub(super) fn cases() -> Vec<Case> {
    let users = match getuid().is_root() {
        true => vec![None, Some(ORDINARY)],
        false => vec![None],
    };
    let levels = [Level::Full, Level::Basic];
    let with = |user| levels.map(|level| Case { level, user });
    users.into_iter().flat_map(with).collect()
}

/// Only the levels.
pub(super) fn levels() -> Vec<Case> {
    cases()
        .into_iter()
        .filter(|case| case.user.is_none())
        .collect()
}

pub(super) struct World {
    root: TempDir,
    pub(super) case: Case,
    pub(super) workspace: PathBuf,
    pub(super) outside: PathBuf,
    /// What the guest runs.
    pub(super) program: PathBuf,
    skill: Skill,
    config: ProcessConfig,
}

/// What one call is given besides its input.
pub(super) struct Call<'a> {
    pub(super) action: &'a str,
    pub(super) input: Value,
    pub(super) grants: &'a [&'a str],
}

impl World {
    pub(super) fn new(case: Case) -> World {
        let root = TempDir::new().expect("a temporary folder");
        let path = root.path().canonicalize().expect("it is there");
        let (workspace, outside) = (path.join("workspace"), path.join("outside"));
        let program = path.join("bin/confined");
        for folder in [&workspace, &outside, &path.join("bin"), &path.join("tmp")] {
            fs::create_dir(folder).expect("a folder");
        }
        for name in ["claw", "confined"] {
            let place = path.join("bin").join(name);
            if fs::hard_link(programs::path(name), &place).is_err() {
                fs::copy(programs::path(name), &place).expect("copied");
            }
        }
        fs::copy(&program, workspace.join("program")).expect("copied");
        fs::write(workspace.join("note.txt"), "a note\n").expect("written");
        fs::write(outside.join("secret.txt"), "the secret\n").expect("written");
        for path in [
            &path,
            &outside,
            &path.join("bin"),
            &workspace,
            &path.join("tmp"),
        ] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
            if let Some(user) = case.user {
                chown(path, Some(user), Some(user)).expect("the tests are root");
            }
        }
        if let Some(user) = case.user {
            for path in [
                "workspace/note.txt",
                "workspace/program",
                "outside/secret.txt",
            ] {
                chown(root.path().join(path), Some(user), Some(user)).expect("the tests are root");
            }
        }
        let config = ProcessConfig {
            helper: path.join("bin/claw"),
            helper_arguments: vec!["__confine".into()],
            temporary: path.join("tmp"),
            level_max: Some(case.level),
        };
        let host = Host::new(HostConfig {
            cache: Some(CacheConfig {
                directory: programs::guest_target().join("host-cache"),
                key_file: programs::guest_target().join("host-cache.key"),
            }),
            processes: Some(config.clone()),
            ..HostConfig::default()
        });
        let component = packages::member(guests::process(), "skill.wasm");
        let declared = set(&[
            "filesystem.write=.",
            "process.execute=**",
            "environment=GREETING",
            "environment=LD_PRELOAD",
        ]);
        let component = VerifiedComponent::local(component, None, &declared);
        let skill = host.expect("a host").load(&component).expect("a component");
        World {
            root,
            case,
            workspace,
            outside,
            program,
            skill,
            config,
        }
    }

    /// How well children are held in, as this user.
    pub(super) fn confinement(&self) -> Confinement {
        self.as_user(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let found = claw_host::confinement(&self.config);
            runtime
                .expect("a runtime")
                .block_on(found)
                .expect("children can be confined")
        })
    }

    /// Whose the files are, where it is not the user of the tests.
    pub(super) fn user(&self) -> Option<u32> {
        self.case.user
    }

    /// Runs a program as anybody would, in the workspace.
    pub(super) fn outside_program(
        &self,
        program: &str,
        words: &[&str],
        environment: &[(&str, &str)],
    ) -> std::process::Output {
        self.as_user(|| {
            Command::new(program)
                .args(words)
                .current_dir(&self.workspace)
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .envs(environment.iter().copied())
                .stdin(Stdio::null())
                .output()
                .expect("it starts")
        })
    }

    /// The folder that everything is in.
    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The grant of the program with any arguments.
    pub(super) fn any(&self) -> String {
        format!("process.execute={} **", self.program.display())
    }

    pub(super) fn argv(&self, words: &[&str]) -> Value {
        let program = self.program.to_str().expect("text");
        json!([&[program], words].concat())
    }

    /// Runs the program with these words, with the workspace granted for writing.
    pub(super) fn run(&self, words: &[&str]) -> Report {
        self.act("run", json!({ "argv": self.argv(words) }))
    }

    pub(super) fn act(&self, action: &str, input: Value) -> Report {
        let any = self.any();
        self.call(Call {
            action,
            input,
            grants: &["filesystem.write=.", &any, "environment=GREETING"],
        })
    }

    pub(super) fn call(&self, call: Call<'_>) -> Report {
        self.call_with(call, |_| {})
    }

    /// Calls an action as the user of this world.
    pub(super) fn call_with(&self, call: Call<'_>, change: impl FnOnce(&mut Invocation)) -> Report {
        let mut invocation = Invocation::new(call.action, call.input);
        invocation.grants = set(call.grants);
        invocation.workspace = Some(self.workspace.clone());
        invocation.environment = ["GREETING", "LD_PRELOAD", "SECRET"]
            .map(|name| (name.to_owned(), format!("value of {name}")))
            .to_vec();
        let program = self.program.to_str().expect("text");
        invocation.programs = Programs {
            pins: vec![pin_program(program, &[], None).expect("a program")],
            ..Programs::default()
        };
        change(&mut invocation);
        self.as_user(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime
                .expect("a runtime")
                .block_on(self.skill.invoke(invocation))
        })
    }

    /// A thread can be another user than its process: so the helper that it starts is that user's.
    fn as_user<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                if let Some(user) = self.case.user {
                    set_thread_groups(&[]).expect("the tests are root");
                    let group = Gid::from_raw(user);
                    set_thread_res_gid(group, group, group).expect("the tests are root");
                    let user = Uid::from_raw(user);
                    set_thread_res_uid(user, user, user).expect("the tests are root");
                }
                act()
            });
            thread.join().expect("it does not panic")
        })
    }

    /// A process of the same user that no child may touch.
    pub(super) fn neighbour(&self) -> Neighbour {
        let child = self.as_user(|| {
            Command::new(&self.program)
                .arg("hang")
                .stdout(Stdio::null())
                .spawn()
                .expect("it starts")
        });
        Neighbour(child)
    }

    /// The processes that run the program now, by its file.
    pub(super) fn left(&self) -> Vec<i32> {
        self.running(&self.program)
    }

    fn running(&self, program: &Path) -> Vec<i32> {
        let mut running = Vec::new();
        for entry in fs::read_dir("/proc").expect("there is /proc").flatten() {
            let name = entry.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let file = fs::read_link(entry.path().join("exe"));
            if file.is_ok_and(|file| file == program) {
                running.push(pid);
            }
        }
        running
    }

    /// Nothing of a call is there any more: no process but the helper that waits for the next one, no temporary file.
    #[track_caller]
    pub(super) fn is_clean(&self) {
        assert_eq!(self.left(), [0; 0], "{:?}", self.case);
        let helpers = self.running(&self.root().join("bin/claw"));
        assert!(helpers.len() <= 1, "{helpers:?} {:?}", self.case);
        let temporary = fs::read_dir(self.root().join("tmp")).expect("it is there");
        assert_eq!(temporary.count(), 0, "{:?}", self.case);
    }
}

/// Ended with the test.
pub(super) struct Neighbour(Child);

impl Neighbour {
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) fn set(lines: &[&str]) -> PermissionSet {
    PermissionSet::new(lines.iter().map(|line| line.parse().expect("a permission")))
}

/// The result of an action that had one.
#[track_caller]
pub(super) fn result(report: &Report) -> &Value {
    match &report.outcome {
        claw_host::Outcome::Ok(value) => value,
        other => panic!("{other:?} {:?}", report.denials),
    }
}

/// The error of an action that had one.
#[track_caller]
pub(super) fn error(report: &Report) -> &str {
    match &report.outcome {
        claw_host::Outcome::ActionError(value) => value.as_str().expect("text"),
        other => panic!("{other:?} {:?}", report.denials),
    }
}

/// Lines of a name and a word, as `confined try` prints them.
pub(super) fn table(text: &str) -> BTreeMap<&str, &str> {
    text.lines()
        .filter_map(|line| line.rsplit_once(' '))
        .collect()
}
