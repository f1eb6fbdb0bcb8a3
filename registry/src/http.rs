//! The routes, and what all of them have in common.
//!
//! Handlers are in `http/`, one file per noun. Whatever is answered, an error included, has one
//! shape, one set of headers and a bound on what is read for it.

mod blobs;
mod body;
mod caching;
mod events;
mod failure;
mod health;
mod index;
mod keysets;
mod limits;
mod namespaces;
pub(crate) mod openapi;
mod releases;
mod tokens;
mod uploads;
mod well_known;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use claw_registry_api::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::{DefaultMakeSpan, TraceLayer};
use tracing::{Level, error};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::clock;
use crate::failure::{Failure, Refusal};
use crate::tokens::Caller;

/// What a handler answers: a response, or why there is none.
type Answer<T> = Result<T, Failure>;
type Registry = State<Arc<App>>;

/// Everything that a registry answers to. A handler gets here by its description, which says its path
/// and its method: what `/openapi.json` does not have cannot be asked for.
fn described() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::general())
        .routes(routes!(well_known::greeting))
        .routes(routes!(well_known::document))
        .routes(routes!(index::file))
        .routes(routes!(blobs::blob))
        .routes(routes!(keysets::note))
        .routes(routes!(uploads::upload, uploads::held))
        .routes(routes!(releases::publish))
        .routes(routes!(events::accept))
        .routes(routes!(namespaces::create))
        .routes(routes!(tokens::create, tokens::list))
        .routes(routes!(tokens::revoke))
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(openapi::document))
}

/// The service behind every connection.
pub fn router(app: Arc<App>) -> Router {
    // Which request an error in the log is about. Failures log themselves, once.
    let trace = TraceLayer::new_for_http()
        .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
        .on_failure(());
    let (router, _) = described().split_for_parts();
    router
        .fallback(async || {
            Failure::from(Refusal::new(ErrorCode::NotFound, "there is nothing here"))
        })
        .method_not_allowed_fallback(async || {
            Failure::from(Refusal::new(
                ErrorCode::MethodNotAllowed,
                "this path does not take this method",
            ))
        })
        .layer(axum::middleware::from_fn(limits::concurrency(
            app.limits.requests,
        )))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(map_response(common))
        .layer(trace)
        .with_state(app)
}

/// What is not said to be cached is not, and no browser guesses at what bytes are.
async fn common(response: Response) -> Response {
    let mut response = failure::uniform(response);
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let message = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    error!("a handler panicked: {message}");
    failure::internal().into_response()
}

/// Any registry path that needs a token takes it from here.
impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Answer<Self> {
        let unauthorized = |detail| Refusal::new(ErrorCode::Unauthorized, detail);
        let header = parts.headers.get(AUTHORIZATION);
        let secret = header
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, secret)| secret.trim());
        let Some(secret) = secret else {
            return Err(unauthorized("this needs a token: `Authorization: Bearer claw_…`").into());
        };
        let mut reader = app.db.read().await?;
        let caller = Caller::authenticate(&mut reader, secret, clock::now()).await?;
        caller.ok_or_else(|| unauthorized("the token is unknown, expired or revoked").into())
    }
}

#[cfg(test)]
mod tests;
