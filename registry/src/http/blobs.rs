//! What is known by its digest: tarballs that a release names, and notes.
//!
//! A tarball in staging is not here for anybody. One part of the bytes can be asked for, so that an
//! interrupted download goes on where it ended. Small tarballs are sent from memory, where they came
//! with their digest checked; others are read from the disk a page at a time, as fast as the client
//! takes them.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use claw_package::Digest;
use claw_registry_api::{ErrorCode, media};
use futures_util::{StreamExt as _, stream};

use super::pages::Pages;
use super::range::{self, Wanted};
use super::{Answer, Registry, caching};
use crate::app::{App, CachedBlob, WHOLE_BYTES_MAX};
use crate::db::{entries, releases};
use crate::downloads::Counted;
use crate::failure::{Failure, Refusal};
use crate::metrics::{Asking, Storing};
use crate::storage::{Storage, digest_of_name};

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// The bytes of a digest: a tarball that a release names, or a note.
#[utoipa::path(
    get,
    path = "/blobs/sha256/{hex}",
    operation_id = "blob",
    params(("hex" = String, Path, description = "the digest's 64 hexadecimal digits")),
    responses(
        (status = 200, description = "the bytes", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "the part that `Range` asks for", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "the client has them"),
    )
)]
pub(super) async fn blob(
    State(app): Registry,
    Path(hex): Path<String>,
    method: Method,
    request: HeaderMap,
) -> Answer<Response> {
    let found = match digest_of_name(&hex) {
        Some(digest) => find(&app, digest).await?.map(|blob| (digest, blob)),
        None => None,
    };
    let Some((digest, blob)) = found else {
        let detail = format!("no release and no note has the digest `sha256:{hex}`");
        return Err(Refusal::new(ErrorCode::NotFound, detail).into());
    };
    let kept = caching::kept(&digest);
    if caching::has(&request, &digest) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let size = match &blob {
        CachedBlob::Note(note) => note.len() as u64,
        CachedBlob::Tarball { size, .. } => *size,
    };
    let is_get = method == Method::GET;
    let wanted = if is_get && request.contains_key(RANGE) {
        range::wanted(&request, &caching::etag(&digest), size)
    } else {
        Wanted::Whole
    };
    let (status, from, length) = match wanted {
        Wanted::Whole => (StatusCode::OK, 0, size),
        Wanted::Part { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Wanted::Nothing => return Ok(nothing(size)),
    };
    let body = match blob {
        _ if !is_get => Body::empty(),
        CachedBlob::Note(note) => Body::from(slice(&note, from, length)),
        CachedBlob::Tarball { whole, .. } => {
            let body = match whole {
                Some(whole) => Body::from(slice(&whole, from, length)),
                None => tarball(&app, digest, size, from, length).await?,
            };
            if length == size {
                Body::new(Counted::new(Arc::clone(&app), digest, size, body))
            } else {
                body
            }
        }
    };
    let described = [
        (CONTENT_TYPE, HeaderValue::from_static(media::BLOB)),
        (CONTENT_LENGTH, HeaderValue::from(length)),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (REPR_DIGEST, repr_digest(&digest)),
    ];
    let mut response = (status, kept, described, body).into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        let part = caching::ascii(format!("bytes {from}-{}/{size}", from + length - 1));
        response.headers_mut().insert(CONTENT_RANGE, part);
    }
    Ok(response)
}

/// The answer to whoever wants what is behind the end.
fn nothing(size: u64) -> Response {
    let detail = format!("there are {size} bytes, and the range begins behind them");
    let refusal = Refusal::new(ErrorCode::RangeNotSatisfiable, detail);
    let mut response = Failure::from(refusal).into_response();
    let size = caching::ascii(format!("bytes */{size}"));
    response.headers_mut().insert(CONTENT_RANGE, size);
    response
}

/// A part that is known to be within the bytes.
fn slice(bytes: &Bytes, from: u64, length: u64) -> Bytes {
    let place = |at| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(place(from)..place(from + length))
}

/// What is published under the digest.
async fn find(app: &App, digest: Digest) -> Answer<Option<CachedBlob>> {
    let seen = match app.blobs.get(&digest) {
        Ok(blob) => return Ok(Some(blob)),
        Err(seen) => seen,
    };
    let mut found = app
        .metrics
        .database(Asking::Read, read(app, &digest))
        .await?;
    if let Some(CachedBlob::Tarball { size, whole: bytes }) = &mut found
        && *size <= WHOLE_BYTES_MAX
    {
        *bytes = Some(whole(app, digest, *size).await?);
    }
    if let Some(blob) = &found {
        app.blobs.insert(digest, blob.clone(), seen);
    }
    Ok(found)
}

async fn read(app: &App, digest: &Digest) -> Answer<Option<CachedBlob>> {
    let mut reader = app.db.read().await?;
    if let Some(size) = releases::tarball_size(&mut reader, digest).await? {
        return Ok(Some(CachedBlob::Tarball { size, whole: None }));
    }
    let note = entries::note_by_digest(&mut reader, digest).await?;
    Ok(note.map(|note| CachedBlob::Note(Bytes::from(note))))
}

/// The bytes of a small tarball, if they are what they are named for.
async fn whole(app: &App, digest: Digest, size: u64) -> Answer<Bytes> {
    let storage = app.storage.clone();
    let read = tokio::task::spawn_blocking(move || {
        let mut whole = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        open(&storage, &digest, size)?.read_to_end(&mut whole)?;
        let found = Digest::of(&whole);
        if found != digest {
            let detail = format!("the blob `{digest}` has the bytes of `{found}`");
            return Err(Failure::internal(detail));
        }
        Ok(Bytes::from(whole))
    });
    app.metrics.storage(Storing::Open, read).await?
}

/// The first page is read before the answer begins, so that a missing file is an error and not an
/// answer that breaks off.
async fn tarball(app: &App, digest: Digest, size: u64, from: u64, length: u64) -> Answer<Body> {
    let storage = app.storage.clone();
    let open = tokio::task::spawn_blocking(move || open(&storage, &digest, size));
    let file = app.metrics.storage(Storing::Open, open).await??;
    let mut pages = Pages::new(file, from..from + length);
    let Some(first) = pages.next().await? else {
        return Ok(Body::empty());
    };
    let rest = stream::try_unfold(pages, async |mut pages: Pages| {
        let page = pages.next().await?;
        Ok::<_, io::Error>(page.map(|page| (page, pages)))
    });
    let first = stream::once(async { Ok(first) });
    Ok(Body::from_stream(first.chain(rest)))
}

/// The file of a tarball, which has the length that its release says.
fn open(storage: &Storage, digest: &Digest, size: u64) -> Answer<File> {
    let file = storage.open_blob(digest)?;
    let found = file.metadata()?.len();
    if found != size {
        let detail = format!("the blob `{digest}` has {found} bytes, its release says {size}");
        return Err(Failure::internal(detail));
    }
    Ok(file)
}

fn repr_digest(digest: &Digest) -> HeaderValue {
    caching::ascii(format!("sha-256=:{}:", STANDARD.encode(digest.as_bytes())))
}
