//! What is in a folder and is no file: `/proc`, devices, pipes, sockets.

use std::os::unix::net::UnixListener;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::json;

use super::paths::neither_way;
use super::{Case, Family, Stage, Verdict};

/// A call that waits for something that never comes is not over within this.
const AT_ONCE: Duration = Duration::from_secs(5);

pub(super) const FAMILY: Family = Family {
    name: "devices",
    about: "what is in a folder and is no file: `/proc`, devices, pipes, sockets",
    cases: &[&[
        Case {
            name: "/proc by its path",
            tries: "reads `/proc/self/environ`, `/proc/self/mem`, `/proc/1/cmdline`, `/proc/self/root/etc/passwd`",
            must: "each fails",
            run: |stage| {
                for path in [
                    "/proc/self/environ",
                    "/proc/self/mem",
                    "/proc/1/cmdline",
                    "/proc/self/root/etc/passwd",
                ] {
                    stage.call("read", json!({ "path": path })).failed()?;
                }
                Ok(())
            },
        },
        Case {
            name: "/proc by a link",
            tries: "reads through links to `/proc/self/environ`, `/proc/self/fd`, `/proc/self/cwd` and `/proc/self/root`",
            must: "each fails",
            run: |stage| {
                for (number, target) in [
                    "/proc/self/environ",
                    "/proc/self/fd",
                    "/proc/self/cwd",
                    "/proc/self/root",
                ]
                .iter()
                .enumerate()
                {
                    let name = format!("proc{number}");
                    stage.link(target, &name);
                    for path in [
                        name.clone(),
                        format!("{name}/0"),
                        format!("{name}/claw.toml"),
                        format!("{name}{}", stage.secret().display()),
                    ] {
                        neither_way(stage, &path)?;
                    }
                }
                Ok(())
            },
        },
        Case {
            name: "pipe",
            tries: "opens a named pipe that nobody else has open, for reading and for writing",
            must: "denied and recorded, at once",
            run: |stage| {
                mknodat(CWD, stage.path("pipe"), FileType::Fifo, Mode::RWXU, 0).expect("made");
                never_opened(stage, "pipe")
            },
        },
        Case {
            name: "socket",
            tries: "opens the socket of somebody who listens in the workspace",
            must: "denied and recorded; nobody has connected",
            run: |stage| {
                let listener = UnixListener::bind(stage.path("socket")).expect("bound");
                never_opened(stage, "socket")?;
                listener.set_nonblocking(true).expect("it can be set");
                match listener.accept() {
                    Ok(_) => Err("somebody connected".to_owned()),
                    Err(_) => Ok(()),
                }
            },
        },
        Case {
            name: "device",
            tries: "opens `/dev/zero` and `/dev/tty` by their paths and by links, and as root a device in the workspace",
            must: "each fails at once",
            run: |stage| {
                stage.link("/dev/zero", "zero");
                stage.link("/dev/tty", "tty");
                for path in ["zero", "tty", "/dev/zero", "/dev/tty"] {
                    neither_way(stage, path)?;
                }
                // An ordinary user can't make one, and so finds none.
                let zero = rustix::fs::makedev(1, 5);
                let made = mknodat(
                    CWD,
                    stage.path("device"),
                    FileType::CharacterDevice,
                    Mode::RWXU,
                    zero,
                );
                match made {
                    Ok(()) => never_opened(stage, "device"),
                    Err(_) => Ok(()),
                }
            },
        },
        Case {
            name: "standard input",
            tries: "reads everything from standard input, which in `claw mcp` is the client's",
            must: "there is nothing; the client is answered as before",
            run: |stage| {
                let answer = stage.call("listen", json!({}));
                match answer.ok()?.as_str() {
                    Some("") => Ok(()),
                    _ => Err(format!("there was something: {answer}")),
                }
            },
        },
    ]],
};

/// Neither opened for reading nor for writing, and nobody waits for it.
fn never_opened(stage: &mut Stage<'_>, path: &str) -> Verdict {
    stage.within(AT_ONCE);
    for (action, input) in [
        ("read", json!({ "path": path })),
        ("write", json!({ "path": path, "text": "mine" })),
    ] {
        stage.call(action, input).was_denied()?;
    }
    Ok(())
}
