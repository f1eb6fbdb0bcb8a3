//! What went wrong, in the words of `wasi:http`, which also say whether the request was sent.
//!
//! Certainly not sent: `HTTP-request-denied`, `HTTP-request-URI-invalid`, `HTTP-request-URI-too-long`,
//! `HTTP-request-header-section-size`, `DNS-timeout`, `DNS-error`, `destination-not-found`,
//! `destination-unavailable`, `destination-IP-prohibited`, `destination-IP-unroutable`,
//! `connection-refused`, `connection-timeout`, `connection-limit-reached`, the three of TLS,
//! `configuration-error` and `internal-error`. After any other the server may have acted on it.

use std::io;

use wasmtime_wasi_http::Error;

use crate::limits::RESPONSE_HEADER_BYTES_MAX;

/// A name could not be resolved.
pub(super) fn of_lookup(error: &io::Error) -> Error {
    let rcode = match error.kind() {
        io::ErrorKind::NotFound => "no such name",
        _ => "the name could not be looked up",
    };
    Error::DnsError {
        rcode: Some(rcode.to_owned()),
        info_code: None,
    }
}

/// No address could be connected to.
pub(super) fn of_dialling(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        io::ErrorKind::TimedOut => Error::ConnectionTimeout,
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => Error::DestinationIpUnroutable,
        _ => Error::DestinationUnavailable,
    }
}

/// The request was on its way, or could have been.
pub(super) fn while_sending(error: &hyper::Error) -> Error {
    if error.is_parse_too_large() {
        return header_section_too_large();
    }
    if error.is_parse() || error.is_parse_status() {
        return Error::HttpProtocolError;
    }
    Error::ConnectionTerminated
}

/// The response had begun.
pub(super) fn while_receiving(error: &hyper::Error) -> Error {
    if error.is_parse_too_large() {
        return Error::HttpResponseTrailerSectionSize(
            u32::try_from(RESPONSE_HEADER_BYTES_MAX).ok(),
        );
    }
    if error.is_parse() {
        return Error::HttpProtocolError;
    }
    Error::HttpResponseIncomplete
}

pub(super) fn header_section_too_large() -> Error {
    Error::HttpResponseHeaderSectionSize(u32::try_from(RESPONSE_HEADER_BYTES_MAX).ok())
}
