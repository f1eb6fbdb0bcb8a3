//! What a program that a skill may run tries: everything that a program can try, and words that were not granted.

use std::os::unix::net::{UnixDatagram, UnixListener};
use std::time::Duration;

use serde_json::{Value, json};

use super::server::Server;
use super::{Answer, Case, Family, Guest, Level, Stage, Verdict};

/// Short enough to wait for.
const SHORT: Duration = Duration::from_secs(2);

pub(super) const FAMILY: Family = Family {
    name: "process",
    about: "what a program that a skill may run tries, and words that were not granted",
    cases: &[
        Case {
            name: "files outside",
            tries: "a child reads, writes, makes, removes, renames, links and lists outside of the workspace",
            must: "each is refused; everything is as it was",
            run: |stage| {
                refused(
                    stage,
                    &[
                        "read outside",
                        "write outside",
                        "make outside",
                        "remove outside",
                        "rename outside",
                        "link outside",
                        "list outside",
                        "truncate outside",
                        "password file",
                    ],
                )
            },
        },
        Case {
            name: "metadata outside",
            tries: "a child changes mode, owner, times and attributes of files outside and of a library",
            must: "each is refused; modes and times are as they were",
            run: |stage| {
                refused(
                    stage,
                    &[
                        "mode outside",
                        "times outside",
                        "owner outside",
                        "attribute outside",
                        "mode of a library",
                    ],
                )
            },
        },
        Case {
            name: "asking about files outside",
            tries: "a child asks for the size and times of a file outside",
            must: "refused at `full`; at `basic` nothing stops it, and this page says so",
            run: |stage| {
                let tried = attempt(stage)?;
                match (stage.level(), said(&tried, "stat outside")) {
                    (Level::Full, "refused") | (Level::Basic, "done") => Ok(()),
                    (_, other) => Err(format!("it was {other}")),
                }
            },
        },
        Case {
            name: "its own and others' `/proc`",
            tries: "a child reads `/proc/self/maps`, `/proc/self/fd` and a neighbour's environment",
            must: "each is refused",
            run: |stage| {
                refused(
                    stage,
                    &["own memory", "descriptors", "another's environment"],
                )
            },
        },
        Case {
            name: "devices and links",
            tries: "a child makes a device and a symbolic link, and opens the terminal and the kernel's log",
            must: "each is refused",
            run: |stage| {
                refused(
                    stage,
                    &["device", "symbolic link", "terminal", "kernel memory"],
                )
            },
        },
        Case {
            name: "other programs",
            tries: "a child executes a shell, another program, one in the workspace, and one without a file",
            must: "each is refused",
            run: |stage| {
                refused(
                    stage,
                    &[
                        "shell",
                        "program of the workspace",
                        "another program",
                        "code in memory",
                    ],
                )
            },
        },
        Case {
            name: "a program by its loader",
            tries: "a child starts a program of the workspace through the dynamic loader",
            must: "refused at `full`; at `basic` it runs, as confined as the child itself",
            run: |stage| {
                let tried = attempt(stage)?;
                match (stage.level(), said(&tried, "program by its loader")) {
                    (Level::Full, "refused") | (Level::Basic, "done") => Ok(()),
                    (_, other) => Err(format!("it was {other}")),
                }
            },
        },
        Case {
            name: "sockets",
            tries: "a child opens TCP, UDP, IPv6, netlink, packet and virtual machine sockets",
            must: "each is refused",
            run: |stage| {
                refused(
                    stage,
                    &[
                        "TCP",
                        "UDP",
                        "IPv6",
                        "netlink",
                        "packets",
                        "virtual machines",
                    ],
                )
            },
        },
        Case {
            name: "a server of this machine",
            tries: "a child connects to a server on the loopback",
            must: "refused; nobody has connected",
            run: |stage| {
                let server = Server::plain();
                connect(stage, &format!("tcp:{}", server.address()))?;
                server.heard_nothing()
            },
        },
        Case {
            name: "agents and buses",
            tries: "a child connects to sockets that lie where D-Bus, an ssh-agent and Docker would have theirs",
            must: "refused; nobody has connected, in the workspace or outside",
            run: |stage| {
                refused(stage, &["local socket", "local datagrams"])?;
                for folder in [stage.root.join("outside"), stage.workspace.clone()] {
                    let stream = folder.join("bus");
                    let datagram = folder.join("log");
                    let listener = UnixListener::bind(&stream).expect("bound");
                    let receiver = UnixDatagram::bind(&datagram).expect("bound");
                    stage.keep_outside();
                    connect(stage, &format!("unix:{}", stream.display()))?;
                    connect(stage, &format!("datagram:{}", datagram.display()))?;
                    listener.set_nonblocking(true).expect("it can be set");
                    receiver.set_nonblocking(true).expect("it can be set");
                    if listener.accept().is_ok() || receiver.recv(&mut [0; 16]).is_ok() {
                        return Err("somebody connected".to_owned());
                    }
                }
                Ok(())
            },
        },
        Case {
            name: "a neighbour",
            tries: "a child traces, reads, signals and takes descriptors from another process of the same user",
            must: "each is refused; the neighbour runs on",
            run: |stage| {
                refused(
                    stage,
                    &[
                        "ptrace",
                        "ptrace of the parent",
                        "another's memory",
                        "another's descriptors",
                        "signal to a neighbour",
                    ],
                )
            },
        },
        Case {
            name: "calls around the filter",
            tries: "`io_uring`, `userfaultfd`, `bpf`, `perf_event_open`, `keyctl`, `clone3`, calls of x32, calls that do not exist yet",
            must: "each is refused",
            run: |stage| {
                refused(
                    stage,
                    &[
                        "io_uring",
                        "userfaultfd",
                        "bpf",
                        "performance events",
                        "keys",
                        "clone3",
                        "other calls of x86",
                        "calls of tomorrow",
                        "personality",
                    ],
                )
            },
        },
        Case {
            name: "mounts and roots",
            tries: "`mount`, `umount`, `open_tree`, `fsopen`, `move_mount`, `pivot_root`, `chroot`, file handles",
            must: "each is refused",
            run: |stage| {
                refused(
                    stage,
                    &[
                        "mount",
                        "unmount",
                        "open_tree",
                        "fsopen",
                        "move_mount",
                        "pivot_root",
                        "chroot",
                        "file handles",
                    ],
                )
            },
        },
        Case {
            name: "namespaces",
            tries: "new namespaces of users and networks, entering others, cloning with flags",
            must: "each is refused",
            run: |stage| {
                refused(
                    stage,
                    &[
                        "user namespace",
                        "network namespace",
                        "another's namespace",
                        "clone with namespaces",
                    ],
                )
            },
        },
        Case {
            name: "typing for the operator",
            tries: "`TIOCSTI` and `TIOCLINUX`, which put words into a terminal's input",
            must: "both are refused; the child leads a session without a terminal",
            run: |stage| {
                let tried = refused_of(stage, &["typing", "typing of the console"])?;
                match said(&tried, "own session") {
                    "true" => Ok(()),
                    other => Err(format!("own session: {other}")),
                }
            },
        },
        Case {
            name: "memory and messages by name",
            tries: "shared memory and message queues of System V",
            must: "both are refused",
            run: |stage| refused(stage, &["shared memory", "message queue"]),
        },
        Case {
            name: "the machine itself",
            tries: "loads a module, adds swap, sets the clock, becomes another user",
            must: "each is refused; there is no capability and no inherited descriptor",
            run: |stage| {
                let tried = refused_of(stage, &["modules", "swap", "clock", "another user"])?;
                for name in ["capabilities", "descriptors open"] {
                    if said(&tried, name) != "0" {
                        return Err(format!("{name}: {}", said(&tried, name)));
                    }
                }
                Ok(())
            },
        },
        Case {
            name: "what is its own",
            tries: "a child reads and writes the workspace and a temporary file, and starts itself",
            must: "each works: a confinement that refuses everything would pass every other case",
            run: |stage| {
                let tried = attempt(stage)?;
                for name in [
                    "read in the workspace",
                    "write in the workspace",
                    "temporary file",
                    "pair of streams",
                    "itself",
                ] {
                    if said(&tried, name) != "done" {
                        return Err(format!("{name}: {}", said(&tried, name)));
                    }
                }
                super::paths::is_text(stage, "mine.txt", "x")
            },
        },
        Case {
            name: "a process that stays",
            tries: "a child forks twice and leaves a process in a session of its own",
            must: "it is gone when the action has ended",
            run: |stage| {
                run(stage, &["daemon"]).ok()?;
                stage.no_process_left()
            },
        },
        Case {
            name: "fork bomb",
            tries: "a child forks until it can't any more",
            must: "it is stopped far below 400 processes; all are gone when the action has ended",
            run: |stage| {
                let answer = run(stage, &["bomb"]);
                let ran = answer.ok()?;
                let count = ran["stdout"]
                    .as_str()
                    .unwrap_or_default()
                    .trim()
                    .parse::<u32>();
                if count.is_ok_and(|count| count >= 400) {
                    return Err(format!("it was not stopped: {answer}"));
                }
                stage.no_process_left()
            },
        },
        Case {
            name: "memory of a child",
            tries: "a child takes eight gibibytes",
            must: "refused",
            run: |stage| {
                let bytes = (8u64 << 30).to_string();
                let answer = run(stage, &["memory", &bytes]);
                match answer.ok()?["stdout"].as_str() {
                    Some("refused\n") => Ok(()),
                    _ => Err(format!("it got it: {answer}")),
                }
            },
        },
        Case {
            name: "a child that never ends",
            tries: "runs a program that never ends, and leaves three running",
            must: "over within the action's time; all are gone afterwards",
            run: |stage| {
                stage.grant_program();
                stage.within(SHORT);
                let input = json!({ "argv": argv(stage, &["hang"]) });
                let answer = stage.call_of(&Guest::PROCESS, "run", &input);
                answer.within(SHORT)?;
                stage.no_process_left()?;
                let input = json!({ "argv": argv(stage, &["hang"]), "count": 3 });
                stage.call_of(&Guest::PROCESS, "leave", &input);
                stage.no_process_left()
            },
        },
        Case {
            name: "a crowd of children",
            tries: "leaves a hundred programs running at once, and runs a thousand one after the other",
            must: "it gets no more than 8 at once and 64 in all; all are gone afterwards",
            run: |stage| {
                stage.grant_program();
                let input = json!({ "argv": argv(stage, &["hang"]), "count": 100 });
                let answer = stage.call_of(&Guest::PROCESS, "leave", &input);
                if answer.ok()?.as_u64().is_none_or(|count| count > 8) {
                    return Err(format!("too many ran at once: {answer}"));
                }
                stage.no_process_left()?;
                let input = json!({ "argv": argv(stage, &["exit", "0"]), "count": 1000 });
                let answer = stage.call_of(&Guest::PROCESS, "again", &input);
                match answer.value.as_u64() {
                    Some(0..=64) => stage.no_process_left(),
                    _ => Err(format!("too many ran: {answer}")),
                }
            },
        },
        Case {
            name: "a flood of output",
            tries: "a child writes a gigabyte",
            must: "it is cut; the result stays within its limit",
            run: |stage| {
                let answer = run(stage, &["say", "300000000"]);
                match answer.outcome.as_str() {
                    "ok" if answer.said.len() < 8 << 20 => Ok(()),
                    "output-too-large" | "action-error" | "trap" => Ok(()),
                    _ => Err(format!("{} bytes came", answer.said.len())),
                }
            },
        },
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
                    let answer =
                        stage.in_library(&Guest::PROCESS, "run", &input, &grants, |call| {
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
                if stage.way() == super::Way::Run && answer.said.contains(['\u{1b}', '\u{7}']) {
                    return Err(format!("a control came through: {:?}", answer.said));
                }
                Ok(())
            },
        },
    ],
};

fn argv(stage: &Stage<'_>, words: &[&str]) -> Value {
    let program = stage.program();
    let first = std::iter::once(program.as_str());
    json!(first.chain(words.iter().copied()).collect::<Vec<_>>())
}

/// Runs the probing program with these words.
fn run(stage: &mut Stage<'_>, words: &[&str]) -> Answer {
    stage.grant_program();
    let input = json!({ "argv": argv(stage, words) });
    stage.call_of(&Guest::PROCESS, "run", &input)
}

/// Tries everything that the probing program knows; gives its lines.
fn attempt(stage: &mut Stage<'_>) -> Result<String, String> {
    stage.file("note.txt", "a note\n");
    std::fs::copy(stage.program(), stage.path("program")).expect("copied");
    let mut neighbour = stage.neighbour();
    let id = neighbour.id().to_string();
    let workspace = stage.workspace.display().to_string();
    let outside = stage.root.join("outside").display().to_string();
    let answer = run(stage, &["try", &workspace, &outside, &id]);
    let runs_on = matches!(neighbour.try_wait(), Ok(None));
    // It may be gone already, which is told below.
    let _ = neighbour.kill();
    let _ = neighbour.wait();
    if !runs_on {
        return Err("the neighbour has ended".to_owned());
    }
    let ran = answer.ok()?;
    match (ran["status"].as_str(), ran["stdout"].as_str()) {
        (Some("exit code 0"), Some(text)) if text.lines().count() > 70 => Ok(text.to_owned()),
        _ => Err(format!("it did not try everything: {answer}")),
    }
}

/// What became of one try.
fn said<'a>(tried: &'a str, name: &str) -> &'a str {
    let lines = tried.lines().filter_map(|line| line.rsplit_once(' '));
    let mut found = lines.filter(|(tried, _)| *tried == name);
    found.next().map_or("never tried", |(_, said)| said)
}

fn refused(stage: &mut Stage<'_>, names: &[&str]) -> Verdict {
    refused_of(stage, names).map(drop)
}

fn refused_of(stage: &mut Stage<'_>, names: &[&str]) -> Result<String, String> {
    let tried = attempt(stage)?;
    for name in names {
        match said(&tried, name) {
            "refused" => {}
            other => return Err(format!("{name}: {other}")),
        }
    }
    stage.no_process_left()?;
    Ok(tried)
}

/// The probing program can't connect there.
fn connect(stage: &mut Stage<'_>, place: &str) -> Verdict {
    let answer = run(stage, &["connect", place]);
    match answer.ok()?["stdout"].as_str() {
        Some("connect refused\n") => Ok(()),
        _ => Err(format!("{place}: {answer}")),
    }
}
