//! Why a request has no answer, and whether it was sent.

use std::fmt;

use super::bindings::wasi::http::types::{ErrorCode, HeaderError};
use super::url::Url;

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    message: String,
    was_sent: bool,
}

impl Error {
    /// Whether the server can have acted on the request. Where it has not, sending it again is safe.
    pub fn was_sent(&self) -> bool {
        self.was_sent
    }

    fn before(message: String) -> Error {
        Error {
            message,
            was_sent: false,
        }
    }

    fn after(message: String) -> Error {
        Error {
            message,
            was_sent: true,
        }
    }

    pub(super) fn secret_not_granted(name: &str) -> Error {
        Error::before(format!("the secret `{name}` is not granted"))
    }

    pub(super) fn unreadable(what: &str) -> Error {
        Error::before(format!("`{what}` is no part of a request"))
    }

    pub(super) fn url(text: &str, reason: &str) -> Error {
        Error::before(format!("`{text}` is no URL that can be asked: {reason}"))
    }

    pub(super) fn header(error: &HeaderError) -> Error {
        Error::before(match error {
            HeaderError::InvalidSyntax => "a header has characters that none has".to_owned(),
            HeaderError::Forbidden => "a header is one that only the host sets".to_owned(),
            HeaderError::Immutable => "the headers are fixed".to_owned(),
        })
    }

    pub(super) fn status(status: u16, url: &Url) -> Error {
        Error::after(format!("{url} answered {status}"))
    }

    pub(super) fn broken_off(reason: &str) -> Error {
        Error::after(format!("the answer broke off: {reason}"))
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Error {
        use ErrorCode as E;
        let words = match &code {
            E::HttpRequestDenied => "the request was denied".to_owned(),
            E::DestinationIpProhibited => {
                "the host has an address that may not be reached".to_owned()
            }
            E::DnsTimeout => "the name was not looked up in time".to_owned(),
            E::DnsError(error) => match &error.rcode {
                Some(reason) => format!("the name has no address: {reason}"),
                None => "the name has no address".to_owned(),
            },
            E::DestinationNotFound | E::DestinationUnavailable => {
                "the host cannot be reached".to_owned()
            }
            E::DestinationIpUnroutable => "there is no way to the host".to_owned(),
            E::ConnectionRefused => "the connection was refused".to_owned(),
            E::ConnectionTimeout => "the connection took too long".to_owned(),
            E::ConnectionLimitReached => "too many requests in one call".to_owned(),
            E::TlsCertificateError => "the server's certificate is not trusted".to_owned(),
            E::TlsProtocolError | E::TlsAlertReceived(_) => "TLS failed".to_owned(),
            E::HttpRequestUriInvalid => "the URL cannot be read in one way alone".to_owned(),
            E::HttpRequestUriTooLong => "the URL is too long".to_owned(),
            E::HttpRequestHeaderSectionSize(_) => "the headers are too long".to_owned(),
            E::InternalError(Some(reason)) => reason.clone(),
            E::HttpRequestBodySize(_) => "the body has another length than it may have".to_owned(),
            E::ConnectionReadTimeout | E::HttpResponseTimeout => {
                "the answer took too long".to_owned()
            }
            E::ConnectionTerminated => "the connection was closed without an answer".to_owned(),
            E::HttpResponseIncomplete => "the answer broke off".to_owned(),
            E::HttpResponseBodySize(_) => "the answer is too long".to_owned(),
            E::HttpResponseHeaderSectionSize(_) => "the answer's headers are too long".to_owned(),
            other => format!("{other:?}"),
        };
        let before = matches!(
            code,
            E::HttpRequestDenied
                | E::HttpRequestMethodInvalid
                | E::HttpRequestUriInvalid
                | E::HttpRequestUriTooLong
                | E::HttpRequestHeaderSectionSize(_)
                | E::DestinationNotFound
                | E::DestinationUnavailable
                | E::DestinationIpProhibited
                | E::DestinationIpUnroutable
                | E::DnsTimeout
                | E::DnsError(_)
                | E::ConnectionRefused
                | E::ConnectionTimeout
                | E::ConnectionLimitReached
                | E::TlsProtocolError
                | E::TlsCertificateError
                | E::TlsAlertReceived(_)
                | E::ConfigurationError
                | E::InternalError(_)
        );
        match before {
            true => Error::before(words),
            false => Error::after(words),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// An action whose error is text passes it on with `?`.
impl From<Error> for String {
    fn from(error: Error) -> String {
        error.message
    }
}
