//! Creating namespaces over HTTP.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use claw_registry_api::{NamespaceAnswer, Scope, paths};

use super::releases::status;
use super::{Answer, Registry, body};
use crate::tokens::Caller;
use crate::{clock, namespaces};

/// Creates a namespace from its genesis keyset note. Administrators only.
#[utoipa::path(
    post,
    path = paths::NAMESPACES,
    operation_id = "create_namespace",
    request_body(content = String, content_type = "text/x-claw-note; charset=utf-8", description = "the genesis keyset note"),
    responses(
        (status = 201, description = "created", body = NamespaceAnswer),
        (status = 200, description = "the same keyset stood already", body = NamespaceAnswer),
    ),
    security(("token" = [])),
)]
pub(super) async fn create(
    State(app): Registry,
    caller: Caller,
    body: Body,
) -> Answer<(StatusCode, Json<NamespaceAnswer>)> {
    caller.has(Scope::Admin)?;
    let note = body::note(&app, body).await?;
    let keyset = namespaces::read(&app.origin, &note)?;
    caller.may(Scope::Admin, &keyset.namespace)?;
    let (outcome, answer) = namespaces::create(&app.db, &keyset, &note, clock::now()).await?;
    app.metrics.note("keyset", outcome);
    Ok((status(outcome), Json(answer)))
}
