//! Who the registry is, for programs and for people who came by with a browser.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use claw_package::Digest;
use claw_registry_api::{WellKnown, media, paths};

use super::{Registry, caching};

/// Who the registry is, and where its parts are.
#[utoipa::path(
    get,
    path = paths::WELL_KNOWN,
    operation_id = "well_known",
    responses(
        (status = 200, description = "the document, to be kept for five minutes", body = WellKnown),
        (status = 304, description = "the client has it"),
    )
)]
pub(super) async fn document(State(app): Registry, request: HeaderMap) -> Response {
    let document = WellKnown::new(app.origin.clone());
    let body = serde_json::to_vec(&document).expect("strings and numbers always are JSON");
    let etag = caching::etag(&Digest::of(&body));
    let kept = [(ETAG, etag.clone()), (CACHE_CONTROL, caching::DOCUMENT)];
    if caching::is_fresh(&request, &etag, None) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    (
        kept,
        [(CONTENT_TYPE, HeaderValue::from_static(media::JSON))],
        body,
    )
        .into_response()
}

/// A greeting for people.
#[utoipa::path(
    get,
    path = "/",
    operation_id = "greeting",
    responses((status = 200, description = "where programs begin", body = String, content_type = "text/plain"))
)]
pub(super) async fn greeting(State(app): Registry) -> String {
    format!(
        "claw-registry {}\norigin {}\n\nPrograms begin at {}.\n",
        env!("CARGO_PKG_VERSION"),
        app.origin,
        paths::WELL_KNOWN
    )
}
