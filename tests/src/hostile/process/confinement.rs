//! What a child tries that only the kernel stops.

use std::os::unix::net::{UnixDatagram, UnixListener};

use super::super::server::Server;
use super::super::{Case, Level, Stage, Verdict};
use super::{attempt, run, said};

pub(super) const CASES: &[Case] = &[
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
            super::super::paths::is_text(stage, "mine.txt", "x")
        },
    },
];

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
