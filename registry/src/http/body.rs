//! Reads the small bodies: notes and JSON. Tarballs are read by `uploads`.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::EXPECT;
use bytes::Bytes;
use claw_registry_api::{ErrorCode, JSON_BYTES_MAX};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::Answer;
use crate::app::App;
use crate::failure::{Failure, Refusal, chain};

/// A note, if it is no longer than any note.
pub(super) async fn note(app: &App, body: Body) -> Answer<Bytes> {
    whole(app, body, claw_trust::NOTE_BYTES_MAX).await
}

/// JSON of one shape.
pub(super) async fn json<T: DeserializeOwned>(app: &App, body: Body) -> Answer<T> {
    let bytes = whole(app, body, JSON_BYTES_MAX).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::new(
            ErrorCode::BadRequest,
            format!("the body is not what belongs here: {error}"),
        )
        .into()
    })
}

async fn whole(app: &App, body: Body, bytes_max: usize) -> Answer<Bytes> {
    let read = tokio::time::timeout(
        app.limits.body_time,
        Limited::new(body, bytes_max).collect(),
    )
    .await;
    match read {
        Ok(Ok(whole)) => {
            let bytes = whole.to_bytes();
            app.metrics.received(bytes.len());
            Ok(bytes)
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let detail = format!("the body is longer than {bytes_max} bytes");
            Err(Refusal::new(ErrorCode::TooLarge, detail).into())
        }
        Ok(Err(error)) => Err(broken(&*error)),
        Err(_) => Err(late(app.limits.body_time)),
    }
}

/// Hears a client out that is refused before anybody looks at what it sends. Whoever asked first whether
/// to send has sent nothing yet, and is not to be told to.
pub(super) async fn refuse(app: &App, request: Request) {
    if !request.headers().contains_key(EXPECT) {
        discard(app, request.into_body()).await;
    }
}

/// Reads what a refused client is still sending, within bounds: most clients look at an answer only
/// when they have sent everything, and a connection that is closed before would hide it from them.
pub(super) async fn discard(app: &App, body: Body) {
    let mut body = Limited::new(body, app.limits.discarded_bytes);
    let read = async { while let Some(Ok(_)) = body.frame().await {} };
    // Whoever needs longer than that for what nobody wants is cut off.
    let _read = tokio::time::timeout(app.limits.discard_time, read).await;
}

/// The client went away or broke the rules of HTTP: it is told, if it still listens.
pub(super) fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Refusal::new(
        ErrorCode::BadRequest,
        format!("the body broke off: {}", chain(error)),
    )
    .into()
}

/// The client took too long.
pub(super) fn late(most: Duration) -> Failure {
    let detail = format!("the body took longer than {} seconds", most.as_secs());
    Refusal::new(ErrorCode::Timeout, detail).into()
}
