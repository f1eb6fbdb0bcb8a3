//! Reads the bodies of answers, none of them without a bound on size and on waiting.

use std::error::Error;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use claw_package::{Digest, Hasher};
use claw_registry_api::{ErrorBody, ErrorCode};
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

/// Hands the body on as it comes, and fails unless it has exactly this digest and length.
pub(crate) async fn copy(
    response: Response,
    expected: &Digest,
    size: u64,
    to: &mut (impl AsyncWrite + Unpin),
    patience: Patience,
) -> Result<(), ClientError> {
    let address = response.url().to_string();
    let wrong_length = |actual| ClientError::LengthMismatch {
        address: address.clone(),
        expected: size,
        actual,
    };
    let not_written = |source| ClientError::Write {
        address: address.clone(),
        source,
    };
    if let Some(length) = response.content_length()
        && length != size
    {
        return Err(wrong_length(Some(length)));
    }
    let mut pieces = Pieces::new(response, patience);
    let mut hasher = Hasher::new();
    let mut count = 0;
    while let Some(piece) = pieces.next().await? {
        count += piece.len() as u64;
        if count > size {
            return Err(wrong_length(None));
        }
        hasher.update(&piece);
        to.write_all(&piece).await.map_err(not_written)?;
    }
    to.flush().await.map_err(not_written)?;
    if count != size {
        return Err(wrong_length(Some(count)));
    }
    check(&address, expected, hasher.finish())
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
