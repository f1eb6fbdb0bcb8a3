//! Publishes a release: the one operation that makes bytes served.
//!
//! In this order, each before the next: the form of the note; the token; the keyset's signature; the
//! package itself, every field of the note against its bytes; the release before it; then one transaction that gives the
//! note its entry, writes the release and its index, links the tarball among the blobs, and commits.
//! Ended at any point, what was answered stands, nothing else is visible, and a repeat succeeds.

use std::sync::Arc;

use claw_package::{Digest, NoSink, Package, ReadError};
use claw_registry_api::{ErrorCode, ReleaseAnswer, ReleaseEntry, Scope, Visibility};
use claw_trust::{NoteKind, Release, SignedNote, VerifiedRelease};
use tracing::{Instrument as _, Span, error, info};

use crate::app::App;
use crate::clock;
use crate::compatibility;
use crate::crash::Step;
use crate::db::summaries::{self, Summary};
use crate::db::{Connection, Transaction, entries, packages, releases};
use crate::failure::{Failure, Refusal, chain};
use crate::index;
use crate::metrics::{Asking, Storing};
use crate::notes::{self, Outcome};
use crate::search;
use crate::tokens::Caller;

/// A release note that was believed, with the form it was sent in.
struct Sent {
    release: VerifiedRelease,
    note: SignedNote,
}

/// Publishes what the release note says, or answers with the release that stands.
pub(crate) async fn publish(
    app: &Arc<App>,
    caller: &Caller,
    note: &[u8],
    visibility: Visibility,
) -> Result<(Outcome, ReleaseAnswer), Failure> {
    let (signed, statement) = notes::read(NoteKind::Release, note, Release::from_text)?;
    caller.may(Scope::Publish, statement.package.namespace())?;
    if visibility == Visibility::Private {
        let detail = "private packages are not supported in this version";
        return Err(Refusal::new(ErrorCode::VisibilityNotSupported, detail).into());
    }
    notes::check_origin(&app.origin, &statement.registry)?;
    let mut reader = app.db.read().await?;
    let keyset = notes::keyset(
        &mut reader,
        statement.package.namespace(),
        &statement.keyset,
    )
    .await?;
    let release = VerifiedRelease::verify(note, &keyset).map_err(Refusal::from)?;
    let sent = Sent {
        release,
        note: signed,
    };
    if let Some(answer) = standing(&mut reader, &sent).await? {
        return Ok((Outcome::Standing, answer));
    }
    drop(reader);
    let Some(package) = check(app, &sent.release).await? else {
        // Another publish of this version may have come first and taken the tarball out of staging.
        let mut reader = app.db.read().await?;
        return match standing(&mut reader, &sent).await? {
            Some(answer) => Ok((Outcome::Standing, answer)),
            None => Err(missing(&sent.release.release().tarball.digest).into()),
        };
    };
    let package = Arc::new(package);
    let mut reader = app.db.read().await?;
    let compared = compatibility::check(app, &mut reader, &package, None).await?;
    drop(reader);
    app.crash.pass(Step::ReleaseVerified);
    // On its own, so that a client that goes away cannot end it between the commit and what follows.
    let app = Arc::clone(app);
    let writing = async move { write(&app, &sent, &package, compared).await };
    tokio::spawn(writing.instrument(Span::current())).await?
}

/// The answer for a version that is there: the same, or no.
async fn standing(
    connection: &mut Connection,
    sent: &Sent,
) -> Result<Option<ReleaseAnswer>, Failure> {
    let said = sent.release.release();
    let Some(row) = releases::find(connection, &said.package, &said.version).await? else {
        return Ok(None);
    };
    let note = entries::note_by_digest(connection, &row.note).await?;
    let note = note.ok_or_else(|| Failure::internal("a release has no entry"))?;
    if notes::is_same_text(&note, &sent.note)? {
        return Ok(Some(answer(&row)));
    }
    let detail = format!(
        "`{}` is published as `{}` with the tarball `{}`, this is `{}` with the tarball `{}`",
        sent.release.title(),
        row.note,
        row.tarball,
        sent.release.note_digest(),
        said.tarball.digest
    );
    Err(Refusal::new(ErrorCode::ReleaseExists, detail).into())
}

/// Reads the staged tarball, if it is there, and checks every field of the note against it.
async fn check(app: &Arc<App>, release: &VerifiedRelease) -> Result<Option<Package>, Failure> {
    let turn = app.checks.acquire().await.map_err(Failure::internal)?;
    let (storage, release) = (app.storage.clone(), release.clone());
    let package = tokio::task::spawn_blocking(move || {
        let Some(file) = storage.open_staged(&release.release().tarball.digest)? else {
            return Ok::<_, Failure>(None);
        };
        let package = match claw_package::read(file, &mut NoSink) {
            Ok(package) => package,
            // No note will ever make a package of it, and it would be in the way of others for a day.
            Err(fault) => {
                if !matches!(fault, ReadError::Source(_)) {
                    storage.clear_staged(&release.release().tarball.digest)?;
                }
                return Err(fault.into());
            }
        };
        release
            .check_package(&package)
            .map_err(|error| Refusal::because(ErrorCode::PackageMismatch, &error))?;
        Ok(Some(package))
    })
    .await??;
    drop(turn);
    Ok(package)
}

/// The transaction, and what has to follow it.
async fn write(
    app: &App,
    sent: &Sent,
    package: &Arc<Package>,
    compared: Option<Digest>,
) -> Result<(Outcome, ReleaseAnswer), Failure> {
    let mut tx = app
        .metrics
        .database(Asking::Turn, app.db.begin_write())
        .await?;
    // Another publish of this version may have come first while the package was checked.
    if let Some(answer) = standing(&mut tx, sent).await? {
        return Ok((Outcome::Standing, answer));
    }
    // Nor need the release before it be the one that it was held against.
    compatibility::check(app, &mut tx, package, compared).await?;
    let said = sent.release.release();
    notes::keyset(&mut tx, said.package.namespace(), &said.keyset).await?;
    let row = insert(&mut tx, sent, package).await?;
    app.crash.pass(Step::ReleaseWritten);
    let digest = row.tarball;
    let (storage, crash) = (app.storage.clone(), app.crash);
    let link = tokio::task::spawn_blocking(move || storage.link_blob(&digest, crash));
    let linked = app.metrics.storage(Storing::Link, link).await?;
    let committed = match linked {
        Ok(true) => {
            let committed = app.metrics.database(Asking::Commit, tx.commit()).await;
            committed.map_err(Failure::from)
        }
        Ok(false) => return Err(missing(&digest).into()),
        Err(error) => tx
            .rollback()
            .await
            .map_err(Failure::from)
            .and(Err(error.into())),
    };
    if let Err(failure) = committed {
        take_back(app, &row).await;
        return Err(failure);
    }
    app.crash.pass(Step::ReleaseCommitted);
    app.index_files.forget(&row.package);
    app.blobs.forget(&row.tarball);
    app.blobs.forget(&row.note);
    search::refresh(app, &row.package).await;
    let storage = app.storage.clone();
    // The release stands; the next start or the sweep removes what could not be removed now.
    if let Err(error) = tokio::task::spawn_blocking(move || storage.clear_staged(&digest)).await? {
        error!("could not take `{digest}` out of staging: {error}");
    }
    app.crash.pass(Step::StagingCleared);
    info!(
        "published {} as entry {}, signed by {}",
        sent.release.title(),
        row.entry,
        sent.release.signer().name()
    );
    Ok((Outcome::Created, answer(&row)))
}

async fn insert(
    tx: &mut Transaction,
    sent: &Sent,
    package: &Package,
) -> Result<releases::Row, Failure> {
    let now = clock::now();
    let (said, digest) = (sent.release.release(), sent.release.note_digest());
    let text = String::from_utf8(sent.release.note_bytes()).map_err(Failure::internal)?;
    let entry = entries::append(tx, NoteKind::Release, &digest, &text).await?;
    let manifest = &package.skill.manifest;
    let row = releases::Row {
        entry,
        package: said.package.clone(),
        version: said.version.clone(),
        tarball: said.tarball.digest,
        size: said.tarball.size,
        component: said.component.digest,
        permissions: manifest.permissions.clone(),
        host: manifest.host.clone(),
        published: now,
        events: 0,
        note: digest,
        yanked: None,
    };
    packages::ensure(tx, &row.package, now).await?;
    releases::insert(tx, &row).await?;
    summaries::insert(tx, entry, &Summary::of(&package.skill)).await?;
    index::update(tx, &row.package, now).await?;
    Ok(row)
}

/// After a link or a commit that failed: the tarball loses its lasting name if the release is really not there.
/// Where that can't be found out, the next start does it.
async fn take_back(app: &App, row: &releases::Row) {
    let result: Result<(), Failure> = async {
        // Held until the end: otherwise a repeat could commit between the look and the removal.
        let mut tx = app.db.begin_write().await?;
        if releases::tarball_size(&mut tx, &row.tarball)
            .await?
            .is_none()
        {
            let (storage, digest) = (app.storage.clone(), row.tarball);
            tokio::task::spawn_blocking(move || storage.unlink_blob(&digest)).await??;
        }
        Ok(())
    }
    .await;
    if let Err(error) = result {
        error!("could not take back `{}`: {}", row.tarball, chain(&error));
    }
}

fn missing(digest: &Digest) -> Refusal {
    let detail = format!("the tarball `{digest}` was not uploaded, or longer ago than a day");
    Refusal::new(ErrorCode::BlobMissing, detail)
}

fn answer(row: &releases::Row) -> ReleaseAnswer {
    ReleaseAnswer {
        release: ReleaseEntry {
            package: row.package.clone(),
            version: row.version.clone(),
            note: row.note,
            tarball: row.tarball,
            leaf: row.entry,
        },
    }
}
