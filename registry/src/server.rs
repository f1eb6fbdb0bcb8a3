//! Takes connections and hands their requests to the router, within bounds on their number, on the
//! size and the time of what they send before a request is understood, and on how long they may leave
//! an answer unread.

mod activity;
mod connection;
mod stall;
mod tls;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinSet;
use tracing::{debug, error, info};

use crate::app::App;
use crate::{background, http};
pub(crate) use activity::Exchange;
pub(crate) use connection::Peer;
use connection::Serving;
pub use tls::{Tls, TlsError};

/// How long to wait after the operating system had no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);
/// How often staging is looked through for what nobody came back for.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);

/// Serves until `stop` is done, then lets the requests under way end, within a bound.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    tls: Option<Arc<Tls>>,
    stop: impl Future<Output = ()>,
) {
    let limits = app.limits.clone();
    let mut chores = JoinSet::new();
    chores.spawn(sweep(Arc::clone(&app)));
    if let Some(tls) = &tls {
        chores.spawn(tls::watch(Arc::clone(tls), limits.certificate_time));
    }
    let router = http::router(Arc::clone(&app));
    let serving = Arc::new(Serving::new(router, limits.clone(), tls));
    let turns = Arc::new(Semaphore::new(limits.connections));
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let (ending, ended) = oneshot::channel::<()>();
    let beside = Arc::clone(&app);
    let beside = tokio::spawn(async move {
        background::run(&beside, async { drop(ended.await) }).await;
    });
    let mut stop = std::pin::pin!(stop);
    loop {
        let turn = Arc::clone(&turns).acquire_owned();
        let accepted = async { (turn.await, listener.accept().await) };
        let (turn, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, address)) => {
                let (serving, stopped) = (Arc::clone(&serving), stopped.clone());
                let standing = app.metrics.connections.clone();
                connections.spawn(async move {
                    standing.inc();
                    serving.serve(stream, address, stopped).await;
                    standing.dec();
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
    info!("stopping: no new connections are taken");
    stopping.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.farewell_time, ended)
        .await
        .is_err()
    {
        info!(
            "some requests did not end in {} seconds",
            limits.farewell_time.as_secs()
        );
    }
    drop(ending);
    if let Err(cause) = beside.await {
        error!("what runs beside the server failed: {cause}");
    }
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
