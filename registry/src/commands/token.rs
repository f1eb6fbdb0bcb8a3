//! `claw-registry token`: who may send what. Tokens authorise requests; keys make releases.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::anyhow;
use claw_registry::{clock, db, tokens};
use claw_registry_api::{NamespacePattern, Scope, Timestamp, TokenEntry, TokenList};

use super::{Done, Folder};
use crate::complaint::{Complaint, NOT_FOUND};

/// Create, list and revoke tokens.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Create a token and print it: it is shown once and kept nowhere.
    Create(CreateArgs),
    /// List every token, without the secrets.
    List(ListArgs),
    /// End a token.
    Revoke(RevokeArgs),
}

/// What `token create` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct CreateArgs {
    /// What it allows: read, publish, yank, admin (which allows all of them).
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', required = true)]
    scope: Vec<Scope>,
    /// The namespace it is good for, or `*` for all.
    #[arg(long, value_name = "PATTERN", default_value = "*")]
    namespace: NamespacePattern,
    /// How long it lives, such as 90m, 12h, 30d or 52w; for ever without this.
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    expires: Option<u64>,
    #[command(flatten)]
    folder: Folder,
}

/// What `token list` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folder: Folder,
}

/// What `token revoke` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct RevokeArgs {
    /// The token's number, as `token list` shows it.
    id: u64,
    #[command(flatten)]
    folder: Folder,
}

/// Runs the subcommand.
pub(crate) async fn run(command: Command) -> Done {
    match command {
        Command::Create(args) => create(args)
            .await
            .map_err(|c| c.context("cannot create a token".to_owned())),
        Command::List(args) => list(args)
            .await
            .map_err(|c| c.context("cannot list the tokens".to_owned())),
        Command::Revoke(args) => {
            let act = format!("cannot revoke the token `{}`", args.id);
            revoke(args)
                .await
                .map_err(|complaint| complaint.context(act))
        }
    }
}

async fn create(args: CreateArgs) -> Done {
    let (db, _) = args.folder.open().await?;
    let now = clock::now();
    let expires = args.expires.map(|seconds| clock::after(now, seconds));
    let mut tx = db.begin_write().await?;
    let (secret, entry) =
        tokens::create(&mut tx, &args.scope, &args.namespace, now, expires).await?;
    tx.commit().await.map_err(db::DatabaseError::from)?;
    db.close().await;
    writeln!(std::io::stdout(), "{}", secret.expose())?;
    eprintln!("token {}", described(&entry, now));
    Ok(ExitCode::SUCCESS)
}

async fn list(args: ListArgs) -> Done {
    let (db, _) = args.folder.open().await?;
    let mut reader = db.read().await?;
    let rows = db::tokens::list(&mut reader).await?;
    let tokens: Vec<_> = rows.into_iter().map(|row| row.entry).collect();
    let mut out = std::io::stdout();
    if args.json {
        let json = serde_json::to_string_pretty(&TokenList { tokens })
            .expect("strings, numbers and lists always are JSON");
        writeln!(out, "{json}")?;
    } else {
        let now = clock::now();
        for token in &tokens {
            writeln!(out, "{}", described(token, now))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(args: RevokeArgs) -> Done {
    let (db, _) = args.folder.open().await?;
    let mut tx = db.begin_write().await?;
    if !db::tokens::revoke(&mut tx, args.id, clock::now()).await? {
        let data = args.folder.data.display();
        return Err(Complaint::new(NOT_FOUND, anyhow!("there is no such token"))
            .hint(format!("claw-registry token list --data {data}")));
    }
    tx.commit().await.map_err(db::DatabaseError::from)?;
    db.close().await;
    writeln!(std::io::stdout(), "revoked {}", args.id)?;
    Ok(ExitCode::SUCCESS)
}

fn described(token: &TokenEntry, now: Timestamp) -> String {
    let scopes: Vec<_> = token.scopes.iter().map(Scope::to_string).collect();
    let state = match (token.revoked, token.expires) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) if at <= now => format!("expired {at}"),
        (None, Some(at)) => format!("until {at}"),
        (None, None) => "for ever".to_owned(),
    };
    format!(
        "{}  {}  {}  {state}",
        token.id,
        scopes.join(","),
        token.namespace
    )
}

/// Reads a duration such as `30d`.
fn seconds(text: &str) -> Result<u64, String> {
    let fault = || format!("`{text}` is no duration such as 90m, 12h, 30d or 52w");
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(fault)?;
    let number: u64 = text[..at].parse().map_err(|_| fault())?;
    let unit = match &text[at..] {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return Err(fault()),
    };
    number.checked_mul(unit).ok_or_else(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        for (text, expected) in [
            ("0s", 0),
            ("90m", 5_400),
            ("12h", 43_200),
            ("30d", 2_592_000),
            ("1w", 604_800),
        ] {
            assert_eq!(seconds(text), Ok(expected));
        }
        for text in [
            "",
            "30",
            "d",
            "-1d",
            "1.5h",
            "30 d",
            "1y",
            "99999999999999999999d",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
