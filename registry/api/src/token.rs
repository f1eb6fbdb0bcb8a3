//! Tokens: what they allow, and how they are asked for and listed.
//!
//! A token authorises requests; it never makes a release, which takes a key. Its secret is in one
//! answer only, the one to its creation.

use std::fmt;
use std::str::FromStr;

use claw_package::Namespace;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::serde_as_string;
use crate::time::Timestamp;

/// What a token lets its bearer do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Scope {
    /// Read what is not open to everybody.
    Read,
    /// Upload bytes and publish releases.
    Publish,
    /// Yank and unyank.
    Yank,
    /// Create namespaces and tokens.
    Admin,
}

/// Why a text is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope: expected `read`, `publish`, `yank` or `admin`")]
pub struct ScopeError(String);

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        match text {
            "read" => Ok(Self::Read),
            "publish" => Ok(Self::Publish),
            "yank" => Ok(Self::Yank),
            "admin" => Ok(Self::Admin),
            other => Err(ScopeError(other.to_owned())),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Publish => "publish",
            Self::Yank => "yank",
            Self::Admin => "admin",
        })
    }
}

serde_as_string!(Scope);

/// The namespaces that a token is good for: `acme`, or `*` for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum NamespacePattern {
    /// Every namespace.
    #[default]
    All,
    /// Exactly this one.
    One(Namespace),
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `*` nor the name of a namespace")]
pub struct NamespacePatternError(String);

impl NamespacePattern {
    /// Whether the pattern takes in this namespace.
    pub fn matches(&self, namespace: &Namespace) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == namespace,
        }
    }
}

impl FromStr for NamespacePattern {
    type Err = NamespacePatternError;

    fn from_str(text: &str) -> Result<Self, NamespacePatternError> {
        match text {
            "*" => Ok(Self::All),
            name => match name.parse() {
                Ok(namespace) => Ok(Self::One(namespace)),
                Err(_) => Err(NamespacePatternError(text.to_owned())),
            },
        }
    }
}

impl fmt::Display for NamespacePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::One(namespace) => namespace.fmt(f),
        }
    }
}

serde_as_string!(NamespacePattern);

/// Asks for a new token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// The namespaces that it is good for; all when absent.
    #[serde(default)]
    #[schema(value_type = String)]
    pub namespace: NamespacePattern,
    /// How long it lives; for ever when absent.
    #[serde(default)]
    pub expires_seconds: Option<u64>,
}

/// The answer to a request for a token, and the only place where its secret is ever shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenAnswer {
    /// What was made.
    pub token: TokenEntry,
    /// What its bearer sends.
    pub secret: String,
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Every token of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenList {
    /// The oldest first.
    pub tokens: Vec<TokenEntry>,
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenEntry {
    /// Its number, by which it is revoked.
    pub id: u64,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// The namespaces that it is good for.
    #[schema(value_type = String)]
    pub namespace: NamespacePattern,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created: Timestamp,
    /// When it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_and_patterns_print_as_they_are_read() {
        for text in ["read", "publish", "yank", "admin"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        for text in ["*", "acme"] {
            assert_eq!(text.parse::<NamespacePattern>().unwrap().to_string(), text);
        }
        assert!("root".parse::<Scope>().is_err());
        for text in ["", "acme/*", "ac*", "Acme"] {
            assert!(text.parse::<NamespacePattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_pattern_takes_in_its_own_namespace_only() {
        let (acme, other) = ("acme".parse().unwrap(), "other".parse().unwrap());
        let pattern: NamespacePattern = "acme".parse().unwrap();
        assert!(pattern.matches(&acme) && !pattern.matches(&other));
        assert!(NamespacePattern::All.matches(&other));
    }

    #[test]
    fn a_request_with_an_unknown_field_is_refused() {
        let request: TokenRequest = serde_json::from_str(r#"{"scopes":["publish"]}"#).unwrap();
        assert_eq!(
            (request.namespace, request.expires_seconds),
            (NamespacePattern::All, None)
        );
        let misspelt = r#"{"scopes":["publish"],"expire_seconds":60}"#;
        assert!(serde_json::from_str::<TokenRequest>(misspelt).is_err());
    }

    #[test]
    fn the_secret_is_not_in_debug_output() {
        let token = TokenEntry {
            id: 1,
            scopes: vec![Scope::Publish],
            namespace: NamespacePattern::All,
            created: Timestamp::from_unix_seconds(0),
            expires: None,
            revoked: None,
        };
        let answer = TokenAnswer {
            token,
            secret: "claw_publish_abc".to_owned(),
        };
        assert!(!format!("{answer:?}").contains("abc"));
    }
}
