//! What the program that embeds the host says about processes: how to confine them, and for one invocation which
//! programs were granted.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use claw_package::Digest;

use super::Level;

/// The first word of a command line by which a program is started to confine a child. It is for nobody to type.
const HELPER: &str = "__confine";

/// How children are confined. Without it no program is ever run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessConfig {
    /// The program that confines a child and then becomes it: this same one, as a rule. Started with
    /// `helper_arguments` it must call [`crate::confine::main`] before it does anything else.
    pub helper: PathBuf,
    /// What tells it apart from every other use of that program.
    pub helper_arguments: Vec<OsString>,
    /// Where folders for temporary files are made, for children of [`Level::Basic`].
    pub temporary: PathBuf,
    /// The best level to use, whatever the kernel offers. None uses what it offers.
    pub level_max: Option<Level>,
}

impl ProcessConfig {
    /// The running program itself confines children. By this name it is the same one even while it is being replaced.
    /// It has to ask [`confine_if_asked`] before it does anything else.
    #[must_use]
    pub fn of_this_program(temporary: PathBuf) -> Self {
        Self {
            helper: PathBuf::from("/proc/self/exe"),
            helper_arguments: vec![HELPER.into()],
            temporary,
            level_max: None,
        }
    }
}

/// Confines a child, if this process was started for that by [`ProcessConfig::of_this_program`]. Given is its command
/// line, the program's name first.
pub fn confine_if_asked(mut words: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let is_asked = words.nth(1).is_some_and(|word| word == HELPER);
    #[cfg(target_os = "linux")]
    return is_asked.then(super::confine::main);
    #[cfg(not(target_os = "linux"))]
    return is_asked.then_some(ExitCode::FAILURE);
}

/// What one invocation may run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Programs {
    /// The programs that were granted by name, as they were then.
    pub pins: Vec<ProgramPin>,
    /// The folders that a name is looked up in where any program is granted.
    pub search: Vec<PathBuf>,
    /// Who makes commits.
    pub author: Option<Author>,
    /// Answers given in place of real programs, which are never run then. For tests of skills.
    pub scripts: Option<Vec<Script>>,
}

/// A program that was granted: what its name stood for, and the bytes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramPin {
    /// As the grant has it: a name, or an absolute path.
    pub word: String,
    /// Where it is, without links.
    pub path: PathBuf,
    /// What it was.
    pub digest: Digest,
}

/// A name and an address, from the operator's own configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// The answer to one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The command, word by word.
    pub argv: Vec<String>,
    /// The exit code.
    pub exit: u8,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}
