//! `git` under its profile: it works in a repository, and nothing that the repository says is run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

use claw_host::{Author, DenialReason, Level, Programs, Report, pin_program};
use claw_tests::programs;
use serde_json::{Value, json};

use super::world::{Call, World, cases, error, result};

/// A repository whose every setting runs something, all of it leaving a file called `marker`.
struct Hostile {
    world: World,
}

fn search() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

impl Hostile {
    fn new(world: World) -> Hostile {
        let hostile = Hostile { world };
        let folder = &hostile.world.workspace;
        hostile.outside(&["init", "--quiet", "--initial-branch=main"]);
        let mark = folder.join("mark");
        fs::copy(programs::path("confined"), &mark).unwrap();
        let mark = mark.display();
        let marker = folder.join("marker").display().to_string();
        let config = format!(
            r#"[core]
	fsmonitor = {mark}
	hooksPath = hooks
	sshCommand = touch {marker}
	editor = touch {marker}
	pager = touch {marker}
	askPass = {mark}
[user]
	name = The Repository
	email = repository@example.com
[alias]
	st = "!touch {marker}"
[filter "x"]
	clean = touch {marker}
	smudge = touch {marker}
	process = touch {marker}
[diff]
	external = {mark}
[diff "x"]
	command = {mark}
	textconv = {mark}
[merge "x"]
	driver = touch {marker}
[gpg]
	program = {mark}
[commit]
	gpgsign = true
[credential]
	helper = "!touch {marker}"
[protocol]
	allow = always
[include]
	path = ../more
"#
        );
        let path = folder.join(".git/config");
        let old = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{old}{config}")).unwrap();
        fs::write(
            folder.join("more"),
            format!("[core]\n\tfsmonitor = {mark}\n"),
        )
        .unwrap();
        fs::write(
            folder.join(".gitattributes"),
            "*.txt filter=x diff=x merge=x\n",
        )
        .unwrap();
        let names = [
            "pre-commit",
            "commit-msg",
            "prepare-commit-msg",
            "post-commit",
            "post-checkout",
            "post-index-change",
            "reference-transaction",
        ];
        for place in [".git/hooks", "hooks"] {
            fs::create_dir_all(folder.join(place)).unwrap();
            for name in names {
                let hook = folder.join(place).join(name);
                fs::write(&hook, format!("#!/bin/sh\ntouch {marker}\n")).unwrap();
                fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        hostile.own(folder.clone());
        hostile
    }

    /// Everything is the user's, as a clone would be.
    fn own(&self, path: PathBuf) {
        if let Some(user) = self.world.user() {
            chown(&path, Some(user), Some(user)).unwrap();
        }
        if path.is_dir() && !path.is_symlink() {
            for entry in fs::read_dir(path).unwrap().flatten() {
                self.own(entry.path());
            }
        }
    }

    /// git as anybody else runs it.
    fn outside(&self, words: &[&str]) -> std::process::Output {
        let home = self.world.root().display().to_string();
        self.world.outside_program("git", words, &[("HOME", &home)])
    }

    fn run(&self, words: &[&str]) -> Report {
        let words: Vec<&str> = ["git"].into_iter().chain(words.iter().copied()).collect();
        let call = Call {
            action: "run",
            input: json!({ "argv": words }),
            grants: &["filesystem.write=.", "process.execute=git **"],
        };
        self.world.call_with(call, |invocation| {
            invocation.programs = Programs {
                pins: vec![pin_program("git", &search(), None).unwrap()],
                author: Some(Author {
                    name: "Ada Example".to_owned(),
                    email: "ada@example.com".to_owned(),
                }),
                ..Programs::default()
            };
        })
    }

    #[track_caller]
    fn ok(&self, words: &[&str]) -> String {
        let report = self.run(words);
        let ran: &Value = result(&report);
        assert_eq!(
            ran["status"], "exit code 0",
            "{words:?} {:?} {ran:#}",
            self.world.case
        );
        ran["stdout"].as_str().unwrap().to_owned()
    }

    fn has_marker(&self) -> bool {
        self.world.workspace.join("marker").exists()
    }
}

#[test]
fn nothing_that_a_repository_says_is_run() {
    for case in cases() {
        let hostile = Hostile::new(World::new(case));
        fs::write(hostile.world.workspace.join("a.txt"), "a\n").unwrap();
        hostile.own(hostile.world.workspace.join("a.txt"));
        // Anybody else's git does run it: so the trap is one.
        hostile.outside(&["status"]);
        assert!(hostile.has_marker(), "the trap does not work");
        fs::remove_file(hostile.world.workspace.join("marker")).unwrap();

        hostile.ok(&["status", "--porcelain=v2", "-z"]);
        // A filter that is not required and does not run is none.
        hostile.ok(&["add", "--all"]);
        hostile.ok(&["diff", "--cached"]);
        hostile.ok(&["commit", "--message=First"]);
        let log = hostile.ok(&["log", "-p", "--format=%an <%ae> %s%n%cn"]);
        assert!(
            log.starts_with("Ada Example <ada@example.com> First\nAda Example\n"),
            "{log}"
        );
        hostile.ok(&["switch", "--create", "feature"]);
        fs::write(hostile.world.workspace.join("a.txt"), "b\n").unwrap();
        hostile.ok(&["diff"]);
        hostile.ok(&["commit", "--all", "--message=Second"]);
        hostile.ok(&["checkout", "main"]);
        hostile.ok(&["merge", "--no-ff", "--message=Merge", "feature"]);
        hostile.ok(&["show", "HEAD~1"]);
        hostile.ok(&["branch", "--delete", "feature"]);
        hostile.ok(&["remote", "-v"]);
        assert_eq!(
            hostile.ok(&["rev-parse", "--is-inside-work-tree"]),
            "true\n"
        );
        assert!(!hostile.has_marker(), "{case:?}");
        hostile.world.is_clean();
    }
}

#[test]
fn arguments_that_run_something_or_lead_elsewhere_are_denied() {
    let hostile = Hostile::new(World::new(cases()[0]));
    for words in [
        &["-c", "core.fsmonitor=x", "status"][..],
        &["st"],
        &["clone", "ext::sh"],
        &["fetch", "--upload-pack=touch marker", "."],
        &["diff", "--ext-diff"],
        &["log", "--output=.git/hooks/pre-push"],
        &["--git-dir=/etc", "status"],
        &["config", "core.pager", "x"],
        &["init", "--template=hooks"],
    ] {
        let report = hostile.run(words);
        assert!(error(&report).contains("enied"), "{words:?}");
        assert_eq!(
            report.denials[0].reason,
            DenialReason::Argument,
            "{words:?}"
        );
    }
    assert!(!hostile.has_marker());
}

#[test]
fn what_decides_what_runs_in_a_repository_is_not_written_at_full() {
    for case in cases().into_iter().filter(|case| case.level == Level::Full) {
        let hostile = Hostile::new(World::new(case));
        let config = hostile.world.workspace.join(".git/config");
        let before = fs::read(&config).unwrap();
        hostile.ok(&["add", "more"]);
        hostile.ok(&["commit", "--message=First"]);
        // Both would write the configuration.
        hostile.run(&["branch", "other"]);
        hostile.run(&["branch", "--set-upstream-to=other"]);
        hostile.run(&["branch", "--move", "main", "trunk"]);
        assert_eq!(fs::read(&config).unwrap(), before, "{case:?}");
    }
}
