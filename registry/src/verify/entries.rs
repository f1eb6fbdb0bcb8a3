//! The notes: each against its digest, the keyset that signed it, and the rows made from it.

use claw_package::Namespace;
use claw_trust::{
    Keyset, KeysetRef, NoteKind, Origin, Release, VerifiedRelease, VerifiedYank, Yank, YankAction,
};

use super::{Context, Events, Report, files};
use crate::db::entries::{self, Entry};
use crate::db::{Connection, events, keysets, namespaces, releases};
use crate::failure::{Failure, chain};
use crate::index;
use crate::notes;
use crate::storage::Storage;

/// Checks every note in order.
pub(super) async fn check(
    snapshot: &mut Connection,
    storage: &Storage,
    origin: &Origin,
    report: &mut Report,
) -> Result<Events, Failure> {
    let context = Context { storage, origin };
    let (mut events, mut expected) = (Events::new(), 0);
    let mut counts = Counts::default();
    while let Some(index) = entries::first_from(snapshot, expected).await? {
        if index > expected {
            report.fault(
                format!("entry {expected}"),
                format!("it is missing; the next one is {index}"),
            );
        }
        expected = index + 1;
        let object = format!("entry {index}");
        let entry = entries::at(snapshot, index).await;
        let Some(entry) = report.found(&object, entry)? else {
            continue;
        };
        report.entries += 1;
        let actual = claw_package::Digest::of(entry.note.as_bytes());
        if actual != entry.digest {
            report.fault(
                object,
                format!(
                    "its note has the digest `{actual}`, recorded is `{}`",
                    entry.digest
                ),
            );
            continue;
        }
        counts.add(entry.kind);
        let checked = match entry.kind {
            NoteKind::Keyset => keyset(&context, snapshot, &entry, report).await,
            NoteKind::Release => release(&context, snapshot, &entry, report).await,
            NoteKind::Yank | NoteKind::Unyank => {
                event(&context, snapshot, &entry, &mut events, report).await
            }
        };
        match checked {
            Ok(()) => {}
            // The note is not believed: that is what we came to find out.
            Err(Failure::Refused(refusal)) => report.fault(object, refusal.detail),
            Err(failure) => return Err(failure),
        }
    }
    counts.check(snapshot, report).await?;
    for name in namespaces::without_keyset(snapshot).await? {
        report.fault(format!("namespace {name}"), "it has no keyset");
    }
    Ok(events)
}

/// How many notes there are of each kind: as many as there are rows made from them.
#[derive(Default)]
struct Counts {
    keysets: u64,
    releases: u64,
    events: u64,
}

impl Counts {
    fn add(&mut self, kind: NoteKind) {
        match kind {
            NoteKind::Keyset => self.keysets += 1,
            NoteKind::Release => self.releases += 1,
            NoteKind::Yank | NoteKind::Unyank => self.events += 1,
        }
    }

    async fn check(&self, snapshot: &mut Connection, report: &mut Report) -> Result<(), Failure> {
        for (what, rows, notes) in [
            ("entries", entries::rows(snapshot).await?, report.entries),
            ("keysets", keysets::count(snapshot).await?, self.keysets),
            ("releases", releases::count(snapshot).await?, self.releases),
            ("events", events::count(snapshot).await?, self.events),
        ] {
            if rows != notes {
                report.fault(
                    "database",
                    format!("it has {rows} {what} and {notes} sound notes of them"),
                );
            }
        }
        Ok(())
    }
}

async fn keyset(
    context: &Context<'_>,
    snapshot: &mut Connection,
    entry: &Entry,
    report: &mut Report,
) -> Result<(), Failure> {
    let keyset = crate::namespaces::read(context.origin, entry.note.as_bytes())?;
    let row = keysets::of_entry(snapshot, entry.index).await?;
    let (name, sequence) = row.unwrap_or_default();
    if name != keyset.namespace.to_string() || sequence != keyset.sequence {
        let problem = format!(
            "it is keyset {} of `{}`, recorded as keyset {sequence} of `{name}`",
            keyset.sequence, keyset.namespace
        );
        report.fault(format!("entry {}", entry.index), problem);
    }
    Ok(())
}

async fn release(
    context: &Context<'_>,
    snapshot: &mut Connection,
    entry: &Entry,
    report: &mut Report,
) -> Result<(), Failure> {
    let note = entry.note.as_bytes();
    let (_, statement) = notes::read(NoteKind::Release, note, Release::from_text)?;
    let keyset = signers(
        context,
        snapshot,
        statement.package.namespace(),
        &statement.keyset,
    )
    .await?;
    let Some(keyset) = keyset else {
        report.fault(
            format!("entry {}", entry.index),
            format!("its keyset `{}` is not here", statement.keyset),
        );
        return Ok(());
    };
    let release = VerifiedRelease::verify(note, &keyset).map_err(crate::failure::Refusal::from)?;
    let object = format!("release {}", release.title());
    let row = releases::of_entry(snapshot, entry.index).await;
    let Some(row) = report.found(&object, row)? else {
        report.fault(
            object,
            format!("entry {} has no release that can be read", entry.index),
        );
        return Ok(());
    };
    if let Err(error) = index::line(&row).check_release(&release) {
        report.fault(&object, chain(&error));
    }
    files::check_package(context.storage, &release, &row, report).await
}

async fn event(
    context: &Context<'_>,
    snapshot: &mut Connection,
    entry: &Entry,
    events: &mut Events,
    report: &mut Report,
) -> Result<(), Failure> {
    let note = entry.note.as_bytes();
    let object = format!("entry {}", entry.index);
    let (_, statement) = notes::read(entry.kind, note, Yank::from_text)?;
    let keyset = signers(
        context,
        snapshot,
        statement.package.namespace(),
        &statement.keyset,
    )
    .await?;
    let Some(keyset) = keyset else {
        report.fault(
            object,
            format!("its keyset `{}` is not here", statement.keyset),
        );
        return Ok(());
    };
    let event = VerifiedYank::verify(note, &keyset).map_err(crate::failure::Refusal::from)?;
    let said = event.yank();
    if said.action.kind() != entry.kind {
        let problem = format!(
            "it is a note to {}, recorded as {}",
            said.action.kind(),
            entry.kind
        );
        report.fault(&object, problem);
    }
    let recorded = events::of_entry(snapshot, entry.index).await?;
    let Some((release, sequence)) = recorded else {
        report.fault(object, "no event refers to it");
        return Ok(());
    };
    let row = releases::of_entry(snapshot, release).await;
    let Some(row) = report.found(&object, row)? else {
        report.fault(object, "its release can't be read");
        return Ok(());
    };
    let is_about =
        (&row.package, &row.version, row.note) == (&said.package, &said.version, said.release);
    if !is_about || sequence != said.sequence {
        let problem = format!(
            "it is event {} of `{}@{}`, recorded as event {sequence} of `{}@{}`",
            said.sequence, said.package, said.version, row.package, row.version
        );
        report.fault(&object, problem);
    }
    let (count, stands) = events.entry(release).or_default();
    if said.sequence != *count + 1 {
        let problem = format!(
            "it is event {}, and event {} comes next",
            said.sequence,
            *count + 1
        );
        report.fault(&object, problem);
    }
    // The last one says what stands.
    (*count, *stands) = (
        *count + 1,
        (said.action == YankAction::Yank).then_some(entry.digest),
    );
    Ok(())
}

/// The keyset that a note names, if it stands here and can be believed.
async fn signers(
    context: &Context<'_>,
    snapshot: &mut Connection,
    namespace: &Namespace,
    named: &KeysetRef,
) -> Result<Option<Keyset>, Failure> {
    let Ok(Some(entry)) = keysets::entry(snapshot, namespace, named.sequence).await else {
        return Ok(None);
    };
    let keyset = crate::namespaces::read(context.origin, entry.note.as_bytes());
    Ok(keyset.ok().filter(|keyset| keyset.reference() == *named))
}
