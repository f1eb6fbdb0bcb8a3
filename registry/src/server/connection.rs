//! One connection, from its first byte to its last: the handshake, its requests, its end.
//!
//! It ends by itself, when it does nothing for too long, or when the server stops and what is under
//! way is done.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tracing::debug;

use super::activity::{Activity, Spent};
use super::stall::Stall;
use super::tls::{HTTP_2, Tls};
use crate::limits::Limits;

/// Who is at the other end of a request's connection. Requests carry it.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// The address that the connection comes from.
    pub(crate) address: SocketAddr,
    /// What the connection is doing.
    pub(crate) activity: Arc<Activity>,
}

/// What all connections share.
pub(super) struct Serving {
    router: Router,
    limits: Limits,
    tls: Option<Arc<Tls>>,
    http_1: Builder<TokioExecutor>,
    http_2: Builder<TokioExecutor>,
}

impl Serving {
    pub(super) fn new(router: Router, limits: Limits, tls: Option<Arc<Tls>>) -> Self {
        Self {
            router,
            tls,
            http_1: http_1(&limits),
            http_2: http_2(&limits),
            limits,
        }
    }

    /// Serves a connection until it ends. Once `stop` says so, nothing new is begun on it.
    pub(super) async fn serve(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        mut stop: watch::Receiver<bool>,
    ) {
        // Answers are written whole; waiting for more to send only delays small ones.
        if let Err(cause) = stream.set_nodelay(true) {
            debug!("a connection stays slow: {cause}");
        }
        let peer = Peer {
            address,
            activity: Activity::new(),
        };
        let stream = Stall::new(stream, self.limits.unread_time);
        let Some(tls) = &self.tls else {
            return self.drive(&self.http_1, stream, peer, stop).await;
        };
        let handshake = tokio::time::timeout(self.limits.head_time, tls.accept(stream));
        let accepted = tokio::select! {
            accepted = handshake => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok(Ok(stream)) => {
                let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(HTTP_2);
                let builder = if is_http_2 {
                    &self.http_2
                } else {
                    &self.http_1
                };
                self.drive(builder, stream, peer, stop).await;
            }
            Ok(Err(cause)) => debug!("a handshake failed: {cause}"),
            Err(_) => debug!("a handshake took too long"),
        }
    }

    async fn drive(
        &self,
        builder: &Builder<TokioExecutor>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        mut stop: watch::Receiver<bool>,
    ) {
        let activity = Arc::clone(&peer.activity);
        let router = TowerToHyperService::new(self.router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            router.call(request)
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let (idle, unread) = (self.limits.head_time, self.limits.unread_time);
        let mut has_stopped = false;
        let farewell = tokio::time::sleep(Duration::ZERO);
        let mut farewell = std::pin::pin!(farewell);
        let mut is_leaving = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(cause) = ended {
                        debug!("a connection ended: {cause}");
                    }
                    return;
                }
                _ = stop.wait_for(|stop| *stop), if !has_stopped => {
                    has_stopped = true;
                    connection.as_mut().graceful_shutdown();
                }
                why = activity.spent(idle, unread), if !is_leaving => {
                    if why == Spent::Unread {
                        debug!("a connection ended: the client does not read");
                        return;
                    }
                    // It is told, and has as long again to hear it.
                    connection.as_mut().graceful_shutdown();
                    is_leaving = true;
                    farewell.as_mut().reset(tokio::time::Instant::now() + idle);
                }
                () = farewell.as_mut(), if is_leaving => {
                    debug!("a connection ended: nothing was asked for");
                    return;
                }
            }
        }
    }
}

/// Without TLS this is all there is: nobody negotiates HTTP/2 there, and telling the two apart by their
/// first bytes would wait for those bytes without a bound.
fn http_1(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_bytes);
    builder
}

fn http_2(limits: &Limits) -> Builder<TokioExecutor> {
    let head_bytes = u32::try_from(limits.head_bytes).unwrap_or(u32::MAX);
    let mut builder = Builder::new(TokioExecutor::new()).http2_only();
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(head_bytes)
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(limits.window_bytes)
        .initial_connection_window_size(limits.window_bytes);
    builder
}
