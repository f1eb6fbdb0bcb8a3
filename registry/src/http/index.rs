//! The index of a package, from memory or by one look-up.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use claw_package::PackageName;
use claw_registry_api::{ErrorCode, media};

use super::{Answer, Registry, caching};
use crate::app::{App, CachedIndex};
use crate::clock;
use crate::db::index_files;
use crate::failure::Refusal;
use crate::metrics::Asking;

/// Every release of a package: one JSON object, an `IndexLine`, per line.
#[utoipa::path(
    get,
    path = "/index/{namespace}/{name}",
    operation_id = "index",
    params(
        ("namespace" = String, Path, description = "the namespace"),
        ("name" = String, Path, description = "the package's own name"),
    ),
    responses(
        (status = 200, description = "the index", body = String, content_type = "application/x-ndjson"),
        (status = 304, description = "the client has it"),
    )
)]
pub(super) async fn file(
    State(app): Registry,
    Path((namespace, name)): Path<(String, String)>,
    request: HeaderMap,
) -> Answer<Response> {
    let file = match named(&namespace, &name) {
        Some(package) => find(&app, package).await?,
        None => None,
    };
    let Some(CachedIndex {
        body,
        etag,
        modified,
    }) = file
    else {
        let detail = format!("there is no package `{namespace}/{name}`");
        return Err(Refusal::new(ErrorCode::NotFound, detail).into());
    };
    let is_fresh = caching::is_fresh(&request, &etag, Some(&modified));
    let kept = [
        (ETAG, etag),
        (LAST_MODIFIED, modified),
        (CACHE_CONTROL, caching::INDEX),
    ];
    if is_fresh {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    Ok((
        kept,
        [(CONTENT_TYPE, HeaderValue::from_static(media::INDEX))],
        body,
    )
        .into_response())
}

/// What a path means, if it is spelt in the one way that counts.
pub(super) fn named(namespace: &str, name: &str) -> Option<PackageName> {
    let text = format!("{namespace}/{name}");
    let package: PackageName = text.parse().ok()?;
    (package.to_string() == text).then_some(package)
}

async fn find(app: &App, package: PackageName) -> Answer<Option<CachedIndex>> {
    let seen = match app.index_files.get(&package) {
        Ok(file) => return Ok(Some(file)),
        Err(seen) => seen,
    };
    let read = async {
        let mut reader = app.db.read().await?;
        index_files::find(&mut reader, &package).await
    };
    let Some(file) = app.metrics.database(Asking::Read, read).await? else {
        return Ok(None);
    };
    let cached = CachedIndex {
        body: Bytes::from(file.body),
        etag: caching::etag(&file.digest),
        modified: caching::ascii(clock::http_date(file.modified)),
    };
    app.index_files.insert(package, cached.clone(), seen);
    Ok(Some(cached))
}
