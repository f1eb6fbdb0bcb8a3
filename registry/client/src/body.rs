//! Reads the bodies of answers, none of them without a bound on size and on waiting.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use claw_package::{Digest, Hasher};
use claw_registry_api::{ErrorBody, ErrorCode};
use reqwest::{Response, StatusCode};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::error::ClientError;

/// How long a registry may be silent in the middle of an answer.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// How much of a refusal is read.
const REFUSAL_BYTES_MAX: u64 = 64 * 1024;

/// How much of a refusal's text is shown.
const DETAIL_CHARACTERS_MAX: usize = 1000;

/// The next piece of the answer, or none at its end.
async fn next(response: &mut Response) -> Result<Option<Bytes>, ClientError> {
    let address = response.url().to_string();
    match tokio::time::timeout(SILENCE_MAX, response.chunk()).await {
        Ok(Ok(piece)) => Ok(piece),
        Ok(Err(error)) => Err(ClientError::Unreachable {
            address,
            source: error.without_url().into(),
        }),
        Err(silence) => Err(ClientError::Unreachable {
            address,
            source: silence.into(),
        }),
    }
}

/// The whole body, if it is no longer than `limit`.
pub(crate) async fn read(mut response: Response, limit: u64) -> Result<Bytes, ClientError> {
    let too_long = |response: &Response| ClientError::TooLong {
        address: response.url().to_string(),
        limit,
    };
    if response
        .content_length()
        .is_some_and(|length| length > limit)
    {
        return Err(too_long(&response));
    }
    let mut body = BytesMut::new();
    while let Some(piece) = next(&mut response).await? {
        if (body.len() + piece.len()) as u64 > limit {
            return Err(too_long(&response));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// Hands the body on as it comes, and fails unless it has exactly this digest and length.
pub(crate) async fn copy(
    mut response: Response,
    expected: &Digest,
    size: u64,
    to: &mut (impl AsyncWrite + Unpin),
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
    let mut hasher = Hasher::new();
    let mut count = 0;
    while let Some(piece) = next(&mut response).await? {
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
pub(crate) async fn refusal(response: Response) -> ClientError {
    let (address, status) = (response.url().to_string(), response.status());
    if status.is_server_error() {
        return ClientError::Server {
            address,
            status: status.as_u16(),
        };
    }
    let said = match read(response, REFUSAL_BYTES_MAX).await {
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
