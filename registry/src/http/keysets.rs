//! The keyset notes of namespaces, each under a name that always means the same note.

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use claw_package::Namespace;
use claw_registry_api::{ErrorCode, media};

use super::{Answer, Registry, caching};
use crate::db::keysets;
use crate::failure::Refusal;

/// A keyset note of a namespace.
#[utoipa::path(
    get,
    path = "/keysets/{namespace}/{file}",
    operation_id = "keyset",
    params(
        ("namespace" = String, Path, description = "the namespace"),
        ("file" = String, Path, description = "the keyset's number, and `.note`"),
    ),
    responses(
        (status = 200, description = "the note", body = String, content_type = "text/x-claw-note; charset=utf-8"),
        (status = 304, description = "the client has it"),
    )
)]
pub(super) async fn note(
    State(app): Registry,
    Path((namespace, file)): Path<(String, String)>,
    request: HeaderMap,
) -> Answer<Response> {
    let entry = match named(&namespace, &file) {
        Some((name, sequence)) => {
            let mut reader = app.db.read().await?;
            keysets::entry(&mut reader, &name, sequence).await?
        }
        None => None,
    };
    let Some(entry) = entry else {
        let detail = format!("there is no keyset `{file}` of `{namespace}`");
        return Err(Refusal::new(ErrorCode::NotFound, detail).into());
    };
    let kept = caching::kept(&entry.digest);
    if caching::has(&request, &entry.digest) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    Ok((
        kept,
        [(CONTENT_TYPE, HeaderValue::from_static(media::NOTE))],
        entry.note,
    )
        .into_response())
}

/// What a path means, if it is spelt in the one way that counts.
fn named(namespace: &str, file: &str) -> Option<(Namespace, u64)> {
    let digits = file.strip_suffix(".note")?;
    let sequence: u64 = digits.parse().ok()?;
    (sequence.to_string() == digits).then_some(())?;
    Some((namespace.parse().ok()?, sequence))
}
