//! Yanking and unyanking over HTTP.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use claw_registry_api::{EventAnswer, paths};

use super::releases::status;
use super::{Answer, Registry, body};
use crate::events;
use crate::tokens::Caller;

/// Yanks or unyanks a release, as a note says.
#[utoipa::path(
    post,
    path = paths::EVENTS,
    operation_id = "send_event",
    request_body(content = String, content_type = "text/x-claw-note; charset=utf-8", description = "the yank or unyank note"),
    responses(
        (status = 201, description = "done, and visible to everybody", body = EventAnswer),
        (status = 200, description = "the same note stood already", body = EventAnswer),
    ),
    security(("token" = [])),
)]
pub(super) async fn accept(
    State(app): Registry,
    caller: Caller,
    body: Body,
) -> Answer<(StatusCode, Json<EventAnswer>)> {
    let note = body::note(&app, body).await?;
    let (outcome, answer) = events::accept(&app, &caller, &note).await?;
    app.metrics.note("event", outcome);
    Ok((status(outcome), Json(answer)))
}
