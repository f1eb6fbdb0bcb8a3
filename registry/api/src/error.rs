//! How a registry says no: one JSON shape, codes that stay.
//!
//! Programs act on the code; the detail is for people and may change.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong, most important first.
    pub errors: Vec<ErrorEntry>,
}

/// One thing that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorEntry {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub detail: String,
}

impl ErrorBody {
    /// A body with one error.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            errors: vec![ErrorEntry {
                code,
                detail: detail.into(),
            }],
        }
    }
}

macro_rules! error_codes {
    ($($(#[$doc:meta])+ $name:ident = $code:literal, $status:literal;)+) => {
        /// What went wrong, for programs. A code keeps its meaning for ever.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])+ #[serde(rename = $code)] $name,)+
            /// A code that this version does not know.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl ErrorCode {
            /// Every code that a registry sends.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code as it is sent.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                    Self::Unknown => "unknown",
                }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)+
                    Self::Unknown => 500,
                }
            }
        }
    };
}

error_codes! {
    /// The request itself makes no sense.
    BadRequest = "bad-request", 400;
    /// The uploaded bytes are not those of the digest.
    DigestMismatch = "digest-mismatch", 400;
    /// The body is no note of the kind that belongs here.
    BadNote = "bad-note", 400;
    /// The note is for another registry.
    WrongRegistry = "wrong-registry", 400;
    /// The note is not signed by a key of the namespace.
    BadSignature = "bad-signature", 400;
    /// The bytes are no package, or one with a fault.
    BadPackage = "bad-package", 400;
    /// The package is not what the note says.
    PackageMismatch = "package-mismatch", 400;
    /// Private packages do not exist in this version.
    VisibilityNotSupported = "visibility-not-supported", 400;
    /// No token, or one that is unknown, expired or revoked.
    Unauthorized = "unauthorized", 401;
    /// The token does not allow this.
    Forbidden = "forbidden", 403;
    /// There is no such thing.
    NotFound = "not-found", 404;
    /// The namespace has no keyset here.
    UnknownNamespace = "unknown-namespace", 404;
    /// The note names a tarball that was not uploaded.
    BlobMissing = "blob-missing", 409;
    /// The note was made under another keyset than the one that stands.
    KeysetChanged = "keyset-changed", 409;
    /// The version exists with other content.
    ReleaseExists = "release-exists", 409;
    /// The version promises callers more than the release keeps of the one before it.
    IncompatibleRelease = "incompatible-release", 409;
    /// The namespace exists with another keyset.
    NamespaceExists = "namespace-exists", 409;
    /// The yank or unyank is not the next of its release.
    OutOfSequence = "out-of-sequence", 409;
    /// The path does not take this method.
    MethodNotAllowed = "method-not-allowed", 405;
    /// The request took too long to arrive.
    Timeout = "timeout", 408;
    /// The length of the body has to be said beforehand.
    LengthRequired = "length-required", 411;
    /// The body is too long.
    TooLarge = "too-large", 413;
    /// The part begins behind the end of the bytes.
    RangeNotSatisfiable = "range-not-satisfiable", 416;
    /// Too many requests; the answer says when to come back.
    TooManyRequests = "too-many-requests", 429;
    /// A fault of the registry; its log has the cause.
    Internal = "internal", 500;
    /// The registry can't serve just now.
    Unavailable = "unavailable", 503;
    /// The registry's disk is full: nothing was changed, and what is there is served as before.
    StorageFull = "storage-full", 507;
}

/// As it is sent: the names that serde is given inside of a macro do not reach a derived schema.
impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for ErrorCode {}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_travels_as_promised() {
        let body = ErrorBody::new(ErrorCode::ReleaseExists, "acme/x@1.0.0 is there");
        let text = r#"{"errors":[{"code":"release-exists","detail":"acme/x@1.0.0 is there"}]}"#;
        assert_eq!(serde_json::to_string(&body).unwrap(), text);
        assert_eq!(serde_json::from_str::<ErrorBody>(text).unwrap(), body);
    }

    #[test]
    fn every_code_is_sent_as_it_prints() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
            assert!((400..600).contains(&code.status()));
        }
    }

    #[test]
    fn a_newer_registrys_code_is_unknown_and_not_a_failure() {
        assert_eq!(
            serde_json::from_str::<ErrorCode>("\"shiny\"").unwrap(),
            ErrorCode::Unknown
        );
    }
}
