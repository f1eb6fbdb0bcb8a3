//! Links, and names that change while they are looked up.

use std::os::unix::fs::symlink;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::json;

use super::paths::{how, is_absent, is_text, neither_way};
use super::{Case, Family, Verdict};

pub(super) const FAMILY: Family = Family {
    name: "links",
    about: "links, and names that change while they are looked up",
    cases: &[&[
        Case {
            name: "relative link out",
            tries: "reads and writes through a link to `../outside/secret.txt`",
            must: "both fail; the file is as it was",
            run: |stage| {
                stage.link("../outside/secret.txt", "link");
                neither_way(stage, "link")?;
                neither_way(stage, "/workspace/link")
            },
        },
        Case {
            name: "absolute link out",
            tries: "reads and writes through a link to the secret's absolute path",
            must: "both fail; the file is as it was",
            run: |stage| {
                stage.link(stage.secret(), "link");
                neither_way(stage, "link")
            },
        },
        Case {
            name: "link to the parent",
            tries: "goes through a link to `..` and back down to the secret",
            must: "both fail; the file is as it was",
            run: |stage| {
                stage.link("..", "up");
                stage.link("up/outside", "docs/further");
                neither_way(stage, "up/outside/secret.txt")?;
                neither_way(stage, "docs/../up/outside/secret.txt")
            },
        },
        Case {
            name: "link to the root",
            tries: "goes through a link to `/` to the secret's absolute path",
            must: "both fail; the file is as it was",
            run: |stage| {
                stage.link("/", "root");
                let path = format!("root{}", stage.secret().display());
                neither_way(stage, &path)
            },
        },
        Case {
            name: "chain of links",
            tries: "goes through forty links, the last of which leads out",
            must: "both fail; the file is as it was",
            run: |stage| {
                for number in 0..40 {
                    stage.link(format!("chain{}", number + 1), &format!("chain{number}"));
                }
                stage.link("../outside/secret.txt", "chain40");
                neither_way(stage, "chain0")
            },
        },
        Case {
            name: "link loop",
            tries: "opens links that lead to each other, and one that leads to itself",
            must: "each fails at once",
            run: |stage| {
                stage.link("two", "one");
                stage.link("one", "two");
                stage.link("self/self", "self");
                neither_way(stage, "one")?;
                neither_way(stage, "self")
            },
        },
        Case {
            name: "dangling link out",
            tries: "makes a file through a link to a name outside that is not there",
            must: "denied; there is no new file outside",
            run: |stage| {
                stage.link("../outside/new.txt", "link");
                let input =
                    json!({ "base": ".", "path": "link", "how": how(true), "text": "mine" });
                stage.call("open", input).failed()?;
                stage
                    .call("write", json!({ "path": "link", "text": "mine" }))
                    .failed()
            },
        },
        Case {
            name: "link to what is protected",
            tries: "writes through links to `.git`, `.git/config` and `claw.toml`",
            must: "each is denied and recorded",
            run: |stage| {
                stage.link(".git", "dotgit");
                stage.link(".git/config", "soft");
                stage.link("../claw.toml", "docs/soft");
                for path in ["dotgit/config", "dotgit/new", "soft", "docs/soft"] {
                    let input = json!({ "path": path, "text": "mine" });
                    stage.call("write", input).was_denied()?;
                }
                is_absent(stage, ".git/new")
            },
        },
        Case {
            name: "making a link",
            tries: "makes symbolic links out, to `/`, and to a file of the workspace",
            must: "each is denied and recorded; there is no link",
            run: |stage| {
                for target in ["../outside/secret.txt", "/", "docs/note.txt"] {
                    let input = json!({ "base": ".", "target": target, "path": "mine" });
                    stage.call("symlink", input).failed()?;
                }
                is_absent(stage, "mine")
            },
        },
        Case {
            name: "moving a link",
            tries: "renames a link that leads out, and one within",
            must: "each is denied and recorded; the links are where they were",
            run: |stage| {
                stage.link("../outside/secret.txt", "out");
                stage.link("docs/note.txt", "in");
                for old in ["out", "in"] {
                    let input = json!({ "base": ".", "old": old, "new": "docs/moved" });
                    stage.call("rename", input).was_denied()?;
                }
                is_absent(stage, "docs/moved")
            },
        },
        Case {
            name: "hard link from outside",
            tries: "writes, re-times and truncates a file that has a second name outside",
            must: "each is denied and recorded; the file is as it was",
            run: |stage| {
                let inner = stage.root.join("outside/linked.txt");
                std::fs::write(&inner, "linked\n").expect("written");
                std::fs::hard_link(&inner, stage.path("hard")).expect("linked");
                let input = json!({ "path": "hard", "text": "mine" });
                stage.call("write", input).was_denied()?;
                let mut opening = how(true);
                opening["truncate"] = json!(true);
                let input = json!({ "base": ".", "path": "hard", "how": opening, "text": "" });
                stage.call("open", input).was_denied()?;
                let text = std::fs::read_to_string(&inner).expect("readable");
                std::fs::remove_file(inner).expect("removed");
                if text == "linked\n" {
                    // The folder outside must be as it was for what is looked at afterwards.
                    stage.keep_outside();
                    Ok(())
                } else {
                    Err(format!("it holds {text:?}"))
                }
            },
        },
        Case {
            name: "hard link to what is protected",
            tries: "makes hard links from `.git/config` and into `.git/hooks`, and writes one that is there",
            must: "each is denied and recorded",
            run: |stage| {
                for (old, new) in [
                    (".git/config", "mine"),
                    ("docs/note.txt", ".git/hooks/post-merge"),
                    ("docs/note.txt", "sub.git/../.git/x"),
                ] {
                    let input = json!({ "base": ".", "old": old, "new": new, "follow": false });
                    stage.call("link", input).failed()?;
                }
                std::fs::hard_link(stage.path(".git/config"), stage.path("hard")).expect("linked");
                let input = json!({ "path": "hard", "text": "mine" });
                stage.call("write", input).was_denied()?;
                is_absent(stage, ".git/hooks/post-merge")
            },
        },
        Case {
            name: "hard link in from outside",
            tries: "makes a hard link in the workspace to `../outside/secret.txt`",
            must: "denied and recorded; there is no link",
            run: |stage| {
                let old = "../outside/secret.txt";
                let input = json!({ "base": ".", "old": old, "new": "mine", "follow": false });
                stage.call("link", input).was_denied()?;
                is_absent(stage, "mine")
            },
        },
        Case {
            name: "renaming out and in",
            tries: "renames a note to `../outside/note.txt`, and the secret into the workspace",
            must: "both are denied and recorded; both files are where they were",
            run: |stage| {
                for (old, new) in [
                    ("docs/note.txt", "../outside/note.txt"),
                    ("../outside/secret.txt", "mine"),
                ] {
                    let input = json!({ "base": ".", "old": old, "new": new });
                    stage.call("rename", input).was_denied()?;
                }
                is_absent(stage, "mine")?;
                is_text(stage, "docs/note.txt", "a note\n")
            },
        },
        Case {
            name: "renaming what is protected",
            tries: "renames `.git` away, a folder over `.git`, and a note to `.git/hooks/pre-commit` and `claw.lock`",
            must: "each is denied and recorded",
            run: |stage| {
                for (old, new) in [
                    (".git", "git"),
                    ("docs", ".git"),
                    ("docs/note.txt", ".git/hooks/pre-commit"),
                    ("docs/note.txt", "claw.lock"),
                    ("claw.toml", "docs/x"),
                    ("docs", "other/.GIT"),
                ] {
                    let input = json!({ "base": ".", "old": old, "new": new });
                    stage.call("rename", input).was_denied()?;
                }
                is_absent(stage, "claw.lock")
            },
        },
        Case {
            name: "link swapped in while reading",
            tries: "reads one name 20,000 times while it is by turns a file and a link out",
            must: "the secret is never read",
            run: |stage| {
                stage.file("docs/swapped", "harmless\n");
                symlink(stage.secret(), stage.path("docs/spare")).expect("linked");
                let (one, two) = (stage.path("docs/swapped"), stage.path("docs/spare"));
                swapping(&one, &two, || {
                    let input =
                        json!({ "path": "docs/swapped", "times": 20_000, "wanted": "secret" });
                    let answer = stage.call("race", input);
                    if answer.ok()?.is_null() {
                        Ok(())
                    } else {
                        Err(format!("it was read: {answer}"))
                    }
                })
            },
        },
        Case {
            name: "folder swapped while writing",
            tries: "writes `docs/inner/inner.txt` 5,000 times while `docs/inner` is by turns a folder and a link out",
            must: "the file outside is as it was",
            run: |stage| {
                stage.file("docs/inner/inner.txt", "harmless\n");
                stage.link("../../outside/folder", "docs/spare");
                let (one, two) = (stage.path("docs/inner"), stage.path("docs/spare"));
                swapping(&one, &two, || {
                    let input =
                        json!({ "path": "docs/inner/inner.txt", "text": "mine", "times": 5_000 });
                    // That some of them succeeded shows that the race was run.
                    match stage.call("race-write", input).ok()?.as_u64() {
                        Some(0) | None => Err("nothing was ever written".to_owned()),
                        Some(_) => Ok(()),
                    }
                })
            },
        },
    ]],
};

/// Exchanges two names again and again, in one step each time, while `act` runs.
fn swapping(one: &Path, two: &Path, act: impl FnOnce() -> Verdict) -> Verdict {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let swapper = scope.spawn(|| {
            let mut turns = 0u64;
            while !over.load(Ordering::Relaxed) {
                renameat_with(CWD, one, CWD, two, RenameFlags::EXCHANGE).expect("exchanged");
                turns += 1;
            }
            turns
        });
        // Where it panics the swapper has to end all the same, or nobody would ever hear of it.
        let verdict = panic::catch_unwind(AssertUnwindSafe(act));
        over.store(true, Ordering::Relaxed);
        let turns = swapper.join().expect("the swapper does not panic");
        verdict.unwrap_or_else(|panic| panic::resume_unwind(panic))?;
        if turns < 100 {
            return Err(format!("the names changed only {turns} times"));
        }
        Ok(())
    })
}
