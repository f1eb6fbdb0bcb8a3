//! The accepted notes, byte for byte, in the order of acceptance. They are only ever added to.

use claw_package::Digest;
use claw_trust::NoteKind;

use super::{Connection, DatabaseError, counted, parsed, signed, unsigned};

/// One accepted note.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its place, from 0, without gaps.
    pub index: u64,
    /// What it does.
    pub kind: NoteKind,
    /// The digest of the note's bytes.
    pub digest: Digest,
    /// The note.
    pub note: String,
}

type Row = (i64, String, String, String);

/// Adds a note and answers its place.
pub async fn append(
    connection: &mut Connection,
    kind: NoteKind,
    digest: &Digest,
    note: &str,
) -> Result<u64, DatabaseError> {
    let index = count(connection).await?;
    sqlx::query(r#"INSERT INTO entries ("index", kind, digest, note) VALUES ($1, $2, $3, $4)"#)
        .bind(signed(index))
        .bind(kind.to_string())
        .bind(digest.to_string())
        .bind(note)
        .execute(connection)
        .await?;
    Ok(index)
}

/// The place of the next note, which is how many there are.
pub async fn count(connection: &mut Connection) -> Result<u64, DatabaseError> {
    let next: i64 = sqlx::query_scalar(r#"SELECT COALESCE(MAX("index") + 1, 0) FROM entries"#)
        .fetch_one(connection)
        .await?;
    unsigned("entries.index", next)
}

/// How many notes there are at any place, possible or not.
pub async fn rows(connection: &mut Connection) -> Result<u64, DatabaseError> {
    counted(connection, "SELECT COUNT(*) FROM entries").await
}

/// The note of that digest.
pub async fn note_by_digest(
    connection: &mut Connection,
    digest: &Digest,
) -> Result<Option<String>, DatabaseError> {
    Ok(
        sqlx::query_scalar("SELECT note FROM entries WHERE digest = $1")
            .bind(digest.to_string())
            .fetch_optional(connection)
            .await?,
    )
}

/// The note at that place.
pub async fn at(connection: &mut Connection, index: u64) -> Result<Option<Entry>, DatabaseError> {
    let row: Option<Row> =
        sqlx::query_as(r#"SELECT "index", kind, digest, note FROM entries WHERE "index" = $1"#)
            .bind(signed(index))
            .fetch_optional(connection)
            .await?;
    row.map(Entry::try_from).transpose()
}

/// The first place from `from` on that has a note.
pub async fn first_from(
    connection: &mut Connection,
    from: u64,
) -> Result<Option<u64>, DatabaseError> {
    let first: Option<i64> =
        sqlx::query_scalar(r#"SELECT MIN("index") FROM entries WHERE "index" >= $1"#)
            .bind(signed(from))
            .fetch_one(connection)
            .await?;
    first
        .map(|index| unsigned("entries.index", index))
        .transpose()
}

impl TryFrom<Row> for Entry {
    type Error = DatabaseError;

    fn try_from((index, name, digest, note): Row) -> Result<Self, DatabaseError> {
        Ok(Self {
            index: unsigned("entries.index", index)?,
            kind: kind(name)?,
            digest: parsed("entries.digest", digest)?,
            note,
        })
    }
}

fn kind(text: String) -> Result<NoteKind, DatabaseError> {
    [
        NoteKind::Keyset,
        NoteKind::Release,
        NoteKind::Yank,
        NoteKind::Unyank,
    ]
    .into_iter()
    .find(|kind| kind.to_string() == text)
    .ok_or(DatabaseError::Malformed {
        column: "entries.kind",
        value: text,
    })
}
