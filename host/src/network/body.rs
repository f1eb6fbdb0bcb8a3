//! Bodies on their way: counted, timed, and cut off at their limits.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use wasmtime_wasi_http::{Error, WasiBody};

use super::fault;
use super::traffic::Record;
use crate::secrets::{Mask, Watch};

/// What a guest sends. Its length is what it said, and trailers are refused: no check has seen them.
pub(super) struct RequestBody {
    inner: WasiBody,
    sent: u64,
    bytes_max: u64,
    /// What `Content-Length` says.
    announced: Option<u64>,
    watch: Option<BodyWatch>,
    fault: BodyFault,
}

/// What was wrong with a body. It is kept here, since hyper does not always give it back.
#[derive(Clone, Default)]
pub(super) struct BodyFault(Arc<Mutex<Option<Error>>>);

impl BodyFault {
    fn set(&self, error: Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    pub(super) fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Keeps the placeholders of secrets out of bodies, where nothing is put in their place.
pub(super) struct BodyWatch {
    pub(super) watch: Watch,
    pub(super) record: Record,
    /// The request, for the denial.
    pub(super) request: String,
}

impl BodyWatch {
    fn check(&mut self, data: &[u8]) -> Result<(), Error> {
        let Some(denial) = self.watch.see(data, &self.request) else {
            return Ok(());
        };
        self.record.add(denial);
        Err(Error::HttpRequestDenied)
    }
}

impl RequestBody {
    pub(super) fn new(
        inner: WasiBody,
        bytes_max: u64,
        announced: Option<u64>,
        watch: Option<BodyWatch>,
        fault: BodyFault,
    ) -> Self {
        Self {
            inner,
            sent: 0,
            bytes_max,
            announced,
            watch,
            fault,
        }
    }

    fn check(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, Error> {
        let Some(data) = frame.data_ref() else {
            return Err(Error::HttpRequestTrailerSectionSize(Some(0)));
        };
        self.sent = self.sent.saturating_add(data.len() as u64);
        let most = self.announced.unwrap_or(u64::MAX).min(self.bytes_max);
        if self.sent > most {
            return Err(Error::HttpRequestBodySize(Some(most)));
        }
        if let Some(watch) = &mut self.watch {
            watch.check(data)?;
        }
        Ok(frame)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Poll::Ready(next) = Pin::new(&mut self.inner).poll_frame(context) else {
            return Poll::Pending;
        };
        let checked = match next {
            Some(Ok(frame)) => Some(self.check(frame)),
            None if self.announced.is_some_and(|length| length != self.sent) => {
                Some(Err(Error::HttpRequestBodySize(Some(self.sent))))
            }
            other => other,
        };
        Poll::Ready(checked.map(|checked| {
            checked.map_err(|error| {
                self.fault.set(error);
                Error::HttpRequestDenied
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        let is_whole = self.announced.is_none_or(|length| length == self.sent);
        is_whole && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// What a server sends, until its limit or its time is up. What keeps the connection alive goes with
/// the last of it.
pub(super) struct ResponseBody<B, K> {
    inner: Option<(B, K)>,
    left: u64,
    bytes_max: u64,
    until: Pin<Box<Sleep>>,
    pause: Pin<Box<Sleep>>,
    between_bytes: Duration,
}

impl<B, K> ResponseBody<B, K> {
    pub(super) fn new(
        inner: B,
        keep: K,
        bytes_max: u64,
        until: Instant,
        between_bytes: Duration,
    ) -> Self {
        Self {
            inner: Some((inner, keep)),
            left: bytes_max,
            bytes_max,
            until: Box::pin(sleep_until(until)),
            pause: Box::pin(sleep_until(Instant::now() + between_bytes)),
            between_bytes,
        }
    }

    fn end(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.inner = None;
        Poll::Ready(Some(Err(error)))
    }
}

impl<B, K> Body for ResponseBody<B, K>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
    K: Unpin,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        // A server that never pauses is stopped too.
        if self.until.as_mut().poll(context).is_ready() {
            return match self.inner {
                Some(_) => self.end(Error::HttpResponseTimeout),
                None => Poll::Ready(None),
            };
        }
        let Some((inner, _)) = &mut self.inner else {
            return Poll::Ready(None);
        };
        match Pin::new(inner).poll_frame(context) {
            Poll::Pending if self.pause.as_mut().poll(context).is_ready() => {
                self.end(Error::ConnectionReadTimeout)
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.inner = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => self.end(fault::while_receiving(&error)),
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                let Some(left) = self.left.checked_sub(bytes) else {
                    let most = self.bytes_max;
                    return self.end(Error::HttpResponseBodySize(Some(most)));
                };
                self.left = left;
                let next = Instant::now() + self.between_bytes;
                self.pause.as_mut().reset(next);
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Some((inner, _)) => inner.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}

/// A response whose secrets are masked as it passes.
pub(super) struct MaskedBody<B> {
    inner: Option<B>,
    mask: Mask,
}

impl<B> MaskedBody<B> {
    pub(super) fn new(inner: B, mask: Mask) -> Self {
        Self {
            inner: Some(inner),
            mask,
        }
    }

    /// What was held back because it could have been the beginning of a secret.
    fn rest(&mut self) -> Option<Result<Frame<Bytes>, Error>> {
        let rest = self.mask.finish();
        (!rest.is_empty()).then(|| Ok(Frame::data(rest)))
    }
}

impl<B: Body<Data = Bytes, Error = Error> + Unpin> Body for MaskedBody<B> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        loop {
            let Some(inner) = &mut self.inner else {
                return Poll::Ready(self.rest());
            };
            let Poll::Ready(next) = Pin::new(inner).poll_frame(context) else {
                return Poll::Pending;
            };
            match next {
                None => self.inner = None,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        let masked = self.mask.pass(&data);
                        if !masked.is_empty() {
                            return Poll::Ready(Some(Ok(Frame::data(masked))));
                        }
                    }
                    // Trailers are not a place for a secret, nor for what was held back before them.
                    Err(_) => self.inner = None,
                },
            }
        }
    }
}
