//! From a checked address to a connection. Nothing here knows a name.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi::async_trait;

/// A connection, whatever carries it.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens connections.
#[async_trait]
pub trait Dialler: Send + Sync {
    /// Connects to `address` and to nothing else.
    async fn dial(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>>;
}

/// The system's own TCP.
#[derive(Debug, Default)]
pub struct SystemDialler;

#[async_trait]
impl Dialler for SystemDialler {
    async fn dial(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}

/// Tries one address after the other. Each gets its share of what time is left, so that one that
/// does not answer does not keep the next from being tried.
pub(super) async fn first_of(
    dialler: &dyn Dialler,
    addresses: &[SocketAddr],
    until: Instant,
) -> io::Result<Box<dyn Stream>> {
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for (index, address) in addresses.iter().enumerate() {
        let left = until.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        match timeout_at(Instant::now() + share, dialler.dial(*address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed = error,
            Err(_) => failed = io::ErrorKind::TimedOut.into(),
        }
        if left == Duration::ZERO {
            break;
        }
    }
    Err(failed)
}
