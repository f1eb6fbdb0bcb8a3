//! Whether the process lives, and whether it can do its work.

use axum::Json;
use axum::extract::State;
use claw_registry_api::{ErrorCode, paths};
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

use super::{Answer, Registry};
use crate::app::App;
use crate::db::registry;
use crate::failure::{Failure, Refusal, chain};

/// The registry lives.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `healthy`.
    status: &'static str,
    /// The version of the program.
    version: &'static str,
}

/// The registry can do its work.
#[derive(Serialize, ToSchema)]
pub(super) struct Readiness {
    /// Always `ready`.
    status: &'static str,
    /// `ready`, or `preparing` after a start: until then everything else is answered.
    search: &'static str,
}

/// Whether the process lives: it answers, or there is no answer.
#[utoipa::path(
    get,
    path = paths::HEALTH,
    operation_id = "health",
    responses((status = 200, description = "it lives", body = Health))
)]
pub(super) async fn health() -> Json<Health> {
    Json(Health {
        status: "healthy",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Whether the database answers and the folder can be written to.
#[utoipa::path(
    get,
    path = paths::READY,
    operation_id = "ready",
    responses((status = 200, description = "both do", body = Readiness))
)]
pub(super) async fn ready(State(app): Registry) -> Answer<Json<Readiness>> {
    check(&app).await.map_err(|failure| {
        error!("not ready: {}", chain(&failure));
        if failure.is_storage_full() {
            return Refusal::new(
                ErrorCode::StorageFull,
                "the disk is full: what is published is served, and nothing new is taken",
            );
        }
        Refusal::new(
            ErrorCode::Unavailable,
            "the database or the folder can't be used; the log says why",
        )
    })?;
    let search = if app.search.is_ready() {
        "ready"
    } else {
        "preparing"
    };
    Ok(Json(Readiness {
        status: "ready",
        search,
    }))
}

async fn check(app: &App) -> Result<(), Failure> {
    let mut reader = app.db.read().await?;
    if registry::origin(&mut reader).await?.as_ref() != Some(&app.origin) {
        return Err(Failure::internal("the database is of another registry"));
    }
    let storage = app.storage.clone();
    tokio::task::spawn_blocking(move || storage.probe()).await??;
    Ok(())
}
