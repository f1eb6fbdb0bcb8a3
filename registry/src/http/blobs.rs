//! What is known by its digest: tarballs that a release names, and notes.
//!
//! A tarball in staging is not here for anybody. Bodies are read from the disk a page at a time, as
//! fast as the client takes them.

use std::fs::File;
use std::io::{self, Read as _};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use claw_package::Digest;
use claw_registry_api::{ErrorCode, media};
use futures_util::stream;

use super::{Answer, Registry, caching};
use crate::app::{App, CachedBlob};
use crate::db::{entries, releases};
use crate::failure::{Failure, Refusal};
use crate::storage::digest_of_name;

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// How much of a tarball is in memory for one client.
const PAGE_BYTES: usize = 256 * 1024;

/// The bytes of a digest: a tarball that a release names, or a note.
#[utoipa::path(
    get,
    path = "/blobs/sha256/{hex}",
    operation_id = "blob",
    params(("hex" = String, Path, description = "the digest's 64 hexadecimal digits")),
    responses(
        (status = 200, description = "the bytes", body = Vec<u8>, content_type = "application/octet-stream"),
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
    let (size, body) = match blob {
        CachedBlob::Note(note) => (note.len() as u64, Body::from(note)),
        CachedBlob::Tarball { size } if method == Method::HEAD => (size, Body::empty()),
        CachedBlob::Tarball { size } => (size, tarball(&app, digest, size).await?),
    };
    let described = [
        (CONTENT_TYPE, HeaderValue::from_static(media::BLOB)),
        (CONTENT_LENGTH, HeaderValue::from(size)),
        (REPR_DIGEST, repr_digest(&digest)),
    ];
    Ok((kept, described, body).into_response())
}

/// What is published under the digest.
async fn find(app: &App, digest: Digest) -> Answer<Option<CachedBlob>> {
    let seen = match app.blobs.get(&digest) {
        Ok(blob) => return Ok(Some(blob)),
        Err(seen) => seen,
    };
    let mut reader = app.db.read().await?;
    let found = match releases::tarball_size(&mut reader, &digest).await? {
        Some(size) => Some(CachedBlob::Tarball { size }),
        None => {
            let note = entries::note_by_digest(&mut reader, &digest).await?;
            note.map(|note| CachedBlob::Note(Bytes::from(note)))
        }
    };
    if let Some(blob) = &found {
        app.blobs.insert(digest, blob.clone(), seen);
    }
    Ok(found)
}

/// The first page is read before the answer begins, so that a missing file is an error and not an
/// answer that breaks off.
async fn tarball(app: &App, digest: Digest, size: u64) -> Answer<Body> {
    let storage = app.storage.clone();
    let (file, first) = tokio::task::spawn_blocking(move || {
        let mut file = storage.open_blob(&digest)?;
        let found = file.metadata()?.len();
        if found != size {
            let detail = format!("the blob `{digest}` has {found} bytes, its release says {size}");
            return Err(Failure::internal(detail));
        }
        let first = page(&mut file, size)?;
        Ok::<(File, Bytes), Failure>((file, first))
    })
    .await??;
    let left = size - first.len() as u64;
    if left == 0 {
        return Ok(Body::from(first));
    }
    let pages = stream::try_unfold(
        (file, left, Some(first)),
        |(mut file, left, first)| async move {
            if let Some(first) = first {
                return Ok::<_, io::Error>(Some((first, (file, left, None))));
            }
            if left == 0 {
                return Ok(None);
            }
            let next =
                tokio::task::spawn_blocking(move || page(&mut file, left).map(|page| (page, file)));
            let (page, file) = next.await??;
            let left = left - page.len() as u64;
            Ok(Some((page, (file, left, None))))
        },
    );
    Ok(Body::from_stream(pages))
}

fn page(file: &mut File, left: u64) -> io::Result<Bytes> {
    let length = usize::try_from(left).map_or(PAGE_BYTES, |left| left.min(PAGE_BYTES));
    let mut page = vec![0; length];
    file.read_exact(&mut page)?;
    Ok(page.into())
}

fn repr_digest(digest: &Digest) -> HeaderValue {
    caching::ascii(format!("sha-256=:{}:", STANDARD.encode(digest.as_bytes())))
}
