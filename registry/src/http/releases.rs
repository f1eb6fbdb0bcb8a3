//! Publishing over HTTP.

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use claw_registry_api::{ErrorCode, ReleaseAnswer, Visibility, paths};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, Registry, body};
use crate::failure::Refusal;
use crate::notes::Outcome;
use crate::publish;
use crate::tokens::Caller;

/// What may stand after the path.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Parameters {
    /// Who may read the package.
    #[serde(default)]
    visibility: Visibility,
}

/// Publishes the release that a note states. Its tarball was uploaded before.
#[utoipa::path(
    post,
    path = paths::RELEASES,
    operation_id = "publish",
    params(Parameters),
    request_body(content = String, content_type = "text/x-claw-note; charset=utf-8", description = "the release note"),
    responses(
        (status = 201, description = "published, and visible to everybody", body = ReleaseAnswer),
        (status = 200, description = "the same release stood already", body = ReleaseAnswer),
    ),
    security(("token" = [])),
)]
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
    app.metrics.note("release", outcome);
    Ok((status(outcome), Json(answer)))
}

/// Whether something new happened, as HTTP says it.
pub(super) fn status(outcome: Outcome) -> StatusCode {
    match outcome {
        Outcome::Created => StatusCode::CREATED,
        Outcome::Standing => StatusCode::OK,
    }
}
