//! Tokens over HTTP, for administrators.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use claw_registry_api::{ErrorCode, Scope, TokenAnswer, TokenList, TokenRequest, paths};

use super::{Answer, Registry, body};
use crate::clock;
use crate::db;
use crate::failure::Refusal;
use crate::tokens::{self, Caller};

/// Makes a token. Administrators only.
#[utoipa::path(
    post,
    path = paths::TOKENS,
    operation_id = "create_token",
    request_body = TokenRequest,
    responses((status = 201, description = "made; the secret is shown this once", body = TokenAnswer)),
    security(("token" = [])),
)]
pub(super) async fn create(
    State(app): Registry,
    caller: Caller,
    body: Body,
) -> Answer<(StatusCode, Json<TokenAnswer>)> {
    caller.has(Scope::Admin)?;
    let TokenRequest {
        scopes,
        namespace,
        expires_seconds,
    } = body::json(&app, body).await?;
    if scopes.is_empty() {
        return Err(Refusal::new(ErrorCode::BadRequest, "a token needs at least one scope").into());
    }
    let now = clock::now();
    let expires = expires_seconds.map(|seconds| clock::after(now, seconds));
    caller.may_manage(&namespace, expires)?;
    let mut tx = app.db.begin_write().await?;
    let (secret, token) = tokens::create(&mut tx, &scopes, &namespace, now, expires).await?;
    tx.commit().await?;
    Ok((
        StatusCode::CREATED,
        Json(TokenAnswer {
            token,
            secret: secret.expose().to_owned(),
        }),
    ))
}

/// Every token that the administrator manages, without secrets.
#[utoipa::path(
    get,
    path = paths::TOKENS,
    operation_id = "list_tokens",
    responses((status = 200, description = "the oldest first", body = TokenList)),
    security(("token" = [])),
)]
pub(super) async fn list(State(app): Registry, caller: Caller) -> Answer<Json<TokenList>> {
    caller.has(Scope::Admin)?;
    let mut reader = app.db.read().await?;
    let rows = db::tokens::list(&mut reader).await?;
    let tokens = rows.into_iter().map(|row| row.entry);
    Ok(Json(TokenList {
        tokens: tokens
            .filter(|token| caller.manages(&token.namespace))
            .collect(),
    }))
}

/// Ends a token for good. Administrators only.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{id}",
    operation_id = "revoke_token",
    params(("id" = String, Path, description = "the token's number")),
    responses((status = 204, description = "it has ended")),
    security(("token" = [])),
)]
pub(super) async fn revoke(
    State(app): Registry,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    caller.has(Scope::Admin)?;
    let mut tx = app.db.begin_write().await?;
    let rows = db::tokens::list(&mut tx).await?;
    let token = rows
        .into_iter()
        .map(|row| row.entry)
        .find(|token| token.id.to_string() == id);
    match token.filter(|token| caller.manages(&token.namespace)) {
        Some(token) => db::tokens::revoke(&mut tx, token.id, clock::now()).await?,
        None => {
            return Err(
                Refusal::new(ErrorCode::NotFound, format!("there is no token `{id}`")).into(),
            );
        }
    };
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
