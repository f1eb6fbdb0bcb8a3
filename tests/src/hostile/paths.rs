//! Paths that lead elsewhere, name what is protected, or are no paths.

use serde_json::json;

use super::{Case, Family, Stage, Verdict};

pub(super) const FAMILY: Family = Family {
    name: "paths",
    about: "paths that lead elsewhere, name what is protected, or are no paths",
    cases: &[&[
        Case {
            name: "parent",
            tries: "reads and writes `../outside/secret.txt`",
            must: "both fail; the file is as it was",
            run: |stage| neither_way(stage, "../outside/secret.txt"),
        },
        Case {
            name: "parent from within",
            tries: "reads and writes `docs/../../outside/secret.txt`",
            must: "both fail; the file is as it was",
            run: |stage| neither_way(stage, "docs/../../outside/secret.txt"),
        },
        Case {
            name: "two hundred parents",
            tries: "reads and writes `../` 200 times and then the secret's own path",
            must: "both fail; the file is as it was",
            run: |stage| {
                let path = format!("{}{}", "../".repeat(200), stage.secret().display());
                neither_way(stage, &path)
            },
        },
        Case {
            name: "parent of the shown folder",
            tries: "reads and writes `/workspace/../outside/secret.txt`",
            must: "both fail; the file is as it was",
            run: |stage| neither_way(stage, "/workspace/../outside/secret.txt"),
        },
        Case {
            name: "absolute",
            tries: "reads and writes the secret by its absolute path",
            must: "both fail; the file is as it was",
            run: |stage| {
                let path = stage.secret().display().to_string();
                neither_way(stage, &path)
            },
        },
        Case {
            name: "system files",
            tries: "reads `/etc/passwd`, `//etc/passwd`, `/./etc/passwd`",
            must: "each fails",
            run: |stage| {
                for path in ["/etc/passwd", "//etc/passwd", "/./etc/passwd"] {
                    stage.call("read", json!({ "path": path })).failed()?;
                }
                Ok(())
            },
        },
        Case {
            name: "raw parent",
            tries: "opens `..` and `../outside` below the library, as folders",
            must: "denied and recorded",
            run: |stage| {
                for path in ["..", "../outside", "docs/../../outside"] {
                    let input = json!({ "base": ".", "path": path, "how": how(false), "text": "" });
                    stage.call("open", input).was_denied()?;
                }
                Ok(())
            },
        },
        Case {
            name: "NUL",
            tries: "reads and makes names with a NUL in them",
            must: "each fails; no file is made, not even the part before the NUL",
            run: |stage| {
                for path in ["docs/note.txt\0.png", "new\0.txt", "\0"] {
                    stage.call("read", json!({ "path": path })).failed()?;
                    let input = json!({ "base": ".", "path": path, "how": how(true), "text": "x" });
                    stage.call("open", input).failed()?;
                }
                is_absent(stage, "new")
            },
        },
        Case {
            name: "long name",
            tries: "makes a name of 5,000 bytes and a path of 200,000",
            must: "both fail",
            run: |stage| {
                for path in ["n".repeat(5_000), "d/".repeat(100_000)] {
                    let input = json!({ "base": ".", "path": path, "how": how(true), "text": "x" });
                    stage.call("open", input).failed()?;
                }
                Ok(())
            },
        },
        Case {
            name: "empty path",
            tries: "opens, removes and renames the empty path",
            must: "each fails",
            run: |stage| {
                let input = json!({ "base": ".", "path": "", "how": how(true), "text": "x" });
                stage.call("open", input).failed()?;
                stage
                    .call("unlink", json!({ "base": ".", "path": "" }))
                    .failed()?;
                let input = json!({ "base": ".", "old": "", "new": "x" });
                stage.call("rename", input).failed()
            },
        },
        Case {
            name: "trailing slash",
            tries: "opens a file as `docs/note.txt/`, `docs/note.txt/.` and `docs/note.txt/..`",
            must: "the first two fail; the third is no file",
            run: |stage| {
                for path in ["docs/note.txt/", "docs/note.txt/.", "docs/note.txt/.."] {
                    stage.call("read", json!({ "path": path })).failed()?;
                }
                is_text(stage, "docs/note.txt", "a note\n")
            },
        },
        Case {
            name: "workspace itself",
            tries: "removes and renames `.` and `/workspace`",
            must: "each fails; the workspace is there",
            run: |stage| {
                for path in [".", "docs/..", "./"] {
                    let input = json!({ "base": ".", "path": path });
                    stage.call("remove-folder", input).failed()?;
                    let input = json!({ "base": ".", "old": path, "new": "gone" });
                    stage.call("rename", input).failed()?;
                }
                is_text(stage, "docs/note.txt", "a note\n")
            },
        },
        Case {
            name: "repository settings",
            tries: "writes `.git/config` in eight spellings: upper case, doubled slashes, dots, from a folder",
            must: "each is denied and recorded; the file is as it was",
            run: |stage| {
                stage.file(".GIT/config", "[core]\n");
                let paths = [
                    ".git/config",
                    "./.git/config",
                    ".//.git//config",
                    ".git/./config",
                    "docs/../.git/config",
                    ".GIT/config",
                    ".GIT/new",
                    ".git/hooks/../config",
                ];
                each_denied(stage, &paths)
            },
        },
        Case {
            name: "repository hook",
            tries: "makes `.git/hooks/post-checkout` and a hook of a repository further down",
            must: "denied and recorded; there is no hook",
            run: |stage| {
                stage.file("sub/.git/config", "[core]\n");
                each_denied(stage, &[".git/hooks/post-checkout", "sub/.git/post-merge"])?;
                is_absent(stage, ".git/hooks/post-checkout")
            },
        },
        Case {
            name: "a new repository",
            tries: "makes the folders `.git`, `sub/.GIT` and `.git/` where there are none",
            must: "denied and recorded; there is no folder",
            run: |stage| {
                for path in ["docs/.git", "docs/.GIT", "docs/.git/", "docs/.git/."] {
                    let input = json!({ "base": ".", "path": path });
                    stage.call("make-folder", input).was_denied()?;
                }
                is_absent(stage, "docs/.git")
            },
        },
        Case {
            name: "claw's own files",
            tries: "writes `claw.toml`, `CLAW.LOCK`, `sub/claw.toml`, `.claw/kept`, `.Claw/x`",
            must: "each is denied and recorded",
            run: |stage| {
                stage.file(".Claw/kept", "kept\n");
                each_denied(
                    stage,
                    &[
                        "claw.toml",
                        "CLAW.LOCK",
                        "docs/claw.toml",
                        ".claw/kept",
                        ".Claw/x",
                    ],
                )?;
                is_absent(stage, "CLAW.LOCK")
            },
        },
        Case {
            name: "removing what is protected",
            tries: "removes `claw.toml`, `.git/config` and `.git/hooks`, and changes their times",
            must: "each is denied and recorded",
            run: |stage| {
                for path in ["claw.toml", ".git/config", ".GIT/../.git/config"] {
                    let input = json!({ "base": ".", "path": path });
                    stage.call("unlink", input).failed()?;
                    let input = json!({ "base": ".", "path": path, "follow": true });
                    stage.call("touch", input).failed()?;
                }
                let input = json!({ "base": ".", "path": ".git/hooks" });
                stage.call("remove-folder", input).was_denied()?;
                is_text(stage, "claw.toml", "# nothing\n")
            },
        },
        Case {
            name: "beside the grant",
            tries: "with `filesystem.read=docs`: reads `other/note.txt`, by four spellings, and writes `docs/note.txt`",
            must: "each fails; what is not granted is recorded",
            run: |stage| {
                stage.grant(&["filesystem.read=docs"]);
                stage
                    .call("read", json!({ "path": "docs/note.txt" }))
                    .ok()?;
                for path in [
                    "other/note.txt",
                    "/workspace/other/note.txt",
                    "docs/../other/note.txt",
                    "docs/./.././other/note.txt",
                ] {
                    stage.call("read", json!({ "path": path })).failed()?;
                }
                let answer = stage.call("read", json!({ "path": "other/note.txt" }));
                answer.was_denied()?;
                let input = json!({ "path": "docs/note.txt", "text": "mine" });
                stage.call("write", input).was_denied()?;
                is_text(stage, "docs/note.txt", "a note\n")
            },
        },
        Case {
            name: "a name that begins the same",
            tries: "with `filesystem.write=docs`: writes `docs2/x`, `docs-old/x` and `docs/../docs2/x`",
            must: "each fails; no file is made",
            run: |stage| {
                stage.grant(&["filesystem.write=docs"]);
                stage.file("docs2/kept.txt", "kept\n");
                for path in ["docs2/x", "docs2/kept.txt", "docs/../docs2/x"] {
                    let input = json!({ "path": path, "text": "mine" });
                    stage.call("write", input).failed()?;
                }
                is_absent(stage, "docs2/x")?;
                is_text(stage, "docs2/kept.txt", "kept\n")
            },
        },
        Case {
            name: "no grant at all",
            tries: "with nothing granted: lists, reads, writes and looks at what folders there are",
            must: "each fails; no folder but the denying one is shown",
            run: |stage| {
                stage.grant(&[]);
                stage.call("names", json!({ "path": "." })).was_denied()?;
                stage.call("names", json!({ "path": "/" })).failed()?;
                neither_way(stage, "docs/note.txt")?;
                neither_way(stage, "/workspace/docs/note.txt")?;
                is_text(stage, "docs/note.txt", "a note\n")
            },
        },
        Case {
            name: "the package's own files",
            tries: "writes `/assets/new` and `/assets/../docs/new`, and makes the folder `/assets/x`",
            must: "each fails; no file is made",
            run: |stage| {
                for path in ["/assets/new", "/assets/../docs/new"] {
                    let input = json!({ "path": path, "text": "mine" });
                    stage.call("write", input).failed()?;
                }
                let input = json!({ "base": "/assets", "path": "x" });
                stage.call("make-folder", input).failed()?;
                is_absent(stage, "docs/new")
            },
        },
        Case {
            name: "the environment",
            tries: "reads every variable, with one granted that is not set",
            must: "there is none",
            run: |stage| {
                stage.grant(&["environment=GREETING"]);
                let answer = stage.call("environment", json!({}));
                if answer.ok()?.as_array().is_some_and(Vec::is_empty) {
                    Ok(())
                } else {
                    Err(format!("there is something: {answer}"))
                }
            },
        },
    ]],
};

/// How to open a file: for writing and made if need be, or a folder.
pub(super) fn how(writes: bool) -> serde_json::Value {
    json!({ "follow": true, "create": writes, "exclusive": false, "truncate": false, "directory": !writes,
            "read": !writes, "write": writes, "mutate": false })
}

/// Neither reading nor writing works.
pub(super) fn neither_way(stage: &mut Stage<'_>, path: &str) -> Verdict {
    stage.call("read", json!({ "path": path })).failed()?;
    let input = json!({ "path": path, "text": "mine" });
    stage.call("write", input).failed()
}

/// Each is opened for writing below the library, and denied.
fn each_denied(stage: &mut Stage<'_>, paths: &[&str]) -> Verdict {
    for path in paths {
        for base in [".", "/workspace"] {
            let input = json!({ "base": base, "path": path, "how": how(true), "text": "mine" });
            let denied = stage.call("open", input).was_denied();
            denied.map_err(|why| format!("{path} below {base}: {why}"))?;
        }
    }
    Ok(())
}

/// There is no such file in the workspace.
pub(super) fn is_absent(stage: &Stage<'_>, path: &str) -> Verdict {
    match stage.path(path).symlink_metadata() {
        Ok(_) => Err(format!("`{path}` was made")),
        Err(_) => Ok(()),
    }
}

/// This is in the file, as it was before.
pub(super) fn is_text(stage: &Stage<'_>, path: &str, text: &str) -> Verdict {
    match stage.text(path) {
        Some(now) if now == text => Ok(()),
        now => Err(format!("`{path}` holds {now:?}")),
    }
}
