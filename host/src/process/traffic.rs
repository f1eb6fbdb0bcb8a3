//! Counts what goes to and from the programs of one invocation, so that none of them can be read or fed for ever.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the pipes of one invocation may still carry. Clones count together.
#[derive(Clone, Debug)]
pub(super) struct Traffic {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bytes_max: u64,
    left: AtomicU64,
    exceeded: AtomicBool,
}

/// A pipe whose bytes are counted. Once there are too many it fails.
#[derive(Debug)]
pub(super) struct Counted<T> {
    pipe: T,
    traffic: Traffic,
}

impl Traffic {
    pub(super) fn new(bytes_max: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                bytes_max,
                left: AtomicU64::new(bytes_max),
                exceeded: AtomicBool::new(false),
            }),
        }
    }

    /// The same pipe, counted.
    pub(super) fn count<T>(&self, pipe: T) -> Counted<T> {
        Counted {
            pipe,
            traffic: self.clone(),
        }
    }

    /// Why nothing is read or written any more, once it is so.
    pub(super) fn refusal(&self) -> Option<String> {
        let exceeded = self.shared.exceeded.load(Ordering::Relaxed);
        exceeded.then(|| {
            format!(
                "the programs of one call read and write at most {} bytes together",
                self.shared.bytes_max
            )
        })
    }

    /// How many of so many bytes may be carried: at least one of them, or it is too much.
    fn room(&self, bytes: usize) -> io::Result<usize> {
        let left = self.shared.left.load(Ordering::Relaxed);
        let room = bytes.min(usize::try_from(left).unwrap_or(usize::MAX));
        if room == 0 && bytes > 0 {
            return Err(self.exceed());
        }
        Ok(room)
    }

    /// Counts what was carried.
    fn charge(&self, bytes: usize) -> io::Result<()> {
        let less = |left: u64| left.checked_sub(bytes as u64);
        let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
        let charged = self.shared.left.fetch_update(set, get, less);
        charged.map(drop).map_err(|_| self.exceed())
    }

    fn exceed(&self) -> io::Error {
        self.shared.exceeded.store(true, Ordering::Relaxed);
        io::Error::other(self.refusal().unwrap_or_default())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.pipe).poll_read(context, buffer))?;
        // How much there is, or that it is the end, is only known once it was read; what is too much goes nowhere.
        let charged = this.traffic.charge(buffer.filled().len() - before);
        if charged.is_err() {
            buffer.set_filled(before);
        }
        Poll::Ready(charged)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let room = this.traffic.room(bytes.len())?;
        let written = ready!(Pin::new(&mut this.pipe).poll_write(context, &bytes[..room]))?;
        Poll::Ready(this.traffic.charge(written).map(|()| written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().pipe).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().pipe).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn all_pipes_share_one_bound_and_the_last_byte_of_it_is_carried() {
        let traffic = Traffic::new(10);
        let mut output = traffic.count(&b"sixsix"[..]);
        let mut text = String::new();
        output.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "sixsix");
        let mut input = traffic.count(Vec::new());
        input.write_all(b"four").await.unwrap();
        assert_eq!(traffic.refusal(), None);
        input.write_all(b"").await.unwrap();
        let end = traffic.count(&b""[..]).read_u8().await.unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(traffic.refusal(), None);
        let too_much = input.write_all(b"x").await.unwrap_err();
        assert!(too_much.to_string().contains("at most 10 bytes"));
        assert!(traffic.refusal().is_some());
        assert_eq!(input.pipe, b"four");
    }

    #[tokio::test]
    async fn what_is_read_beyond_the_bound_goes_nowhere() {
        let traffic = Traffic::new(10);
        let mut endless = traffic.count(tokio::io::repeat(b'x'));
        let mut said = Vec::new();
        let too_much = endless.read_to_end(&mut said).await.unwrap_err();
        assert_eq!(too_much.to_string(), traffic.refusal().unwrap());
        assert!(said.len() <= 10, "{}", said.len());
    }

    #[tokio::test]
    async fn what_is_written_beyond_the_bound_is_cut_off_at_it() {
        let traffic = Traffic::new(10);
        let mut input = traffic.count(Vec::new());
        assert!(input.write_all(b"eleven here").await.is_err());
        assert_eq!(input.pipe, b"eleven her");
    }
}
