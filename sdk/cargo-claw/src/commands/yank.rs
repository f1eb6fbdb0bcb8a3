//! `cargo claw yank` and `unyank`: hides a release from new resolution, and shows it again.
//!
//! Nothing is taken away: who has the exact version locked still gets it. The note is about the release as it stands,
//! which is verified first.

use std::str::FromStr;

use claw_package::{PackageName, Version};
use claw_registry_api::{ErrorCode, IndexLine};
use claw_registry_client::{ClientError, Standing};
use claw_trust::{Keyset, Reason, VerifiedRelease, VerifiedYank, Yank, YankAction};
use serde_json::json;

use crate::credentials::Credentials;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::registry::{self, Registry};
use crate::{output, signing};

/// Nobody yanks and unyanks one release more often than this.
const SEQUENCE_MAX: u64 = 100;

/// Hide a release from new resolution, or show it again
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The release, such as `acme/weather@1.2.0`
    #[arg(value_name = "NAME@VERSION")]
    release: Exact,
    /// Why, in one line that people will read
    #[arg(long)]
    reason: Option<Reason>,
}

/// One version of a package.
#[derive(Debug, Clone)]
struct Exact {
    package: PackageName,
    version: Version,
}

impl FromStr for Exact {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text
            .rsplit_once('@')
            .filter(|(package, _)| !package.is_empty());
        let (package, version) = parts.ok_or_else(|| anyhow::anyhow!("it is not NAME@VERSION"))?;
        Ok(Exact {
            package: package.parse()?,
            version: version.strip_prefix('=').unwrap_or(version).parse()?,
        })
    }
}

/// Signs and sends the note.
pub(crate) fn run(args: Args, action: YankAction, json: bool) -> Outcome {
    let home = Home::from_environment()?;
    let credentials = Credentials::read(&home)?;
    let (origin, login) = credentials.needed()?;
    let registry = Registry::of_login(origin, login)?;
    let Exact { package, version } = args.release;
    let title = format!("{package}@{version}");
    let lines = registry
        .ask(|client| client.index(&package))?
        .unwrap_or_default();
    let line = lines.into_iter().find(|line| line.version == version);
    let line = line
        .ok_or_else(|| Failure::not_found(format!("`{title}` is not published at `{origin}`")))?;
    let keyset = registry.learn_keyset(&home, package.namespace())?;
    let release = release(&registry, &line, &keyset)?;

    let is_yanked = action == YankAction::Yank;
    let is_done = line.yanked.is_some() == is_yanked;
    if !is_done {
        let key = signing::key_for(&home, &keyset)?;
        let first = match line.yanked {
            Some(note) => 1 + last_sequence(&registry, &note, &release, &keyset)?,
            None => 1,
        };
        let note = |sequence| Yank::of(action, &release, sequence, args.reason.clone()).sign(&key);
        send(&registry, first, is_yanked, note)?;
    }
    if json {
        return output::json(&json!({"package": package, "version": version, "yanked": is_yanked}));
    }
    match (is_done, is_yanked) {
        (true, true) => output::say(format_args!("`{title}` is yanked already")),
        (true, false) => output::say(format_args!("`{title}` is not yanked")),
        (false, true) => output::say(format_args!(
            "yanked `{title}`: who has it locked still gets it, nobody else does"
        )),
        (false, false) => output::say(format_args!("`{title}` is shown again")),
    }
    Ok(())
}

/// The release that an index line is about, verified.
fn release(registry: &Registry, line: &IndexLine, keyset: &Keyset) -> Outcome<VerifiedRelease> {
    let act = || {
        format!(
            "the release `{}@{}` is not believed",
            line.name, line.version
        )
    };
    let note = registry.ask(|client| client.fetch_note(&line.note))?;
    let release = VerifiedRelease::verify(&note, keyset).or_fail(Kind::Verification, act())?;
    line.check_release(&release)
        .or_fail(Kind::Verification, act())?;
    Ok(release)
}

/// The sequence of the yank that stands.
fn last_sequence(
    registry: &Registry,
    note: &claw_package::Digest,
    release: &VerifiedRelease,
    keyset: &Keyset,
) -> Outcome<u64> {
    let act = || "the yank that stands is not believed";
    let note = registry.ask(|client| client.fetch_note(note))?;
    let yank = VerifiedYank::verify(&note, keyset).or_fail(Kind::Verification, act())?;
    yank.check_release(release)
        .or_fail(Kind::Verification, act())?;
    Ok(yank.yank().sequence)
}

/// Sends the note with the sequence that is next. Only a yank that stands says its own; where a release was shown
/// again, the next one is found by asking.
fn send(
    registry: &Registry,
    first: u64,
    is_yanked: bool,
    note: impl Fn(u64) -> Vec<u8>,
) -> Outcome {
    for sequence in first..first + SEQUENCE_MAX {
        match registry.try_ask(|client| client.event(note(sequence))) {
            Ok(accepted)
                if accepted.standing == Standing::Created
                    || accepted.answer.event.yanked == is_yanked =>
            {
                return Ok(());
            }
            // The same note stood once and was undone since, or another one has this place.
            Ok(_)
            | Err(ClientError::Refused {
                code: ErrorCode::OutOfSequence,
                ..
            }) => {}
            Err(error) => return Err(registry::failure(error)),
        }
    }
    Err(Failure::usage(
        "this release was yanked and shown again too often",
    ))
}
