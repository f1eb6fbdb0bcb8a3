//! What all requests go through: a name, a bound on their number, headers that all answers have, and one
//! line in the log and one count when the answer is over.
//!
//! Neither the log nor the numbers hold a path, a query or a header of the client: a route as it is
//! registered says where a request went, and nothing that was sent can be a secret there.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use claw_registry_api::ErrorCode;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tracing::{Instrument as _, Span, error_span, field, info};

use super::client::{self, Client};
use super::request_id::{RequestId, X_REQUEST_ID};
use super::{Registry, body, failure};
use crate::app::App;
use crate::failure::{Failure, Refusal};
use crate::metrics;
use crate::server::{Exchange, Peer};

/// For requests that no handler is for.
const NO_ROUTE: &str = "none";

/// How much of an answer is handed over at once over HTTP/2: a frame.
const HTTP_2_PIECE_BYTES: usize = 16 * 1024;

/// Answers a request by what comes after it.
pub(super) async fn observe(State(app): Registry, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = RequestId::of(request.headers());
    let peer = request.extensions().get::<Peer>().cloned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = name(request.method());
    let is_http_2 = request.version() == Version::HTTP_2;
    // Of every level, so that an error says which request it is about whatever else is logged.
    let span = error_span!("request", %id, token = field::Empty);
    let exchange = peer.as_ref().map(|peer| peer.activity.begin());
    let client = peer
        .as_ref()
        .map(|peer| Client::of(peer.address.ip(), request.headers(), &app.limits.proxies));
    if let Some(client) = client {
        request.extensions_mut().insert(client);
    }
    let turn = Arc::clone(&app.requests).try_acquire_owned().ok();
    let response = async {
        let budget = client::budget(request.method());
        let admitted = client.map_or(Ok(()), |client| client.take(&app, budget, None));
        match (admitted, &turn) {
            (Ok(()), Some(_)) => next.run(request).await,
            (Ok(()), None) => {
                let detail = "too many requests are being worked on";
                Failure::from(Refusal::new(ErrorCode::Unavailable, detail)).into_response()
            }
            (Err(failure), _) => {
                body::refuse(&app, request).await;
                failure.into_response()
            }
        }
    };
    let response = response.instrument(span.clone()).await;
    let mut response = failure::uniform(response, &id);
    let code = response.extensions().get().copied();
    let status = response.status().as_u16();
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id.header());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    let seen = Seen {
        app,
        begun,
        route,
        method,
        status,
        code,
        client,
        exchange,
        span,
        bytes: 0,
        _turn: turn,
    };
    response.map(|body| {
        Body::new(Observed {
            body,
            rest: Bytes::new(),
            is_http_2,
            seen,
        })
    })
}

/// A method by a name that is ours: clients invent others.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// What is known of a request until its answer is over, however it ends.
struct Seen {
    app: Arc<App>,
    begun: Instant,
    route: Option<MatchedPath>,
    method: &'static str,
    status: u16,
    code: Option<ErrorCode>,
    client: Option<Client>,
    exchange: Option<Exchange>,
    span: Span,
    bytes: u64,
    /// A page of a tarball is in memory as long as its client takes.
    _turn: Option<OwnedSemaphorePermit>,
}

impl Drop for Seen {
    fn drop(&mut self) {
        let request = metrics::Request {
            route: self.route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str),
            method: self.method,
            status: self.status,
            code: self.code,
            bytes: self.bytes,
            duration: self.begun.elapsed(),
        };
        self.app.metrics.request(&request);
        let _entered = self.span.enter();
        info!(
            method = request.method,
            route = request.route,
            status = request.status,
            code = request.code.map(ErrorCode::as_str),
            bytes = request.bytes,
            duration_us = u64::try_from(request.duration.as_micros()).unwrap_or(u64::MAX),
            client = self.client.map(|client| field::display(client.address)),
            "answered"
        );
    }
}

/// The body of an answer, counted as it is sent.
struct Observed {
    body: Body,
    /// What is left of a piece that was too large to be handed over as one.
    rest: Bytes,
    is_http_2: bool,
    seen: Seen,
}

impl Observed {
    /// The next piece of what is there. Over HTTP/2 a piece is out of our hands, and in memory, before
    /// its client has room for it.
    fn piece(&mut self) -> Frame<Bytes> {
        let length = if self.is_http_2 {
            self.rest.len().min(HTTP_2_PIECE_BYTES)
        } else {
            self.rest.len()
        };
        self.seen.bytes += length as u64;
        if let Some(exchange) = &mut self.seen.exchange {
            exchange.handed_over();
        }
        Frame::data(self.rest.split_to(length))
    }
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(exchange) = &mut self.seen.exchange {
            exchange.asked();
        }
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        Poll::Ready(Some(Ok(self.piece())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}
