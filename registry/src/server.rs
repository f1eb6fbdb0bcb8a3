//! Takes connections and hands their requests to the router, within bounds on their number, on the
//! size and the time of what they send before a request is understood, and on how long they may leave
//! an answer unread.

mod stall;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tracing::{debug, error, info};

use crate::app::App;
use crate::http;
use crate::limits::Limits;
use stall::Stall;

/// How long to wait after the operating system had no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);
/// How often staging is looked through for what nobody came back for.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);

/// Serves until `stop` is done, then lets the requests under way end.
pub async fn serve(listener: TcpListener, app: Arc<App>, stop: impl Future<Output = ()>) {
    let router = http::router(Arc::clone(&app));
    let connections = Arc::new(Semaphore::new(app.limits.connections));
    let graceful = GracefulShutdown::new();
    let limits = app.limits.clone();
    let builder = builder(&limits);
    let sweeper = tokio::spawn(sweep(app));
    let mut stop = std::pin::pin!(stop);
    loop {
        let turn = Arc::clone(&connections).acquire_owned();
        let accepted = async { (turn.await, listener.accept().await) };
        let (turn, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = graceful
                    .watch(connect(&builder, stream, &router, limits.unread_time).into_owned());
                tokio::spawn(async move {
                    if let Err(cause) = connection.await {
                        debug!("a connection ended: {cause}");
                    }
                    drop(turn);
                });
            }
            Err(cause) if is_of_one_connection(&cause) => debug!("a connection failed: {cause}"),
            Err(cause) => {
                error!("could not take a connection: {cause}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    sweeper.abort();
    info!("stopping: no new connections are taken");
    if tokio::time::timeout(limits.farewell_time, graceful.shutdown())
        .await
        .is_err()
    {
        info!(
            "some requests did not end in {} seconds",
            limits.farewell_time.as_secs()
        );
    }
}

type Connection<'a> = hyper_util::server::conn::auto::Connection<
    'a,
    TokioIo<Stall<TcpStream>>,
    TowerToHyperService<Router>,
    TokioExecutor,
>;

fn connect<'a>(
    builder: &'a Builder<TokioExecutor>,
    stream: TcpStream,
    router: &Router,
    unread: Duration,
) -> Connection<'a> {
    // Answers are written whole; waiting for more to send only delays small ones.
    if let Err(cause) = stream.set_nodelay(true) {
        debug!("a connection stays slow: {cause}");
    }
    let stream = TokioIo::new(Stall::new(stream, unread));
    builder.serve_connection(stream, TowerToHyperService::new(router.clone()))
}

/// HTTP/1.1 and nothing else: without TLS nobody negotiates HTTP/2, and telling the two apart by their
/// first bytes would wait for those bytes without a bound.
fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_bytes);
    builder
}

/// Whether the fault is of the connection that was to be taken, and not ours.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

/// Looks through staging now and then.
async fn sweep(app: Arc<App>) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    loop {
        every.tick().await;
        let storage = app.storage.clone();
        match tokio::task::spawn_blocking(move || storage.sweep(SystemTime::now())).await {
            Ok(Ok(0)) => {}
            Ok(Ok(removed)) => info!("removed {removed} tarballs that no release came to name"),
            Ok(Err(cause)) => error!("could not look through staging: {cause}"),
            Err(cause) => error!("looking through staging failed: {cause}"),
        }
    }
}
