//! Whether the process lives, and whether it can do its work.

use axum::Json;
use axum::extract::State;
use claw_registry_api::ErrorCode;
use serde_json::{Value, json};
use tracing::error;

use super::{Answer, Registry};
use crate::app::App;
use crate::db::registry;
use crate::failure::{Failure, Refusal, chain};

/// `GET /health`: it lives, or there is no answer.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "healthy", "version": env!("CARGO_PKG_VERSION") }))
}

/// `GET /ready`: the database answers and the folder can be written to.
pub(super) async fn ready(State(app): Registry) -> Answer<Json<Value>> {
    check(&app).await.map_err(|failure| {
        error!("not ready: {}", chain(&failure));
        Refusal::new(
            ErrorCode::Unavailable,
            "the database or the folder can't be used; the log says why",
        )
    })?;
    Ok(Json(json!({ "status": "ready" })))
}

async fn check(app: &App) -> Result<(), Failure> {
    let mut reader = app.db.read().await?;
    if registry::origin(&mut reader).await?.as_ref() != Some(&app.origin) {
        return Err(Failure::internal("the database is of another registry"));
    }
    let storage = app.storage.clone();
    tokio::task::spawn_blocking(move || storage.new_upload()).await??;
    Ok(())
}
