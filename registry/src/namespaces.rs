//! Creates a namespace from the note that says whose keys sign for it.
//!
//! Whether the one who asks may do that is the caller's to decide: a request needs the scope
//! `admin`, the command line needs the folder.

use claw_package::Namespace;
use claw_registry_api::{ErrorCode, NamespaceAnswer, NamespaceEntry, Timestamp};
use claw_trust::{Keyset, NoteKind, Origin, SignedNote};

use crate::db::{Database, entries, keysets, namespaces};
use crate::failure::{Failure, Refusal};
use crate::notes::{self, Outcome};

/// Verifies a genesis keyset for this registry.
pub fn read(origin: &Origin, note: &[u8]) -> Result<Keyset, Refusal> {
    let keyset = Keyset::verify(note)?;
    notes::check_origin(origin, &keyset.origin)?;
    Ok(keyset)
}

/// Creates the namespace of `keyset`, which was read from `note`.
pub async fn create(
    db: &Database,
    keyset: &Keyset,
    note: &[u8],
    now: Timestamp,
) -> Result<(Outcome, NamespaceAnswer), Failure> {
    let signed = SignedNote::parse(note).map_err(Failure::internal)?;
    let text = String::from_utf8(signed.to_bytes()).map_err(Failure::internal)?;
    let name = &keyset.namespace;
    let mut tx = db.begin_write().await?;
    if let Some(standing) = keysets::entry(&mut tx, name, keyset.sequence).await? {
        if !notes::is_same_text(&standing.note, &signed)? {
            return Err(exists(name, keyset, &standing).into());
        }
        return Ok((
            Outcome::Standing,
            answer(keyset, &standing.digest, standing.index),
        ));
    }
    let digest = signed.digest();
    let leaf = entries::append(&mut tx, NoteKind::Keyset, &digest, &text).await?;
    namespaces::insert(&mut tx, name, now).await?;
    keysets::insert(&mut tx, name, keyset.sequence, leaf).await?;
    tx.commit().await?;
    Ok((Outcome::Created, answer(keyset, &digest, leaf)))
}

fn exists(name: &Namespace, keyset: &Keyset, standing: &entries::Entry) -> Refusal {
    let (sent, stands) = (keyset.reference().digest, standing.digest);
    let detail =
        format!("the namespace `{name}` stands with the keyset `{stands}`, this one is `{sent}`");
    Refusal::new(ErrorCode::NamespaceExists, detail)
}

fn answer(keyset: &Keyset, digest: &claw_package::Digest, leaf: u64) -> NamespaceAnswer {
    let (name, sequence) = (keyset.namespace.clone(), keyset.sequence);
    NamespaceAnswer {
        namespace: NamespaceEntry {
            name,
            sequence,
            keyset: *digest,
            leaf,
        },
    }
}
