//! The registry's numbers, for Prometheus.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use claw_registry_api::paths;

use super::{Answer, Registry};
use crate::failure::Failure;

/// The form that Prometheus has read since it began.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// The registry's numbers since its start. They name no package, no person and no address.
#[utoipa::path(
    get,
    path = paths::METRICS,
    operation_id = "metrics",
    responses((status = 200, description = "in the text form of Prometheus", body = String, content_type = "text/plain"))
)]
pub(super) async fn metrics(State(app): Registry) -> Answer<Response> {
    let text = app.metrics.text().map_err(Failure::internal)?;
    Ok(([(CONTENT_TYPE, TEXT)], text).into_response())
}
