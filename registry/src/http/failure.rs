//! How a failure is answered: one JSON shape, the status of its code, and nothing of our insides.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use claw_registry_api::{ErrorBody, ErrorCode, media};
use tracing::error;

use super::request_id::RequestId;
use crate::failure::{Failure, chain, is_storage_full};

/// What is said when there is no room on the disk.
const STORAGE_FULL: &str = "the disk of the registry is full, and nothing was changed; \
    try again once its operator has made room";

/// When to come back after being sent away for want of room, in seconds.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("1");

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Failure::Refused(refusal) => {
                let wait = refusal.wait;
                let mut response = response(refusal.code, refusal.detail);
                if let Some(wait) = wait {
                    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                    let headers = response.headers_mut();
                    headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
                }
                response
            }
            Failure::Internal(cause) => {
                error!("a request failed: {}", chain(cause.as_ref()));
                if is_storage_full(cause.as_ref()) {
                    return response(ErrorCode::StorageFull, STORAGE_FULL.to_owned());
                }
                internal()
            }
        }
    }
}

/// Gives the errors that the layers below us answer by themselves the shape of ours, and tells whoever
/// met a fault of ours under which name our log has it.
pub(super) fn uniform(response: Response, id: &RequestId) -> Response {
    if response.extensions().get() == Some(&ErrorCode::Internal) {
        return internal_of(id);
    }
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_ours = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|media| media == media::JSON);
    if !is_error || is_ours {
        return response;
    }
    let code = ErrorCode::ALL
        .iter()
        .find(|code| code.status() == status.as_u16());
    let detail = status.canonical_reason().unwrap_or("error").to_lowercase();
    let mut answer = self::response(*code.unwrap_or(&ErrorCode::BadRequest), detail);
    *answer.status_mut() = status;
    answer
}

/// The answer to what went wrong on our side.
pub(super) fn internal() -> Response {
    response(
        ErrorCode::Internal,
        "the registry failed; its log says why".to_owned(),
    )
}

/// The same, with where to look in the log.
fn internal_of(id: &RequestId) -> Response {
    let detail = format!("the registry failed; its log says why, under the request `{id}`");
    response(ErrorCode::Internal, detail)
}

fn response(code: ErrorCode, detail: String) -> Response {
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(ErrorBody::new(code, detail))).into_response();
    let headers = response.headers_mut();
    match code {
        ErrorCode::Unauthorized => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        ErrorCode::TooManyRequests | ErrorCode::Unavailable => {
            headers.insert(RETRY_AFTER, RETRY_SECONDS);
        }
        _ => {}
    }
    response.extensions_mut().insert(code);
    response
}
