//! The routes, and what all of them have in common.
//!
//! Handlers are in `http/`, one file per noun. Whatever is answered, an error included, has one
//! shape, one set of headers and a bound on what is read for it.

mod blobs;
mod body;
mod caching;
mod client;
mod events;
mod failure;
mod health;
mod index;
mod keysets;
mod metrics;
mod namespaces;
mod observe;
pub(crate) mod openapi;
mod pages;
mod range;
mod releases;
mod request_id;
mod search;
mod tokens;
mod uploads;
mod well_known;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use claw_registry_api::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{Span, error};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::clock;
use crate::failure::{Failure, Refusal};
use crate::metrics::Asking;
use crate::tokens::Caller;
use client::Client;

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
        .routes(routes!(search::search))
        .routes(routes!(search::of_package))
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::metrics))
        .routes(routes!(openapi::document))
}

/// The service behind every connection.
pub(crate) fn router(app: Arc<App>) -> Router {
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
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(&app), observe::observe))
        .with_state(app)
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
        let client = parts.extensions.get::<Client>().copied();
        if let Some(client) = client {
            client.check_failures(app)?;
        }
        let read = async {
            let mut reader = app.db.read().await?;
            Caller::authenticate(&mut reader, secret, clock::now()).await
        };
        let caller = app.metrics.database(Asking::Read, read).await?;
        let Some(caller) = caller else {
            client.inspect(|client| client.count_failure(app));
            return Err(unauthorized("the token is unknown, expired or revoked").into());
        };
        Span::current().record("token", caller.id());
        if let Some(client) = client {
            client.take(app, client::budget(&parts.method), Some(caller.id()))?;
        }
        Ok(caller)
    }
}

#[cfg(test)]
mod tests;
