//! Notices that a client has said its last word.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::CancellationToken;

/// What a client says, to the end.
pub(super) struct Watched<R> {
    reader: R,
    gone: CancellationToken,
}

impl<R> Watched<R> {
    /// The token is cancelled when there is nothing left to read.
    pub(super) fn new(reader: R) -> (Self, CancellationToken) {
        let gone = CancellationToken::new();
        let watched = Watched {
            reader,
            gone: gone.clone(),
        };
        (watched, gone)
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Watched<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        let read = Pin::new(&mut self.reader).poll_read(context, buffer);
        let nothing = room > 0 && buffer.filled().len() == before;
        if matches!(&read, Poll::Ready(Ok(())) if nothing) || matches!(&read, Poll::Ready(Err(_))) {
            self.gone.cancel();
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn the_end_is_noticed_and_not_before() {
        let (mut watched, gone) = Watched::new(&b"word"[..]);
        let mut word = [0; 4];
        watched.read_exact(&mut word).await.unwrap();
        assert!(!gone.is_cancelled());
        assert_eq!(watched.read(&mut word).await.unwrap(), 0);
        assert!(gone.is_cancelled());
    }
}
