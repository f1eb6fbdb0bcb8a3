//! What a guest and a child of it can do is what the pure function says, whatever was asked for and granted.
//!
//! The world is small and fixed: three folders, two servers, two methods, two paths, a few commands, two variables.
//! What is generated is who said what about it: the manifest, the stored grants, the levels, `--allow`, and what was
//! revoked. Every use of the world is then tried for real, by guests and by a confined child.

use std::path::Path;
use std::time::Duration;

use claw_host::grants::{self, SandboxLevel, SecurityLevel};
use claw_package::{Permission, PermissionSet};
use claw_tests::hostile::{Call, Guest, Level, Library};
use claw_tests::programs;
use claw_tests::site::{self, Site};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

/// How many worlds are generated; `CLAW_TESTS_POWERS` says how many more.
const WORLDS: u32 = 32;

const FOLDERS: [&str; 3] = ["a", "a/b", "c"];

const VARIABLES: [&str; 2] = ["GREETING", "OTHER"];

/// Something that is tried, and the narrowest permission that allows it.
struct Use {
    guest: Guest,
    action: &'static str,
    input: Value,
    needs: Permission,
}

struct World {
    library: Library,
    folder: tempfile::TempDir,
    program: String,
    sites: [Site; 2],
}

/// Who said what: for each line of the world one bit.
#[derive(Clone, Debug)]
struct Said {
    manifest: u32,
    stored: u32,
    allowed: u32,
    revoked: u32,
    sandbox: SandboxLevel,
    security: SecurityLevel,
}

impl World {
    fn new() -> World {
        let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
        for name in FOLDERS {
            let path = folder.path().join("workspace").join(name);
            std::fs::create_dir_all(&path).expect("a folder can be made");
            std::fs::write(path.join("f.txt"), "text").expect("written");
        }
        let program = folder.path().join("confined");
        std::fs::copy(programs::path("confined"), &program).expect("copied");
        World {
            library: Library::new(Level::Full),
            program: program.display().to_string(),
            folder,
            sites: [(); 2].map(|()| Site::new(|_| site::ok("here"))),
        }
    }

    fn workspace(&self) -> std::path::PathBuf {
        self.folder.path().join("workspace")
    }

    /// What may be asked for and granted.
    fn lines(&self) -> Vec<Permission> {
        let [one, two] = [&self.sites[0], &self.sites[1]].map(Site::authority);
        let program = &self.program;
        [
            "filesystem.read=.".to_owned(),
            "filesystem.read=a".to_owned(),
            "filesystem.read=a/b".to_owned(),
            "filesystem.write=a/b".to_owned(),
            "filesystem.write=c".to_owned(),
            "filesystem.write=.".to_owned(),
            "environment=GREETING".to_owned(),
            format!("network.internal=http://{one}"),
            format!("network.internal=GET http://{one}/v1"),
            format!("network.internal=POST http://{two}/v1"),
            "network.internal=GET http://127.0.0.1:*".to_owned(),
            "network.external=http://*:*".to_owned(),
            format!("process.execute={program} exit *"),
            format!("process.execute={program} exit 3"),
            format!("process.execute={program} reach **"),
        ]
        .iter()
        .map(|line| line.parse().expect("a permission"))
        .collect()
    }

    fn uses(&self) -> Vec<Use> {
        let permission = |line: String| line.parse().expect("a permission");
        let mut uses = Vec::new();
        for folder in FOLDERS {
            let path = format!("{folder}/f.txt");
            uses.push(Use {
                guest: Guest::PROBE,
                action: "read",
                input: json!({ "path": path }),
                needs: permission(format!("filesystem.read={folder}")),
            });
            uses.push(Use {
                guest: Guest::PROBE,
                action: "write",
                input: json!({ "path": path, "text": "text" }),
                needs: permission(format!("filesystem.write={folder}")),
            });
        }
        for site in &self.sites {
            let authority = site.authority();
            for (method, path) in [("GET", "/v1/x"), ("GET", "/v2"), ("POST", "/v1/x")] {
                uses.push(Use {
                    guest: Guest::NET,
                    action: "request",
                    input: json!({ "method": method, "scheme": "http", "authority": authority,
                                   "path": path, "headers": [], "body": null }),
                    needs: permission(format!(
                        "network.internal={method} http://{authority}{path}"
                    )),
                });
            }
        }
        for words in ["exit 3", "exit 4", "environment"] {
            let argv: Vec<_> = std::iter::once(self.program.as_str())
                .chain(words.split(' '))
                .collect();
            uses.push(Use {
                guest: Guest::PROCESS,
                action: "run",
                input: json!({ "argv": argv }),
                needs: permission(format!("process.execute={} {words}", self.program)),
            });
        }
        uses
    }

    fn call(&self, guest: &Guest, action: &str, input: &Value, grants: &[String]) -> Option<Value> {
        let call = Call {
            guest,
            action,
            input,
            grants,
            workspace: &self.workspace(),
            timeout: Duration::from_secs(30),
        };
        let answer = self.library.call_with(&call, |invocation| {
            invocation.environment = VARIABLES
                .map(|name| (name.to_owned(), "hello".to_owned()))
                .to_vec();
        });
        assert!(
            ["ok", "action-error"].contains(&answer.outcome.as_str()),
            "{action} {input}: {answer}"
        );
        (answer.outcome == "ok").then_some(answer.value)
    }

    /// Every use is allowed exactly where the function says so.
    fn check(&self, said: &Said) {
        let lines = self.lines();
        let set = |bits: u32| {
            let chosen = lines
                .iter()
                .enumerate()
                .filter(|(bit, _)| bits >> bit & 1 == 1);
            PermissionSet::new(chosen.map(|(_, line)| line.clone()))
        };
        let manifest = set(said.manifest);
        let effective = grants::effective(
            &manifest,
            &set(said.stored),
            &grants::auto(said.sandbox, said.security, &manifest),
            &set(said.allowed),
            &set(said.revoked),
        );
        let granted: Vec<_> = effective.iter().map(ToString::to_string).collect();
        for tried in self.uses() {
            let could = self.call(&tried.guest, tried.action, &tried.input, &granted);
            assert_eq!(
                could.is_some(),
                effective.covers(&tried.needs),
                "{} with {granted:?}: {could:?}",
                tried.needs
            );
        }
        self.check_variables(&effective, &granted);
        self.check_child(&effective, &granted);
    }

    fn check_variables(&self, effective: &PermissionSet, granted: &[String]) {
        let seen = self.call(&Guest::PROBE, "environment", &json!({}), granted);
        let expected: Vec<_> = VARIABLES
            .iter()
            .filter(|name| {
                effective.covers(&format!("environment={name}").parse().expect("a permission"))
            })
            .map(|name| json!([name, "hello"]))
            .collect();
        assert_eq!(seen, Some(json!(expected)), "{granted:?}");
    }

    /// What the child of a skill can read and write is what its skill can.
    fn check_child(&self, effective: &PermissionSet, granted: &[String]) {
        let files: Vec<_> = FOLDERS
            .iter()
            .map(|folder| self.workspace().join(folder).join("f.txt"))
            .collect();
        let paths = files.iter().map(|file| file.to_str().expect("UTF-8"));
        let argv: Vec<_> = [self.program.as_str(), "reach"]
            .into_iter()
            .chain(paths)
            .collect();
        let ran = self.call(&Guest::PROCESS, "run", &json!({ "argv": argv }), granted);
        let line = format!("process.execute={} reach x", self.program);
        let may = effective.covers(&line.parse().expect("a permission"));
        assert_eq!(ran.is_some(), may, "{granted:?}: {ran:?}");
        let Some(ran) = ran else { return };
        let told = ran["stdout"].as_str().expect("text").to_owned();
        for (folder, file) in FOLDERS.iter().zip(&files) {
            for (act, kind) in [("read", "filesystem.read"), ("write", "filesystem.write")] {
                let needs: Permission = format!("{kind}={folder}").parse().expect("a permission");
                let expected = if effective.covers(&needs) {
                    "done"
                } else {
                    "refused"
                };
                let line = format!("{act} {} {expected}", Path::display(file));
                assert!(
                    told.lines().any(|told| told == line),
                    "`{line}` is not said, with {granted:?}:\n{told}"
                );
            }
        }
    }
}

fn said() -> impl Strategy<Value = Said> {
    // What is generated alike for both is often nothing: most manifests ask for much, and little is revoked.
    let much = (any::<u32>(), any::<u32>()).prop_map(|(one, two)| one | two);
    let little = (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(a, b, c)| a & b & c);
    let sandbox = prop::sample::select(vec![
        SandboxLevel::Isolated,
        SandboxLevel::Restricted,
        SandboxLevel::Trusted,
    ]);
    let security = prop::sample::select(vec![
        SecurityLevel::Strict,
        SecurityLevel::Moderate,
        SecurityLevel::Permissive,
    ]);
    (
        much,
        any::<u32>(),
        little.clone(),
        little,
        sandbox,
        security,
    )
        .prop_map(
            |(manifest, stored, allowed, revoked, sandbox, security)| Said {
                manifest,
                stored,
                allowed,
                revoked,
                sandbox,
                security,
            },
        )
}

#[test]
fn a_guest_and_its_child_can_do_exactly_what_the_pure_function_says() {
    let world = World::new();
    let more = std::env::var("CLAW_TESTS_POWERS").ok();
    let more = more.map_or(0, |more| more.parse().expect("a number"));
    let mut runner = TestRunner::new(Config {
        cases: WORLDS + more,
        // Each try is real, and what fails says all that is needed.
        max_shrink_iters: 64,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&said(), |said| {
        world.check(&said);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
