//! Yanks a release, and takes a yank back.
//!
//! A note with the next sequence of its release is accepted, the same text again is answered with
//! the note that stands, and anything else is refused: an old yank cannot be played again.

use std::sync::Arc;

use claw_registry_api::{ErrorCode, EventAnswer, EventEntry, Scope};
use claw_trust::{NoteKind, SignedNote, VerifiedYank, Yank, YankAction};
use tracing::info;

use crate::app::App;
use crate::clock;
use crate::crash::Step;
use crate::db::{Transaction, entries, events, releases};
use crate::failure::{Failure, Refusal};
use crate::index;
use crate::notes::{self, Outcome};
use crate::search;
use crate::tokens::Caller;

/// Does what the yank or unyank note says, or answers with the one that stands.
pub(crate) async fn accept(
    app: &Arc<App>,
    caller: &Caller,
    note: &[u8],
) -> Result<(Outcome, EventAnswer), Failure> {
    let (signed, statement) = notes::read(NoteKind::Yank, note, Yank::from_text)?;
    caller.may(Scope::Yank, statement.package.namespace())?;
    notes::check_origin(&app.origin, &statement.registry)?;
    let mut reader = app.db.read().await?;
    let keyset = notes::keyset(
        &mut reader,
        statement.package.namespace(),
        &statement.keyset,
    )
    .await?;
    drop(reader);
    let event = VerifiedYank::verify(note, &keyset).map_err(Refusal::from)?;
    // On its own, so that a client that goes away cannot end it between the commit and what follows.
    let app = Arc::clone(app);
    tokio::spawn(async move { write(&app, &event, &signed).await }).await?
}

async fn write(
    app: &App,
    event: &VerifiedYank,
    signed: &SignedNote,
) -> Result<(Outcome, EventAnswer), Failure> {
    let said = event.yank();
    let mut tx = app.db.begin_write().await?;
    notes::keyset(&mut tx, said.package.namespace(), &said.keyset).await?;
    let release = find(&mut tx, said).await?;
    let next = release.events + 1;
    if said.sequence < next {
        return standing(&mut tx, &release, said, signed).await;
    }
    if said.sequence > next {
        return Err(out_of_sequence(said, next).into());
    }
    let digest = event.note_digest();
    let text = String::from_utf8(event.note_bytes()).map_err(Failure::internal)?;
    let leaf = entries::append(&mut tx, said.action.kind(), &digest, &text).await?;
    events::insert(&mut tx, leaf, release.entry, said.sequence).await?;
    let is_yanked = said.action == YankAction::Yank;
    releases::set_yanked(&mut tx, release.entry, next, is_yanked.then_some(leaf)).await?;
    index::update(&mut tx, &said.package, clock::now()).await?;
    app.crash.pass(Step::EventWritten);
    tx.commit().await?;
    app.crash.pass(Step::EventCommitted);
    app.index_files.forget(&said.package);
    app.blobs.forget(&digest);
    search::refresh(app, &said.package).await;
    info!(
        "accepted the {} of {}@{} as entry {leaf}",
        said.action.kind(),
        said.package,
        said.version
    );
    Ok((Outcome::Created, answer(said, digest, is_yanked, leaf)))
}

/// The release that the note is about.
async fn find(tx: &mut Transaction, said: &Yank) -> Result<releases::Row, Failure> {
    let Some(release) = releases::find(tx, &said.package, &said.version).await? else {
        let detail = format!("`{}@{}` is not published", said.package, said.version);
        return Err(Refusal::new(ErrorCode::NotFound, detail).into());
    };
    if release.note != said.release {
        let detail = format!(
            "`{}@{}` is published as `{}`, the note is about `{}`",
            said.package, said.version, release.note, said.release
        );
        return Err(Refusal::new(ErrorCode::BadNote, detail).into());
    }
    Ok(release)
}

/// The answer to a note whose turn is over: the same stands, or no.
async fn standing(
    tx: &mut Transaction,
    release: &releases::Row,
    said: &Yank,
    signed: &SignedNote,
) -> Result<(Outcome, EventAnswer), Failure> {
    match events::find(tx, release.entry, said.sequence).await? {
        Some(entry) if notes::is_same_text(&entry.note, signed)? => {
            let answer = answer(said, entry.digest, release.yanked.is_some(), entry.index);
            Ok((Outcome::Standing, answer))
        }
        _ => Err(out_of_sequence(said, release.events + 1).into()),
    }
}

fn out_of_sequence(said: &Yank, next: u64) -> Refusal {
    let detail = format!(
        "the next yank or unyank of `{}@{}` has the sequence {next}, this one has {}",
        said.package, said.version, said.sequence
    );
    Refusal::new(ErrorCode::OutOfSequence, detail)
}

fn answer(said: &Yank, note: claw_package::Digest, yanked: bool, leaf: u64) -> EventAnswer {
    let (package, version) = (said.package.clone(), said.version.clone());
    EventAnswer {
        event: EventEntry {
            package,
            version,
            note,
            yanked,
            leaf,
        },
    }
}
