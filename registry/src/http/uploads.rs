//! Tarballs on their way in: streamed to a file, checked as they come, staged when they are whole.
//!
//! One buffer per upload is in memory, however large the body. What is staged is served to nobody
//! until a release names it.

use std::io::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use claw_package::limits::PACKED_BYTES_MAX;
use claw_package::{Digest, Hasher};
use claw_registry_api::{ErrorCode, Scope};
use http_body_util::BodyExt as _;
use tempfile::NamedTempFile;

use super::{Answer, Registry, body};
use crate::app::App;
use crate::db::releases;
use crate::failure::{Failure, Refusal};
use crate::metrics::Storing;
use crate::tokens::Caller;

/// What is gathered in memory before it is written.
const BUFFER_BYTES: usize = 256 * 1024;

/// Whether the registry has these bytes, so that an upload can be spared.
#[utoipa::path(
    head,
    path = "/api/v1/blobs/{digest}",
    operation_id = "has_blob",
    params(("digest" = String, Path, description = "`sha256:` and 64 hexadecimal digits")),
    responses((status = 200, description = "it has them")),
    security(("token" = [])),
)]
pub(super) async fn held(
    State(app): Registry,
    caller: Caller,
    Path(digest): Path<String>,
) -> Answer<Response> {
    caller.has(Scope::Publish)?;
    let digest = parsed(&digest)?;
    let size = match published(&app, &digest).await? {
        Some(size) => Some(size),
        None => {
            let storage = app.storage.clone();
            tokio::task::spawn_blocking(move || storage.staged_size(&digest)).await??
        }
    };
    match size {
        Some(size) => Ok([(CONTENT_LENGTH, HeaderValue::from(size))].into_response()),
        None => Err(Refusal::new(ErrorCode::NotFound, format!("`{digest}` is not here")).into()),
    }
}

/// Uploads a tarball. It is served to nobody until a release names it.
#[utoipa::path(
    put,
    path = "/api/v1/blobs/{digest}",
    operation_id = "upload_blob",
    params(("digest" = String, Path, description = "`sha256:` and 64 hexadecimal digits")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "it waits for its release"),
        (status = 200, description = "a release names it already"),
    ),
    security(("token" = [])),
)]
pub(super) async fn upload(
    State(app): Registry,
    caller: Result<Caller, Failure>,
    Path(digest): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Answer<StatusCode> {
    let done = match caller {
        Ok(caller) => accept(&app, &caller, &digest, &headers, &mut body).await,
        Err(failure) => Err(failure),
    };
    // Whoever asked first whether to send has sent nothing yet, and is not to be told to.
    if done.is_err() && !headers.contains_key(EXPECT) {
        body::discard(&app, body).await;
    }
    done
}

async fn accept(
    app: &Arc<App>,
    caller: &Caller,
    digest: &str,
    headers: &HeaderMap,
    body: &mut Body,
) -> Answer<StatusCode> {
    caller.has(Scope::Publish)?;
    let digest = parsed(digest)?;
    let length = length(headers)?;
    let _turn = app.uploads.acquire().await.map_err(Failure::internal)?;
    check_room(app).await?;
    let most = app.limits.upload_time;
    let received = tokio::time::timeout(most, receive(app, body, length));
    let (file, actual) = received.await.map_err(|_| body::late(most))??;
    if actual != digest {
        let detail = format!("the body has the digest `{actual}`, the path says `{digest}`");
        return Err(Refusal::new(ErrorCode::DigestMismatch, detail).into());
    }
    // A repeat of what is published has nowhere to go and nothing to change.
    if published(app, &digest).await?.is_some() {
        return Ok(StatusCode::OK);
    }
    let (storage, crash) = (app.storage.clone(), app.crash);
    let stage = tokio::task::spawn_blocking(move || storage.stage(file, &digest, crash));
    app.metrics.storage(Storing::Stage, stage).await??;
    Ok(StatusCode::CREATED)
}

fn parsed(digest: &str) -> Result<Digest, Refusal> {
    digest.parse().map_err(|_| {
        Refusal::new(
            ErrorCode::BadRequest,
            format!("`{digest}` is no digest such as `sha256:<64 hex>`"),
        )
    })
}

fn length(headers: &HeaderMap) -> Result<u64, Refusal> {
    let said = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let Some(length) = said else {
        let detail = "the length of a tarball has to be said in `Content-Length`";
        return Err(Refusal::new(ErrorCode::LengthRequired, detail));
    };
    if length > PACKED_BYTES_MAX {
        let detail =
            format!("a tarball has at most {PACKED_BYTES_MAX} bytes, this one has {length}");
        return Err(Refusal::new(ErrorCode::TooLarge, detail));
    }
    Ok(length)
}

async fn published(app: &App, digest: &Digest) -> Answer<Option<u64>> {
    let mut reader = app.db.read().await?;
    Ok(releases::tarball_size(&mut reader, digest).await?)
}

async fn check_room(app: &App) -> Answer<()> {
    let storage = app.storage.clone();
    let staged = tokio::task::spawn_blocking(move || storage.staged()).await??;
    if staged.len() >= app.limits.staged_files {
        let detail = format!(
            "{} tarballs wait for their release; each is kept for a day",
            staged.len()
        );
        return Err(Refusal::new(ErrorCode::TooManyRequests, detail).into());
    }
    Ok(())
}

/// Writes the body to a file as it comes, and answers what it was.
async fn receive(app: &Arc<App>, body: &mut Body, length: u64) -> Answer<(NamedTempFile, Digest)> {
    let storage = app.storage.clone();
    let file = tokio::task::spawn_blocking(move || storage.new_upload()).await??;
    let mut writer = Writer {
        file,
        hasher: Hasher::new(),
        buffer: Vec::with_capacity(BUFFER_BYTES),
    };
    let (mut received, silence) = (0, app.limits.upload_silence);
    loop {
        let frame = tokio::time::timeout(silence, body.frame());
        let Some(frame) = frame.await.map_err(|_| body::late(silence))? else {
            break;
        };
        let frame = frame.map_err(|error| body::broken(&error))?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        received += data.len() as u64;
        app.metrics.received(data.len());
        if received > length {
            break;
        }
        for piece in data.chunks(BUFFER_BYTES) {
            writer = writer.take(piece).await?;
        }
    }
    if received != length {
        let detail =
            format!("the body has another length than the {length} bytes that were announced");
        return Err(Refusal::new(ErrorCode::BadRequest, detail).into());
    }
    let writer = writer.flush().await?;
    Ok((writer.file, writer.hasher.finish()))
}

/// A file being written, with the digest of what was.
struct Writer {
    file: NamedTempFile,
    hasher: Hasher,
    buffer: Vec<u8>,
}

impl Writer {
    /// Takes bytes, writing those before them when there is no room.
    async fn take(self, piece: &[u8]) -> Answer<Self> {
        let has_room = self.buffer.len() + piece.len() <= BUFFER_BYTES;
        let mut writer = if has_room { self } else { self.flush().await? };
        writer.buffer.extend_from_slice(piece);
        Ok(writer)
    }

    async fn flush(mut self) -> Answer<Self> {
        let written = tokio::task::spawn_blocking(move || {
            self.hasher.update(&self.buffer);
            self.file.write_all(&self.buffer)?;
            self.buffer.clear();
            std::io::Result::Ok(self)
        });
        Ok(written.await??)
    }
}
