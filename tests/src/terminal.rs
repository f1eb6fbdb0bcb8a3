//! A program at a terminal: what it writes there, and what a person would type.
//!
//! The terminal is a pseudo-terminal of this machine, so that the program asks and shows progress as it would for
//! a person. What is typed is typed at once, or when its question is shown, and nobody waits longer than the program
//! runs.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use nix::pty::openpty;
use rustix::process::Pid;
use rustix::termios::{LocalModes, tcgetattr};

use crate::programs::typed;

/// What a program at a terminal left behind.
#[derive(Debug)]
pub struct Session {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Everything that was written to the terminal, what was typed included.
    pub screen: String,
    /// Everything on standard output, which is no terminal.
    pub stdout: String,
}

/// Runs `command` to its end with a terminal for standard input and error, at which `input` is typed.
pub fn run(command: Command, input: &str) -> Session {
    talk(command, &[("", input)])
}

/// The same, where each answer is typed once its question is shown, in this order. A question that hides its answer
/// forgets what was typed before it.
pub fn talk(mut command: Command, answers: &[(&str, &str)]) -> Session {
    let typed = typed(&command);
    let terminal = openpty(None, None).expect("there are pseudo-terminals");
    let slave = |fd: &std::os::fd::OwnedFd| {
        Stdio::from(fd.try_clone().expect("a descriptor can be copied"))
    };
    command
        .env("TERM", "xterm")
        .stdin(slave(&terminal.slave))
        .stderr(slave(&terminal.slave))
        .stdout(Stdio::piped());
    let mut process = command
        .spawn()
        .unwrap_or_else(|error| panic!("`{typed}` does not start: {error}"));
    // The terminal ends for us once nobody else holds it.
    drop((command, terminal.slave));
    let mut master = File::from(terminal.master);
    let mut answers = answers.iter().peekable();
    let mut asked_from = 0;
    let mut answer = |screen: &[u8], master: &mut File| {
        while let Some((_, input)) = answers.next_if(|(question, _)| {
            let shown = String::from_utf8_lossy(&screen[asked_from..]);
            shown.contains(question)
        }) {
            asked_from = screen.len();
            // A program that has ended already takes no answer; its exit code is for the test to judge.
            let _ = master.write_all(input.as_bytes());
        }
    };
    answer(&[], &mut master);
    let mut piped = process.stdout.take().expect("stdout is piped");
    let reader = std::thread::spawn(move || {
        let mut stdout = String::new();
        piped.read_to_string(&mut stdout).map(|_| stdout)
    });
    let mut screen = Vec::new();
    let mut chunk = [0; 4096];
    // Linux ends a terminal with an error, others with nothing.
    while let Ok(count @ 1..) = master.read(&mut chunk) {
        screen.extend_from_slice(&chunk[..count]);
        answer(&screen, &mut master);
    }
    let status = process.wait().expect("a started program can be waited for");
    let stdout = reader.join().expect("nothing panics there");
    Session {
        code: status.code(),
        screen: String::from_utf8_lossy(&screen).into_owned(),
        stdout: stdout.expect("standard output is text"),
    }
}

/// How a program ended that something happened to while it asked, and how it left the terminal.
#[derive(Debug, PartialEq, Eq)]
pub struct Left {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether the terminal shows what is typed.
    pub shows_what_is_typed: bool,
}

/// Runs `command` until it has asked `question` without showing what is typed, and then does something to it: given are
/// its process and the keyboard.
pub fn end_at(mut command: Command, question: &str, end: impl FnOnce(Pid, &mut dyn Write)) -> Left {
    let terminal = openpty(None, None).expect("there are pseudo-terminals");
    let slave = || Stdio::from(terminal.slave.try_clone().expect("it can be copied"));
    command.stdin(slave()).stderr(slave()).stdout(Stdio::null());
    let mut process = command.spawn().expect("the program starts");
    let mut master = File::from(terminal.master);
    let mut screen = Vec::new();
    let mut chunk = [0; 4096];
    while !String::from_utf8_lossy(&screen).contains(question) {
        let count = master.read(&mut chunk).expect("we hold the terminal open");
        screen.extend_from_slice(&chunk[..count]);
    }
    let shows = || {
        let modes = tcgetattr(&terminal.slave).expect("it is a terminal");
        modes.local_modes.contains(LocalModes::ECHO)
    };
    assert!(!shows(), "what is typed would be shown");
    end(Pid::from_child(&process), &mut master);
    let status = process.wait().expect("a started program can be waited for");
    Left {
        code: status.code(),
        signal: status.signal(),
        shows_what_is_typed: shows(),
    }
}

impl Session {
    /// Goes on only if the program exited with `code`; else the test fails and shows everything.
    #[track_caller]
    pub fn exits(self, code: i32) -> Session {
        assert_eq!(
            self.code,
            Some(code),
            "{}\n---\n{}",
            self.screen,
            self.stdout
        );
        self
    }

    /// Goes on only if the terminal shows `text` somewhere.
    #[track_caller]
    pub fn shows(self, text: &str) -> Session {
        assert!(
            self.screen.contains(text),
            "no `{text}` in\n{}",
            self.screen
        );
        self
    }
}
