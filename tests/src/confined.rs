//! The program `confined`: what a child of a skill tries to break out of its confinement with. One line for each try:
//! its name, and `done` or what the kernel said. It judges nothing: the tests do.
//!
//! `confined try WORKSPACE OUTSIDE NEIGHBOUR` tries everything; the other commands do one thing each.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[path = "confined/calls.rs"]
mod calls;
#[path = "confined/crowd.rs"]
mod crowd;
#[path = "confined/search.rs"]
mod search;

fn main() {
    let mut words = env::args();
    if words.next().is_some_and(|first| first.ends_with("/mark")) {
        // A program of the workspace that somebody was made to run.
        fs::write("marker", "").expect("written");
        return;
    }
    let words: Vec<String> = words.collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["try", workspace, outside, neighbour] => {
            let neighbour = neighbour.parse().expect("a process");
            attempt(Path::new(workspace), Path::new(outside), neighbour);
        }
        ["environment"] => env::vars().for_each(|(name, value)| println!("{name}={value}")),
        ["search", ref words @ ..] => search::everywhere(words),
        ["echo"] => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).expect("text");
            print!("{text}");
        }
        ["say", count] => {
            let count: usize = count.parse().expect("a number");
            io::stdout().write_all(&vec![b'x'; count]).expect("written");
        }
        ["chatter"] => {
            while io::stdout().write_all(&[b'x'; 65_536]).is_ok() {}
            wait();
        }
        ["connect", place] => told("connect", connect(place)),
        ["reach", ref paths @ ..] => paths.iter().for_each(|path| reach(Path::new(path))),
        ["where"] => println!("{}", env::current_dir().expect("a folder").display()),
        ["exit", code] => std::process::exit(code.parse().expect("a code")),
        ["abort"] => std::process::abort(),
        ["hang"] => hang(),
        ["daemon"] => calls::daemon(),
        ["bomb"] => println!("{}", calls::bomb()),
        ["crowd", count, ref words @ ..] => crowd::of(count.parse().expect("a number"), words),
        ["hold", bytes] => crowd::hold(bytes.parse().expect("a number")),
        ["spin"] => crowd::spin(),
        ["memory", bytes] => println!("{}", calls::memory(bytes.parse().expect("a number"))),
        ["escape"] => print!("\x1b]0;title\x07\x1b[2J"),
        _ => panic!("unknown words: {words:?}"),
    }
}

/// Connects to `tcp:ADDRESS`, `unix:PATH` or `datagram:PATH`, and says something there.
fn connect(place: &str) -> io::Result<()> {
    let (kind, place) = place.split_once(':').expect("a kind and a place");
    match kind {
        "tcp" => TcpStream::connect(place)?.write_all(b"hello"),
        "unix" => UnixStream::connect(place)?.write_all(b"hello"),
        "datagram" => UnixDatagram::unbound()?.send_to(b"hello", place).map(drop),
        _ => panic!("unknown kind: {kind}"),
    }
}

/// Reads a file, and opens it for writing.
fn reach(path: &Path) {
    let shown = path.display();
    told(&format!("read {shown}"), fs::read(path).map(drop));
    let writing = fs::OpenOptions::new().append(true).open(path);
    told(&format!("write {shown}"), writing.map(drop));
}

/// Says that it runs, and goes on until it is ended.
fn hang() -> ! {
    println!("here");
    wait()
}

fn wait() -> ! {
    loop {
        std::thread::park_timeout(Duration::from_secs(60));
    }
}

fn told(name: &str, result: io::Result<()>) {
    let said = match result {
        Ok(()) => "done".to_owned(),
        Err(error) => match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES | libc::EROFS | libc::ENOENT | libc::ENOSYS) => {
                "refused".to_owned()
            }
            Some(libc::ESRCH | libc::EBUSY | libc::ENXIO | libc::EXDEV) => "refused".to_owned(),
            _ => format!("{error}"),
        },
    };
    println!("{name} {said}");
}

fn attempt(workspace: &Path, outside: &Path, neighbour: i32) {
    let file = outside.join("secret.txt");
    println!("descriptors open {}", calls::open_descriptors());
    told(
        "stdin is empty",
        io::stdin().read_to_end(&mut Vec::new()).map(|_| ()),
    );
    told(
        "read in the workspace",
        fs::read(workspace.join("note.txt")).map(|_| ()),
    );
    told(
        "write in the workspace",
        fs::write(workspace.join("mine.txt"), "x"),
    );
    told("temporary file", fs::write(env::temp_dir().join("x"), "x"));
    told("read outside", fs::read(&file).map(|_| ()));
    told("write outside", fs::write(&file, "x"));
    told("make outside", fs::write(outside.join("new.txt"), "x"));
    told("remove outside", fs::remove_file(&file));
    told(
        "rename outside",
        fs::rename(&file, outside.join("other.txt")),
    );
    told("link outside", fs::hard_link(&file, workspace.join("hard")));
    told("list outside", fs::read_dir(outside).map(|_| ()));
    told("stat outside", fs::metadata(&file).map(|_| ()));
    told("mode outside", calls::mode(&file));
    told("times outside", calls::times(&file));
    told("owner outside", calls::owner(&file));
    told("attribute outside", calls::attribute(&file));
    told("truncate outside", calls::truncate(&file));
    told(
        "mode of a library",
        calls::mode(Path::new("/usr/lib/os-release")),
    );
    told(
        "symbolic link",
        std::os::unix::fs::symlink("/etc", workspace.join("link")),
    );
    told("device", calls::device(&workspace.join("device")));
    told("password file", fs::read("/etc/passwd").map(|_| ()));
    told("own memory", fs::read("/proc/self/maps").map(|_| ()));
    told("descriptors", fs::read_dir("/proc/self/fd").map(|_| ()));
    told(
        "another's environment",
        fs::read(format!("/proc/{neighbour}/environ")).map(|_| ()),
    );
    told("terminal", fs::File::open("/dev/tty").map(|_| ()));
    told("kernel memory", fs::File::open("/dev/kmsg").map(|_| ()));
    told("shell", run("/bin/sh", &["-c", "true"]));
    told(
        "program of the workspace",
        run(&workspace.join("program").display().to_string(), &[]),
    );
    told("another program", run("/usr/bin/env", &[]));
    told(
        "program by its loader",
        calls::by_loader(&workspace.join("program")),
    );
    told(
        "itself",
        run(&env::args().next().expect("a first word"), &["exit", "0"]),
    );
    for (name, tried) in calls::all(neighbour) {
        told(name, tried);
    }
    println!("capabilities {}", calls::capabilities());
    println!("own session {}", calls::leads_its_session());
}

fn run(program: &str, arguments: &[&str]) -> io::Result<()> {
    let status = Command::new(program).args(arguments).status()?;
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(status.to_string())),
    }
}
