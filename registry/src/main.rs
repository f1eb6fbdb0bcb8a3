//! `claw-registry`: hosts a team's skills, and looks after what it hosts.
//!
//! The program reads the environment, prints and chooses exit codes; everything else is the library's.

mod commands;
mod complaint;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use commands::serve::LogFormat;
use commands::{backup, crash_points, man, namespace, serve, token, verify};
use complaint::Complaint;

/// A self-hosted registry of signed skills.
#[derive(Debug, Parser)]
#[command(name = "claw-registry", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a registry from one folder, made on the first start.
    Serve(serve::Args),
    /// Create namespaces.
    #[command(subcommand)]
    Namespace(namespace::Command),
    /// Create, list and revoke tokens.
    #[command(subcommand)]
    Token(token::Command),
    /// Check everything in the folder: notes, signatures, indexes, files.
    Verify(verify::Args),
    /// Copy everything to another folder, while the registry serves.
    Backup(backup::BackupArgs),
    /// Copy a backup to a folder where no registry is.
    Restore(backup::RestoreArgs),
    Man(man::Args),
    /// List the steps at which `CLAW_REGISTRY_CRASH_AT` ends a registry, for tests.
    #[command(hide = true)]
    CrashPoints,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr(match &cli.command {
        Command::Serve(args) => args.log_format,
        _ => LogFormat::Text,
    });
    let done = match cli.command {
        Command::Serve(args) => serve::run(args).await,
        Command::Namespace(command) => namespace::run(command).await,
        Command::Token(command) => token::run(command).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Backup(args) => backup::backup(args).await,
        Command::Restore(args) => backup::restore(args).await,
        Command::Man(args) => man::run(args, Cli::command()),
        Command::CrashPoints => crash_points::run(),
    };
    done.unwrap_or_else(Complaint::report)
}

/// `RUST_LOG` says what is logged; without it, what an operator should know.
fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    match format {
        LogFormat::Text => log.with_ansi(colours).init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
}
