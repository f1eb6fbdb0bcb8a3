//! The `claw` command: pulls skills, verifies them, asks the operator, and runs them.
//!
//! What is printed on stdout is data; everything said to people goes to stderr; the exit code tells
//! programs which of the two to expect. This is a library only beside its own program: nobody else
//! may rely on it, and besides [`main`] it shows no more than the readers of claw's own files.

mod commands;
mod completions;
mod consent;
mod danger;
mod doctor;
mod durable;
mod duration;
mod ending;
pub mod failure;
mod home;
mod installed;
mod invoke;
mod journal;
mod ledger;
pub mod lock;
mod mcp;
mod output;
mod owned;
mod parameters;
mod pins;
mod prefix;
mod processes;
mod project;
mod record;
mod registry;
mod resolve;
mod secrets;
mod session;
pub mod settings;
mod show;
mod soundness;
mod stop;
mod store;
mod wishes;
mod workspace;

use std::panic;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::commands::{Command, Context};
use crate::failure::{Failure, Kind, Outcome};

/// Pull, verify, grant and run skills for AI agents.
///
/// A skill can do nothing that it does not declare and you have not granted. Exit codes: 0 done, 1
/// the action returned an error, 2 usage, 3 a grant or consent is missing, 4 verification failed, 5
/// not found, 6 limit or trap, 7 registry unreachable.
#[derive(Debug, Parser)]
#[command(name = "claw", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    /// Print data and errors as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// Does what the command line says, and says how it went.
pub fn main() -> ExitCode {
    // Before anything else: the process that confines a child has nothing to do with the rest.
    if let Some(code) = claw_host::confine_if_asked(std::env::args_os()) {
        return code;
    }
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let what = info.payload_as_str().unwrap_or("a panic without a message");
        output::say(format_args!("bug in claw at {place}: {what}"));
    }));
    // A panic is a bug, and has its own exit code, so that no script takes it for an answer.
    let code = match panic::catch_unwind(run) {
        Ok(code) => code,
        Err(_) => ExitCode::from(Kind::Bug.exit()),
    };
    output::settle();
    code
}

/// The command line, for everything that is made of it: completions, manual pages.
fn command() -> clap::Command {
    Cli::command()
}

fn run() -> ExitCode {
    if completions::answer() {
        return ExitCode::SUCCESS;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse_command_line(&error),
    };
    let json = cli.json;
    match start(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(json);
            failure.exit_code()
        }
    }
}

fn start(cli: Cli) -> Outcome {
    let context = Context {
        home: cli.command.home()?,
        json: cli.json,
    };
    cli.command.run(&context)
}

/// Help and version are no errors; a bad command line is told as JSON where `--json` was on it.
fn refuse_command_line(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os()
        .take_while(|arg| arg != "--")
        .any(|arg| arg == "--json");
    if !error.use_stderr() || !wants_json {
        // Nobody is left to tell when the stream is closed.
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() {
            Kind::Usage.exit()
        } else {
            0
        });
    }
    let message = error.to_string();
    let message = message
        .trim_start_matches("error: ")
        .split("\n\n")
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned();
    let failure = Failure::usage(message).hint("claw --help");
    failure.print(true);
    failure.exit_code()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
