//! Reads the bodies of answers, none of them without a bound on size and on waiting.

use std::error::Error;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use claw_package::{Digest, Hasher};
use claw_registry_api::{ErrorBody, ErrorCode};
use reqwest::header::CONTENT_RANGE;
use reqwest::{Response, StatusCode};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;

use crate::error::ClientError;
use crate::patience::Patience;

/// How much of a refusal is read.
const REFUSAL_BYTES_MAX: u64 = 64 * 1024;

/// How much of a refusal's text is shown.
const DETAIL_CHARACTERS_MAX: usize = 1000;

/// A body as it comes.
struct Pieces {
    response: Response,
    address: String,
    silence: Duration,
    end: Instant,
}

impl Pieces {
    fn new(response: Response, patience: Patience) -> Self {
        let address = response.url().to_string();
        let end = Instant::now() + patience.answer;
        Self {
            response,
            address,
            silence: patience.silence,
            end,
        }
    }

    /// The next piece, or none at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        let broken = |source: Box<dyn Error + Send + Sync>| ClientError::Unreachable {
            address: self.address.clone(),
            source,
        };
        let until = self.end.min(Instant::now() + self.silence);
        match tokio::time::timeout_at(until, self.response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => Err(broken(error.without_url().into())),
            Err(silence) => Err(broken(silence.into())),
        }
    }
}

/// The whole body, if it is no longer than `limit`.
pub(crate) async fn read(
    response: Response,
    limit: u64,
    patience: Patience,
) -> Result<Bytes, ClientError> {
    let length = response.content_length();
    let mut pieces = Pieces::new(response, patience);
    let address = pieces.address.clone();
    let too_long = || ClientError::TooLong {
        address: address.clone(),
        limit,
    };
    if length.is_some_and(|length| length > limit) {
        return Err(too_long());
    }
    let mut body = BytesMut::new();
    while let Some(piece) = pieces.next().await? {
        if (body.len() + piece.len()) as u64 > limit {
            return Err(too_long());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// What has come of a download, in one answer or in several.
pub(crate) struct Received<'a> {
    expected: &'a Digest,
    size: u64,
    count: u64,
    hasher: Hasher,
}

impl<'a> Received<'a> {
    /// Nothing yet of `size` bytes with this digest.
    pub(crate) fn new(expected: &'a Digest, size: u64) -> Self {
        Self {
            expected,
            size,
            count: 0,
            hasher: Hasher::new(),
        }
    }

    /// How many bytes have come.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Whether nothing is missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.count == self.size
    }

    /// Hands on what is missing as it comes. A registry that sends the whole again is read again; one
    /// that sends another part than was asked for, or another length, is refused.
    pub(crate) async fn take(
        &mut self,
        response: Response,
        to: &mut (impl AsyncWrite + Unpin),
        patience: Patience,
    ) -> Result<(), ClientError> {
        let address = response.url().to_string();
        let size = self.size;
        let wrong_length = |actual| ClientError::LengthMismatch {
            address: address.clone(),
            expected: size,
            actual,
        };
        let not_written = |source| ClientError::Write {
            address: address.clone(),
            source,
        };
        let mut place = if response.status() == StatusCode::PARTIAL_CONTENT {
            let said = response.headers().get(CONTENT_RANGE);
            let end = size.saturating_sub(1);
            let asked = format!("bytes {}-{end}/{size}", self.count);
            if said.is_none_or(|said| *said != *asked) {
                return Err(ClientError::WrongPart { address });
            }
            self.count
        } else {
            0
        };
        if let Some(length) = response.content_length()
            && length != size - place
        {
            return Err(wrong_length(Some(place + length)));
        }
        let mut pieces = Pieces::new(response, patience);
        while let Some(piece) = pieces.next().await? {
            let end = place + piece.len() as u64;
            if end > size {
                return Err(wrong_length(None));
            }
            // What came before is not written again, and not believed again: the digest is of what was.
            let known = self.count.saturating_sub(place).min(piece.len() as u64);
            let new = piece.slice(usize::try_from(known).unwrap_or(piece.len())..);
            place = end;
            self.hasher.update(&new);
            to.write_all(&new).await.map_err(not_written)?;
            self.count += new.len() as u64;
        }
        to.flush().await.map_err(not_written)?;
        if place != size {
            return Err(wrong_length(Some(place)));
        }
        Ok(())
    }

    /// Fails unless what came has the digest.
    pub(crate) fn check(self, address: &str) -> Result<(), ClientError> {
        check(address, self.expected, self.hasher.finish())
    }
}

/// Fails unless the digests are the same.
pub(crate) fn check(address: &str, expected: &Digest, actual: Digest) -> Result<(), ClientError> {
    if *expected == actual {
        return Ok(());
    }
    Err(ClientError::DigestMismatch {
        address: address.to_owned(),
        expected: *expected,
        actual,
    })
}

/// Turns an answer that is no success into an error.
pub(crate) async fn refusal(response: Response, patience: Patience) -> ClientError {
    let (address, status) = (response.url().to_string(), response.status());
    // A registry without room says so, and what was sent is not at fault.
    if status.is_server_error() && status != StatusCode::INSUFFICIENT_STORAGE {
        return ClientError::Server {
            address,
            status: status.as_u16(),
        };
    }
    let said = match read(response, REFUSAL_BYTES_MAX, patience).await {
        Ok(body) => serde_json::from_slice::<ErrorBody>(&body).ok(),
        Err(_) => None,
    };
    let first = said.and_then(|body| body.errors.into_iter().next());
    if first.is_none() && matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) {
        return ClientError::NotFound { address };
    }
    let (code, detail) = match first {
        Some(error) => (error.code, shown(&error.detail)),
        None => (ErrorCode::Unknown, "it did not say why".to_owned()),
    };
    ClientError::Refused {
        address,
        status: status.as_u16(),
        code,
        detail,
    }
}

/// A registry's words as a terminal may see them.
fn shown(detail: &str) -> String {
    detail
        .chars()
        .filter(|c| !c.is_control())
        .take(DETAIL_CHARACTERS_MAX)
        .collect()
}
