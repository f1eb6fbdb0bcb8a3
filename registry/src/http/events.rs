//! Yanking and unyanking over HTTP.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use claw_registry_api::EventAnswer;

use super::releases::status;
use super::{Answer, Registry, body};
use crate::events;
use crate::tokens::Caller;

/// `POST /api/v1/events`
pub(super) async fn accept(
    State(app): Registry,
    caller: Caller,
    body: Body,
) -> Answer<(StatusCode, Json<EventAnswer>)> {
    let note = body::note(&app, body).await?;
    let (outcome, answer) = events::accept(&app, &caller, &note).await?;
    Ok((status(outcome), Json(answer)))
}
