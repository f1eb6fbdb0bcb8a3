//! `claw completions`: what a shell needs to complete command lines of claw.

use clap_complete::env::Shells;

use super::Context;
use crate::completions::{SHELLS, VARIABLE};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::output;

/// Print the completion script of a shell.
///
/// It completes commands and flags, and from what is installed skills, actions and parameters. Bash:
/// source <(claw completions bash) in ~/.bashrc; Zsh: the same in ~/.zshrc; Fish: claw completions
/// fish | source in ~/.config/fish/config.fish.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell.
    #[arg(value_parser = SHELLS)]
    shell: String,
}

pub(crate) fn run(args: Args, _context: &Context) -> Outcome {
    let shells = Shells::builtins();
    let shell = shells.completer(&args.shell);
    let shell = shell.ok_or_else(|| Failure::usage(format!("no shell `{}`", args.shell)))?;
    let mut script = Vec::new();
    let written = shell.write_registration(VARIABLE, "claw", "claw", "claw", &mut script);
    written.or_fail(Kind::Bug, "could not write the script")?;
    output::raw(&script)
}
