//! Programs of the machine, through `claw:skill/process`.
//!
//! There is no shell: a [`Command`] is a list of words, and the operator grants which words. Nothing is run that was
//! not granted, and what is run has no network and sees no other files than the skill itself.
//!
//! ```text
//! let output = claw_sdk::process::Command::new("git").args(["status", "--short"]).run()?;
//! if output.is_success() { … output.stdout_text() … }
//! ```

use std::fmt;

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package claw:sdk;

            world processes {
                import claw:skill/process@0.1.0;
            }
        ",
        path: "wit",
        world: "claw:sdk/processes",
        generate_all,
    });
}

use bindings::claw::skill::process as wit;

pub use bindings::wasi::io::poll::Pollable;
pub use bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};
pub use wit::{Child, Error, ExitStatus, Output};

/// A program with its arguments, and how it is run.
#[derive(Clone, Debug)]
pub struct Command {
    command: wit::Command,
    stdin: Option<Vec<u8>>,
}

impl Command {
    /// A program, by its name or absolute path as it was granted.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            command: wit::Command {
                argv: vec![program.into()],
                folder: None,
                environment: Vec::new(),
                timeout_ms: None,
                output_bytes: None,
            },
            stdin: None,
        }
    }

    /// One more argument.
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.command.argv.push(argument.into());
        self
    }

    /// More arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.command
            .argv
            .extend(arguments.into_iter().map(Into::into));
        self
    }

    /// The folder of the workspace that it starts in.
    pub fn folder(mut self, folder: impl Into<String>) -> Self {
        self.command.folder = Some(folder.into());
        self
    }

    /// A variable of the operator to hand on, by its name.
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.command.environment.push(name.into());
        self
    }

    /// How long it may run, in milliseconds.
    pub fn timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.command.timeout_ms = Some(timeout_ms);
        self
    }

    /// How many bytes [`Command::run`] keeps of each output.
    pub fn output_bytes(mut self, bytes: u64) -> Self {
        self.command.output_bytes = Some(bytes);
        self
    }

    /// What [`Command::run`] lets it read.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Runs it to its end.
    pub fn run(&self) -> Result<Output, Error> {
        wit::run(&self.command, self.stdin.as_deref())
    }

    /// Starts it, to talk with it while it runs.
    pub fn spawn(&self) -> Result<Child, Error> {
        wit::spawn(&self.command)
    }
}

impl Output {
    /// Whether it ended with 0.
    pub fn is_success(&self) -> bool {
        matches!(self.status, ExitStatus::Exited(0))
    }

    /// Standard output as text; bytes that are none are replaced.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text; bytes that are none are replaced.
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit code {code}"),
            Self::Signalled(signal) => write!(f, "signal {signal}"),
        }
    }
}
