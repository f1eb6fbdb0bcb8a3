//! What a server does beside answering: it fills the search once, and writes down downloads.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tracing::error;

use crate::app::App;
use crate::downloads::{self, FLUSH_EVERY};
use crate::failure::chain;
use crate::search;

/// How long to wait after the search could not be filled.
const PAUSE: Duration = Duration::from_secs(5);

/// Runs until `stop` is done, and writes down what was counted until then.
pub(crate) async fn run(app: &App, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    tokio::select! {
        // Counts are written only afterwards: those that the search reads are then not added again.
        () = fill(app) => {}
        () = &mut stop => return downloads::flush(app).await,
    }
    let mut every = tokio::time::interval(FLUSH_EVERY);
    loop {
        let is_over = tokio::select! {
            _ = every.tick() => false,
            () = &mut stop => true,
        };
        downloads::flush(app).await;
        if is_over {
            return;
        }
    }
}

async fn fill(app: &App) {
    while let Err(failure) = search::fill(app).await {
        error!("the search could not be prepared: {}", chain(&failure));
        tokio::time::sleep(PAUSE).await;
    }
}
