//! What all notes are asked before anything else: their form, their registry, and the keyset that
//! has to have signed them.
//!
//! Nothing a note says is believed here; what is read early only says whose keys to look at.

use claw_package::Namespace;
use claw_registry_api::ErrorCode;
use claw_trust::{Keyset, KeysetRef, NoteKind, Origin, SignedNote, StatementError, TrustError};

use crate::db::{Connection, keysets};
use crate::failure::{Failure, Refusal};

/// Reads a note's form, and its text by `read`.
pub(crate) fn read<T>(
    kind: NoteKind,
    bytes: &[u8],
    read: impl FnOnce(&str) -> Result<T, StatementError>,
) -> Result<(SignedNote, T), Refusal> {
    let note = SignedNote::parse(bytes).map_err(|source| TrustError::Malformed { kind, source })?;
    let statement = read(note.text()).map_err(|source| TrustError::Statement { kind, source })?;
    Ok((note, statement))
}

/// Refuses a note for another registry.
pub(crate) fn check_origin(ours: &Origin, named: &Origin) -> Result<(), Refusal> {
    if ours == named {
        return Ok(());
    }
    let detail = format!("the note is for the registry `{named}`, this is `{ours}`");
    Err(Refusal::new(ErrorCode::WrongRegistry, detail))
}

/// The keyset that signs for a namespace now, which has to be the one that the note names.
pub(crate) async fn keyset(
    connection: &mut Connection,
    namespace: &Namespace,
    named: &KeysetRef,
) -> Result<Keyset, Failure> {
    let Some(note) = keysets::current_note(connection, namespace).await? else {
        let detail = format!("the namespace `{namespace}` does not exist here");
        return Err(Refusal::new(ErrorCode::UnknownNamespace, detail).into());
    };
    // It was verified when it was accepted: that it no longer does is our fault, not the asker's.
    let keyset = Keyset::verify(note.as_bytes()).map_err(Failure::internal)?;
    let current = keyset.reference();
    if current != *named {
        let detail = format!(
            "the note is made under the keyset `{named}` of `{namespace}`, which now is `{current}`"
        );
        return Err(Refusal::new(ErrorCode::KeysetChanged, detail).into());
    }
    Ok(keyset)
}

/// Whether a note that stands has the same text as one that was sent: then they are one statement,
/// whoever else signed it.
pub(crate) fn is_same_text(standing: &str, sent: &SignedNote) -> Result<bool, Failure> {
    let standing = SignedNote::parse(standing.as_bytes()).map_err(Failure::internal)?;
    Ok(standing.text() == sent.text())
}

/// Whether something new happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The note made a new entry.
    Created,
    /// The same text stood already.
    Standing,
}
