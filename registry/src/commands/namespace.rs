//! `claw-registry namespace create`: gives a namespace to whoever holds the key of its first keyset.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use claw_package::Namespace;
use claw_registry::{Outcome, clock, namespaces};
use claw_trust::{Keyset, NOTE_BYTES_MAX, fingerprint_words};

use super::{Done, Folder};
use crate::complaint::{Complaint, FAILED, NOT_FOUND, UNVERIFIED};

/// Create namespaces.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Create a namespace from its genesis keyset, beside a running server or without one.
    Create(CreateArgs),
}

/// What `namespace create` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct CreateArgs {
    /// The namespace.
    name: Namespace,
    /// The note that `cargo claw key genesis` wrote.
    #[arg(long, value_name = "FILE")]
    keyset: PathBuf,
    #[command(flatten)]
    folder: Folder,
}

/// Runs the subcommand.
pub(crate) async fn run(command: Command) -> Done {
    let Command::Create(args) = command;
    let act = format!("cannot create the namespace `{}`", args.name);
    create(args)
        .await
        .map_err(|complaint| complaint.context(act))
}

async fn create(args: CreateArgs) -> Done {
    let (db, origin) = args.folder.open().await?;
    let note = read(&args.keyset)?;
    let keyset = namespaces::read(&origin, &note)?;
    if keyset.namespace != args.name {
        let error = anyhow!(
            "`{}` is a keyset of `{}`",
            args.keyset.display(),
            keyset.namespace
        );
        return Err(Complaint::new(UNVERIFIED, error));
    }
    show_keys(&keyset);
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        eprint!(
            "whoever holds this has `{}` for good; compare it with what its author says. create? [y/N] ",
            args.name
        );
        let mut said = String::new();
        std::io::stdin().read_line(&mut said)?;
        if !matches!(said.trim(), "y" | "Y" | "yes") {
            return Err(Complaint::new(FAILED, anyhow!("nothing was created")));
        }
    }
    let (outcome, answer) = namespaces::create(&db, &keyset, &note, clock::now()).await?;
    db.close().await;
    let done = match outcome {
        Outcome::Created => "created",
        Outcome::Standing => "unchanged",
    };
    let entry = answer.namespace;
    writeln!(
        std::io::stdout(),
        "{done} {} {}:{}",
        entry.name,
        entry.sequence,
        entry.keyset
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Shows whose releases the namespace will have.
fn show_keys(keyset: &Keyset) {
    for key in &keyset.release {
        let words = fingerprint_words(&key.fingerprint());
        eprintln!("releases are signed by {}: {words}", key.name());
    }
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, Complaint> {
    use std::io::Read as _;

    let unreadable = |error| {
        let error =
            anyhow::Error::new(error).context(format!("could not read `{}`", path.display()));
        Complaint::new(NOT_FOUND, error)
    };
    // One byte more than any note, so that a longer file is refused for what it is.
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut note = Vec::new();
    file.take(NOTE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut note)
        .map_err(unreadable)?;
    Ok(note)
}
