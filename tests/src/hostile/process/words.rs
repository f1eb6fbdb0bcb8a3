//! What a guest asks for that was not granted: words, variables, folders, another program.

use serde_json::json;

use super::super::{Case, Guest, Way};
use super::{argv, run};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "the environment of a child",
        tries: "asks for `LD_PRELOAD`, `GIT_DIR` and `GIT_SSH_COMMAND`, which the operator has set, and granted the first",
        must: "denied, or left out; the child has only what the host gives",
        run: |stage| {
            let program = stage.program();
            let grants = [
                "filesystem.write=.",
                &format!("process.execute={program} **"),
                "environment=LD_PRELOAD",
            ];
            for names in [
                &[][..],
                &["LD_PRELOAD"],
                &["LD_PRELOAD", "GIT_DIR", "GIT_SSH_COMMAND"],
            ] {
                let input = json!({ "argv": [program, "environment"], "environment": names });
                let answer = stage.in_library(&Guest::PROCESS, "run", &input, &grants, |call| {
                    call.environment = ["LD_PRELOAD", "GIT_DIR", "GIT_SSH_COMMAND", "HOME"]
                        .map(|name| (name.to_owned(), "of-the-operator".to_owned()))
                        .to_vec();
                });
                if answer.said.contains("of-the-operator") {
                    return Err(format!("it has it: {answer}"));
                }
            }
            Ok(())
        },
    },
    Case {
        name: "words that were not granted",
        tries: "with `exit *` granted: other words, more words, fewer words, no word, a shell, a NUL",
        must: "each is denied or fails; nothing ran",
        run: |stage| {
            let program = stage.program();
            stage.grant(&[
                "filesystem.write=.",
                &format!("process.execute={program} exit *"),
            ]);
            let given = |words: &[&str]| {
                let first = std::iter::once(program.as_str());
                json!({ "argv": first.chain(words.iter().copied()).collect::<Vec<_>>() })
            };
            let input = given(&["exit", "0"]);
            stage.call_of(&Guest::PROCESS, "run", &input).ok()?;
            for input in [
                given(&["say", "3"]),
                given(&["exit"]),
                given(&["exit", "0", "1"]),
                given(&[]),
                given(&["exit\0", "0"]),
                given(&["exit", "0\0--more"]),
                json!({ "argv": [] }),
                json!({ "argv": ["", "exit", "0"] }),
                json!({ "argv": ["sh", "-c", format!("{program} exit 0")] }),
                json!({ "argv": ["/bin/sh", "exit", "0"] }),
                json!({ "argv": [format!("{program} "), "exit", "0"] }),
                json!({ "argv": [format!("/{program}"), "exit", "0"] }),
                json!({ "argv": [format!("{program}/../{}", stage.program_name()), "exit", "0"] }),
            ] {
                let answer = stage.call_of(&Guest::PROCESS, "run", &input);
                answer.failed().map_err(|why| format!("{input}: {why}"))?;
            }
            Ok(())
        },
    },
    Case {
        name: "folders to start in",
        tries: "starts a program in `..`, `/`, `.git/..`, a link out, and a folder that is not granted",
        must: "each fails",
        run: |stage| {
            stage.link("../outside", "out");
            stage.grant_program();
            for folder in ["..", "/", "../outside", "out", "docs/../..", "\0"] {
                let input = json!({ "argv": argv(stage, &["where"]), "folder": folder });
                let answer = stage.call_of(&Guest::PROCESS, "run", &input);
                answer
                    .failed()
                    .map_err(|why| format!("{folder:?}: {why}"))?;
            }
            Ok(())
        },
    },
    Case {
        name: "another program under the same name",
        tries: "runs a program whose file has changed since it was granted",
        must: "refused until it is granted again",
        run: |stage| {
            let program = stage.program_of_its_own();
            stage.grant(&[
                "filesystem.write=.",
                &format!("process.execute={program} **"),
            ]);
            let input = json!({ "argv": [program, "exit", "0"] });
            stage.call_of(&Guest::PROCESS, "run", &input).ok()?;
            let mut bytes = std::fs::read(&program).expect("readable");
            bytes.push(0);
            let other = format!("{program}.new");
            std::fs::copy(&program, &other).expect("copied");
            std::fs::write(&other, bytes).expect("written");
            std::fs::rename(&other, &program).expect("renamed");
            stage.call_of(&Guest::PROCESS, "run", &input).failed()
        },
    },
    Case {
        name: "controls in a child's output",
        tries: "a child clears the screen and sets the title, in what the guest gives back",
        must: "none of it reaches the terminal",
        run: |stage| {
            let answer = run(stage, &["escape"]);
            answer.ok()?;
            if stage.way() == Way::Run && answer.said.contains(['\u{1b}', '\u{7}']) {
                return Err(format!("a control came through: {:?}", answer.said));
            }
            Ok(())
        },
    },
];
