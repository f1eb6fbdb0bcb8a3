//! From a name to addresses, once per request.
//!
//! All answers come back, so that all can be judged. What answers is the operator's system; a test
//! or a script brings its own.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

use tokio::sync::Semaphore;
use wasmtime_wasi::async_trait;

use crate::limits::LOOKUPS_MAX;

/// Finds the addresses of a name.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// All addresses of `name`, in the order in which they should be tried.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's own resolver.
pub struct SystemResolver {
    running: Arc<Semaphore>,
}

impl SystemResolver {
    /// One per process.
    pub fn new() -> Self {
        Self {
            running: Arc::new(Semaphore::new(LOOKUPS_MAX)),
        }
    }
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let running = Arc::clone(&self.running);
        let permit = running.acquire_owned().await.map_err(io::Error::other)?;
        let name = name.to_owned();
        // Nobody can end a look-up that hangs, so it keeps its place until it ends by itself.
        let lookup = tokio::task::spawn_blocking(move || {
            let found = (name.as_str(), 0).to_socket_addrs();
            drop(permit);
            found.map(|addresses| addresses.map(|address| address.ip()).collect())
        });
        lookup.await.map_err(io::Error::other)?
    }
}
