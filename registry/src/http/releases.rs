//! Publishing over HTTP.

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use claw_registry_api::{ErrorCode, ReleaseAnswer, Visibility};
use serde::Deserialize;

use super::{Answer, Registry, body};
use crate::failure::Refusal;
use crate::notes::Outcome;
use crate::publish;
use crate::tokens::Caller;

/// What may stand after the path.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    #[serde(default)]
    visibility: Visibility,
}

/// `POST /api/v1/releases`
pub(super) async fn publish(
    State(app): Registry,
    caller: Caller,
    parameters: Result<Query<Parameters>, QueryRejection>,
    body: Body,
) -> Answer<(StatusCode, Json<ReleaseAnswer>)> {
    let Query(parameters) =
        parameters.map_err(|error| Refusal::new(ErrorCode::BadRequest, error.body_text()))?;
    let note = body::note(&app, body).await?;
    let (outcome, answer) = publish::publish(&app, &caller, &note, parameters.visibility).await?;
    Ok((status(outcome), Json(answer)))
}

/// Whether something new happened, as HTTP says it.
pub(super) fn status(outcome: Outcome) -> StatusCode {
    match outcome {
        Outcome::Created => StatusCode::CREATED,
        Outcome::Standing => StatusCode::OK,
    }
}
