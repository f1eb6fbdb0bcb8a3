//! The tokens: what each allows, found by the digest of its secret. The secret is kept nowhere.

use claw_package::Digest;
use claw_registry_api::{NamespacePattern, Scope, Timestamp, TokenEntry};

use super::{Connection, DatabaseError, moment, parsed, seconds, signed, unsigned};

/// Hexadecimal digits of a digest that a token is looked up by. Whoever learnt them from timing
/// would know a part of a digest, and no secret has a chosen digest.
const SELECTOR_DIGITS: usize = 16;

/// A token without its secret.
#[derive(Debug, Clone)]
pub struct Row {
    /// What may be shown of it.
    pub entry: TokenEntry,
    /// The digest of its secret.
    pub digest: Digest,
}

type Columns = (i64, String, String, String, i64, Option<i64>, Option<i64>);

/// Adds a token and answers what may be shown of it.
pub async fn insert(
    connection: &mut Connection,
    digest: &Digest,
    scopes: &[Scope],
    namespace: &NamespacePattern,
    created: Timestamp,
    expires: Option<Timestamp>,
) -> Result<TokenEntry, DatabaseError> {
    let id: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) + 1 FROM tokens")
        .fetch_one(&mut *connection)
        .await?;
    let joined: Vec<_> = scopes.iter().map(Scope::to_string).collect();
    sqlx::query(
        "INSERT INTO tokens (id, selector, digest, scopes, namespace, created, expires, revoked)
         VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)",
    )
    .bind(id)
    .bind(selector(digest))
    .bind(digest.to_string())
    .bind(joined.join(","))
    .bind(namespace.to_string())
    .bind(seconds(created))
    .bind(expires.map(seconds))
    .execute(connection)
    .await?;
    Ok(TokenEntry {
        id: unsigned("tokens.id", id)?,
        scopes: scopes.to_vec(),
        namespace: namespace.clone(),
        created,
        expires,
        revoked: None,
    })
}

/// The token that a secret of this digest may be of: the caller compares the whole digest.
pub async fn find(
    connection: &mut Connection,
    digest: &Digest,
) -> Result<Option<Row>, DatabaseError> {
    let columns: Option<Columns> = sqlx::query_as(
        "SELECT id, digest, scopes, namespace, created, expires, revoked FROM tokens WHERE selector = $1",
    )
    .bind(selector(digest))
    .fetch_optional(connection)
    .await?;
    columns.map(Row::try_from).transpose()
}

/// Whether a secret of the row's digest finds this row.
pub async fn is_found(connection: &mut Connection, row: &Row) -> Result<bool, DatabaseError> {
    let id: Option<i64> = sqlx::query_scalar("SELECT id FROM tokens WHERE selector = $1")
        .bind(selector(&row.digest))
        .fetch_optional(connection)
        .await?;
    Ok(id == Some(signed(row.entry.id)))
}

/// Every token, the oldest first.
pub async fn list(connection: &mut Connection) -> Result<Vec<Row>, DatabaseError> {
    let columns: Vec<Columns> = sqlx::query_as(
        "SELECT id, digest, scopes, namespace, created, expires, revoked FROM tokens ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    columns.into_iter().map(Row::try_from).collect()
}

/// Ends a token for good; false when there is none of that number. One that has ended stays so.
pub async fn revoke(
    connection: &mut Connection,
    id: u64,
    revoked: Timestamp,
) -> Result<bool, DatabaseError> {
    let done = sqlx::query("UPDATE tokens SET revoked = COALESCE(revoked, $1) WHERE id = $2")
        .bind(seconds(revoked))
        .bind(signed(id))
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

fn selector(digest: &Digest) -> String {
    digest.hex()[..SELECTOR_DIGITS].to_owned()
}

impl TryFrom<Columns> for Row {
    type Error = DatabaseError;

    fn try_from(columns: Columns) -> Result<Self, DatabaseError> {
        let (id, digest, scopes, namespace, created, expires, revoked) = columns;
        let scopes = scopes
            .split(',')
            .map(|scope| parsed("tokens.scopes", scope.to_owned()))
            .collect::<Result<Vec<Scope>, _>>()?;
        let entry = TokenEntry {
            id: unsigned("tokens.id", id)?,
            scopes,
            namespace: parsed("tokens.namespace", namespace)?,
            created: moment("tokens.created", created)?,
            expires: expires.map(|at| moment("tokens.expires", at)).transpose()?,
            revoked: revoked.map(|at| moment("tokens.revoked", at)).transpose()?,
        };
        Ok(Self {
            entry,
            digest: parsed("tokens.digest", digest)?,
        })
    }
}
