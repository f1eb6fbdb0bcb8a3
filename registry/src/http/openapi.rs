//! What the registry answers to, as an OpenAPI document made from the handlers themselves.
//!
//! It is the same for every registry of this version and says nothing of what one holds.

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use claw_package::Digest;
use claw_registry_api::{ErrorBody, IndexLine, media, paths};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, PathItem, Ref, ResponseBuilder};

use super::caching;

/// The name of the answer that all handlers share.
const REFUSAL: &str = "Refusal";

/// The document as it is sent, made once.
static DOCUMENT: LazyLock<(Bytes, HeaderValue)> = LazyLock::new(|| {
    let mut document = super::described().into_openapi();
    document.paths.paths.values_mut().for_each(refuse);
    let body = document
        .to_json()
        .expect("descriptions are texts and lists, which always are JSON");
    let etag = caching::etag(&Digest::of(body.as_bytes()));
    (body.into(), etag)
});

/// The text of the document.
#[cfg(test)]
pub(crate) fn text() -> &'static [u8] {
    &DOCUMENT.0
}

/// What is said beside the handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "claw-registry",
        description = "A registry of signed skills. Everything that can be read needs no token, and nothing that is read here \
            is thereby true: signed notes say it, and clients verify them.",
    ),
    components(schemas(ErrorBody, IndexLine))
)]
struct General;

/// The document before any handler is in it.
pub(super) fn general() -> utoipa::openapi::OpenApi {
    let mut document = General::openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("a token, `claw_…`"))
        .build();
    let refusal = ResponseBuilder::new()
        .description("any other status is a refusal or a failure, with codes for programs")
        .content(
            media::JSON,
            Content::new(Some(Ref::from_schema_name("ErrorBody"))),
        );
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    components
        .responses
        .insert(REFUSAL.to_owned(), refusal.build().into());
    document
}

/// Adds to what every handler says of itself how it says no.
fn refuse(path: &mut PathItem) {
    let operations = [
        &mut path.get,
        &mut path.head,
        &mut path.put,
        &mut path.post,
        &mut path.delete,
    ];
    for operation in operations.into_iter().flatten() {
        let refusal = Ref::from_response_name(REFUSAL).into();
        let responses = &mut operation.responses.responses;
        responses.insert("default".to_owned(), refusal);
    }
}

/// This document.
#[utoipa::path(
    get,
    path = paths::OPENAPI,
    operation_id = "openapi",
    responses(
        (status = 200, description = "the document", body = serde_json::Value),
        (status = 304, description = "the client has it"),
    )
)]
pub(super) async fn document(request: HeaderMap) -> Response {
    let (body, etag) = &*DOCUMENT;
    let kept = [(ETAG, etag.clone()), (CACHE_CONTROL, caching::DOCUMENT)];
    if caching::is_fresh(&request, etag, None) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    let media = [(CONTENT_TYPE, HeaderValue::from_static(media::JSON))];
    (kept, media, body.clone()).into_response()
}
