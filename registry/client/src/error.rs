//! What can go wrong between a client and a registry, by what the caller can do about it.

use std::error::Error;
use std::io;

use claw_package::{Digest, PackageName};
use claw_registry_api::{ErrorCode, IndexError};

/// Why a request failed. Every message names the address.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The text given is no registry's address.
    #[error("`{address}` is no address of a registry: {fault}")]
    Address {
        /// What was given, without what may be a secret.
        address: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Plain HTTP to another machine.
    #[error("`{address}` is neither `https://` nor on this machine")]
    InsecureAddress {
        /// The address.
        address: String,
    },
    /// The token can't be sent. It is not shown.
    #[error("the token for `{address}` holds characters that no token has")]
    BadToken {
        /// The registry's address.
        address: String,
    },
    /// The HTTP client could not be set up, for want of certificates for example.
    #[error("could not prepare connections to `{address}`")]
    Setup {
        /// The registry's address.
        address: String,
        /// Why.
        source: reqwest::Error,
    },
    /// Nobody answered, or the answer broke off.
    #[error("could not reach `{address}`")]
    Unreachable {
        /// What was asked for.
        address: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The registry answered that it failed.
    #[error("`{address}` answered with the server error {status}")]
    Server {
        /// What was asked for.
        address: String,
        /// The HTTP status.
        status: u16,
    },
    /// The registry answered no.
    #[error("`{address}` refused with {status} {code}: {detail}")]
    Refused {
        /// What was asked for.
        address: String,
        /// The HTTP status.
        status: u16,
        /// For programs.
        code: ErrorCode,
        /// For people, without control characters.
        detail: String,
    },
    /// The registry does not have it.
    #[error("`{address}` does not exist")]
    NotFound {
        /// What was asked for.
        address: String,
    },
    /// The registry sent us somewhere we don't go.
    #[error("`{address}` redirects to `{location}`, which is not followed")]
    Redirected {
        /// What was asked for.
        address: String,
        /// Where it wanted us to go.
        location: String,
    },
    /// An answer longer than any good one.
    #[error("`{address}` answered with more than {limit} bytes")]
    TooLong {
        /// What was asked for.
        address: String,
        /// The most that is read.
        limit: u64,
    },
    /// A download of another length than was promised.
    #[error("`{address}` should be {expected} bytes long, found {found}", found = found(.actual))]
    LengthMismatch {
        /// What was asked for.
        address: String,
        /// The promised length.
        expected: u64,
        /// The length found; none when reading stopped at the first byte too many.
        actual: Option<u64>,
    },
    /// Another part of a download than was asked for.
    #[error("`{address}` answered with another part than was asked for")]
    WrongPart {
        /// What was asked for.
        address: String,
    },
    /// Other bytes than were promised.
    #[error("`{address}` should be `{expected}`, found `{actual}`")]
    DigestMismatch {
        /// What was asked for.
        address: String,
        /// The promised digest.
        expected: Digest,
        /// The digest of what came.
        actual: Digest,
    },
    /// An index file that makes no sense.
    #[error("`{address}` is no index of a package")]
    Index {
        /// What was asked for.
        address: String,
        /// What is wrong with it.
        source: IndexError,
    },
    /// The index file of another package.
    #[error("`{address}` should be the index of `{expected}`, found `{actual}`")]
    WrongPackage {
        /// What was asked for.
        address: String,
        /// The package asked for.
        expected: PackageName,
        /// The package found.
        actual: PackageName,
    },
    /// An answer that is not what such an answer is.
    #[error("`{address}` did not answer as a registry does")]
    Malformed {
        /// What was asked for.
        address: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A registry of another kind than this version knows.
    #[error("`{address}` is a registry of version {version} with paths this version does not know")]
    Unsupported {
        /// What was asked for.
        address: String,
        /// The version that it states.
        version: u64,
    },
    /// What was downloaded could not be written down.
    #[error("could not write down what `{address}` sent")]
    Write {
        /// What was asked for.
        address: String,
        /// Why.
        source: io::Error,
    },
}

/// What a failure means to whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The caller gave something that can't be used.
    Usage,
    /// What came is not what was promised.
    Verification,
    /// There is no such thing.
    NotFound,
    /// The registry can't be reached, or does not work.
    Unavailable,
    /// The registry said no.
    Refused,
    /// This machine failed.
    Local,
}

impl ClientError {
    /// What the failure means to whoever asked.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Address { .. } | Self::InsecureAddress { .. } | Self::BadToken { .. } => {
                ErrorClass::Usage
            }
            Self::Unreachable { .. }
            | Self::Server { .. }
            | Self::Redirected { .. }
            | Self::Malformed { .. }
            | Self::Unsupported { .. }
            | Self::Refused {
                code: ErrorCode::StorageFull,
                ..
            } => ErrorClass::Unavailable,
            Self::TooLong { .. }
            | Self::LengthMismatch { .. }
            | Self::WrongPart { .. }
            | Self::DigestMismatch { .. }
            | Self::Index { .. }
            | Self::WrongPackage { .. } => ErrorClass::Verification,
            Self::NotFound { .. } => ErrorClass::NotFound,
            Self::Refused { .. } => ErrorClass::Refused,
            Self::Setup { .. } | Self::Write { .. } => ErrorClass::Local,
        }
    }

    /// Whether the registry's certificate leads to a root that this machine does not trust: a team's own, mostly.
    pub fn is_untrusted_certificate(&self) -> bool {
        let mut cause: Option<&(dyn Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if is_unknown_issuer(error) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

fn is_unknown_issuer(error: &(dyn Error + 'static)) -> bool {
    use rustls::{CertificateError, Error as TlsError};

    // An error of files and sockets passes over what it carries when it is asked for its source, and is carried by
    // another one here.
    let mut error = error;
    while let Some(carried) = error.downcast_ref().and_then(io::Error::get_ref) {
        error = carried;
    }
    matches!(
        error.downcast_ref(),
        Some(TlsError::InvalidCertificate(
            CertificateError::UnknownIssuer
        ))
    )
}

fn found(actual: &Option<u64>) -> String {
    match actual {
        Some(actual) => actual.to_string(),
        None => "more".to_owned(),
    }
}
