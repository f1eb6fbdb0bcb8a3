//! Creating namespaces over HTTP.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use claw_registry_api::{NamespaceAnswer, Scope};

use super::releases::status;
use super::{Answer, Registry, body};
use crate::tokens::Caller;
use crate::{clock, namespaces};

/// `POST /api/v1/namespaces`
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
    Ok((status(outcome), Json(answer)))
}
