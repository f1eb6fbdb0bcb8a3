//! How many requests are worked on at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use claw_registry_api::ErrorCode;
use tokio::sync::Semaphore;

use crate::failure::{Failure, Refusal};

type Handled = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Passes on up to `most` requests at once and refuses the others.
pub(super) fn concurrency(
    most: usize,
) -> impl Fn(Request, Next) -> Handled + Clone + Send + Sync + 'static {
    let turns = Arc::new(Semaphore::new(most));
    move |request, next| {
        let turn = Arc::clone(&turns).try_acquire_owned();
        Box::pin(async move {
            match turn {
                Ok(_turn) => next.run(request).await,
                Err(_) => {
                    let detail = "too many requests are being worked on";
                    Failure::from(Refusal::new(ErrorCode::Unavailable, detail)).into_response()
                }
            }
        })
    }
}
