//! `cargo claw`: scaffolds, builds, tests, runs, signs and publishes claw skills.
//!
//! The only place that prints failures and exits. Data goes to stdout, talk to stderr; nobody is asked anything
//! without a terminal.

mod accept;
mod arguments;
mod cargo;
mod carried;
mod commands;
mod compile;
mod coverage;
mod credentials;
mod difference;
mod failure;
mod home;
mod keys;
mod leaks;
mod output;
mod package;
mod place;
mod previous;
mod processes;
mod project;
mod registry;
mod sandbox;
mod scenario;
mod script;
mod signing;
mod source;
mod standing;
mod strays;
mod target;
mod unused;
mod vendored;
mod watch;
mod wit;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use claw_trust::YankAction;

use crate::failure::{Failure, Kind, Outcome};

/// Make skills for agents, from the first line to the signed release
#[derive(Debug, Parser)]
#[command(
    name = "cargo-claw",
    bin_name = "cargo claw",
    version,
    propagate_version = true
)]
struct Arguments {
    /// Print results and errors as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(commands::new::Args),
    Build(commands::build::Args),
    Check(commands::check::Args),
    Test(commands::test::Args),
    Run(commands::run::Args),
    Pack(commands::pack::Args),
    Publish(commands::publish::Args),
    Login(commands::login::Args),
    /// Forget the token of the registry that is logged in to
    Logout,
    Key(commands::key::Args),
    /// Hide a release from new resolution; who has it locked still gets it
    Yank(commands::yank::Args),
    /// Show a yanked release again
    Unyank(commands::yank::Args),
    Man(commands::man::Args),
    Wit(commands::wit::Args),
}

fn main() -> ExitCode {
    if let Some(code) = claw_host::confine_if_asked(std::env::args_os()) {
        return code;
    }
    // Cargo passes the name of the subcommand on: `cargo claw build` is `cargo-claw claw build`.
    let words = std::env::args_os()
        .enumerate()
        .filter(|(place, word)| *place != 1 || word != "claw");
    let arguments = match Arguments::try_parse_from(words.map(|(_, word)| word)) {
        Ok(arguments) => arguments,
        Err(error) => return explained(&error),
    };
    let json = arguments.json;
    // A panic has told its story on stderr; what is left is the exit code.
    let ended = std::panic::catch_unwind(|| run(arguments.command, json));
    match ended.unwrap_or_else(|_| Err(Failure::new(Kind::Bug, "this is a bug in cargo-claw"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(json);
            failure.exit_code()
        }
    }
}

/// Help, the version, or what is wrong with the command line.
fn explained(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os()
        .take_while(|word| word != "--")
        .any(|word| word == "--json");
    if error.use_stderr() && json {
        let text = error.render().to_string();
        // What follows the first paragraph is usage, for people.
        let message = text.split("\n\n").next().unwrap_or_default();
        let message = message.trim().trim_start_matches("error: ");
        let failure = Failure::usage(message).hint("cargo claw --help");
        failure.print(json);
        return failure.exit_code();
    }
    // With both ends closed nobody is listening.
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(Kind::Usage.exit())
    } else {
        ExitCode::SUCCESS
    }
}

fn run(command: Command, json: bool) -> Outcome {
    match command {
        Command::New(args) => commands::new::run(args, json),
        Command::Build(args) => commands::build::run(args, json),
        Command::Check(args) => commands::check::run(args, json),
        Command::Test(args) => commands::test::run(args, json),
        Command::Run(args) => commands::run::run(args, json),
        Command::Pack(args) => commands::pack::run(args, json),
        Command::Publish(args) => commands::publish::run(args, json),
        Command::Login(args) => commands::login::run(args, json),
        Command::Logout => commands::login::logout(json),
        Command::Key(args) => commands::key::run(args, json),
        Command::Yank(args) => commands::yank::run(args, YankAction::Yank, json),
        Command::Man(args) => commands::man::run(args, Arguments::command(), json),
        Command::Unyank(args) => commands::yank::run(args, YankAction::Unyank, json),
        Command::Wit(args) => commands::wit::run(args, json),
    }
}
