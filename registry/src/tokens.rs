//! Tokens: how a secret is made and recognised, and what its bearer may do.
//!
//! A mistyped secret is refused by its form, without a look-up. The registry keeps the digest only. A
//! token authorises requests; releases are made by keys.

use std::fmt;
use std::hint::black_box;

use claw_package::{Digest, Namespace};
use claw_registry_api::secret::{self, ALPHABET, RANDOM_CHARACTERS};
use claw_registry_api::{ErrorCode, NamespacePattern, Scope, Timestamp, TokenEntry};

use crate::db::{Connection, DatabaseError, tokens};
use crate::failure::{Failure, Refusal};

/// The text that a bearer sends. It is shown once, when it is made.
pub struct Secret(String);

impl Secret {
    /// A new one. Its kind is the most that its scopes allow, for whoever finds it in the wrong place.
    pub fn generate(scopes: &[Scope]) -> Result<Self, getrandom::Error> {
        let kind = [Scope::Admin, Scope::Publish, Scope::Yank]
            .into_iter()
            .find(|scope| scopes.contains(scope))
            .unwrap_or(Scope::Read);
        let mut text = format!("claw_{kind}_");
        let end = text.len() + RANDOM_CHARACTERS;
        while text.len() < end {
            let mut bytes = [0; RANDOM_CHARACTERS];
            getrandom::fill(&mut bytes)?;
            // The last 8 values of a byte would make the first characters more likely.
            let fair = bytes
                .iter()
                .filter(|byte| **byte < 248)
                .map(|byte| usize::from(byte % 62));
            let missing = end - text.len();
            text.extend(fair.take(missing).map(|digit| char::from(ALPHABET[digit])));
        }
        let checksum = secret::checksum(&text);
        Ok(Self(text + &checksum))
    }

    /// Reads what a bearer sent, if it has the form of a secret.
    pub fn parse(text: &str) -> Option<Self> {
        secret::has_form(text).then(|| Self(text.to_owned()))
    }

    /// The text, to be shown once or sent.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the registry keeps of it.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Makes a token: its secret, and what may be shown of it afterwards.
pub async fn create(
    connection: &mut Connection,
    scopes: &[Scope],
    namespace: &NamespacePattern,
    created: Timestamp,
    expires: Option<Timestamp>,
) -> Result<(Secret, TokenEntry), Failure> {
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let secret = Secret::generate(&scopes).map_err(Failure::internal)?;
    let entry = tokens::insert(
        connection,
        &secret.digest(),
        &scopes,
        namespace,
        created,
        expires,
    )
    .await?;
    Ok((secret, entry))
}

/// Whoever sent a request, by the token they sent with it.
#[derive(Debug, Clone)]
pub struct Caller {
    token: TokenEntry,
}

impl Caller {
    /// The bearer of a secret that is known, not revoked and not expired at `now`. One answer for
    /// all others: why a secret is no good is nobody's business but its owner's.
    pub async fn authenticate(
        connection: &mut Connection,
        text: &str,
        now: Timestamp,
    ) -> Result<Option<Self>, DatabaseError> {
        let Some(secret) = Secret::parse(text) else {
            return Ok(None);
        };
        let digest = secret.digest();
        let Some(row) = tokens::find(connection, &digest).await? else {
            return Ok(None);
        };
        let is_same = equal_in_constant_time(row.digest.as_bytes(), digest.as_bytes());
        let stands = row.entry.revoked.is_none() && row.entry.expires.is_none_or(|end| now < end);
        Ok((is_same && stands).then_some(Self { token: row.entry }))
    }

    /// The token's number.
    pub(crate) fn id(&self) -> u64 {
        self.token.id
    }

    /// Passes when the token has the scope for this namespace. `admin` has every scope: it could
    /// make itself a token for each.
    pub fn may(&self, scope: Scope, namespace: &Namespace) -> Result<(), Refusal> {
        self.has(scope)?;
        if self.token.namespace.matches(namespace) {
            return Ok(());
        }
        Err(Refusal::new(
            ErrorCode::Forbidden,
            format!(
                "the token is for the namespace `{}`, not for `{namespace}`",
                self.token.namespace
            ),
        ))
    }

    /// Passes when the token has the scope for any namespace.
    pub fn has(&self, scope: Scope) -> Result<(), Refusal> {
        if self
            .token
            .scopes
            .iter()
            .any(|had| *had == scope || *had == Scope::Admin)
        {
            return Ok(());
        }
        Err(Refusal::new(
            ErrorCode::Forbidden,
            format!("the token does not have the scope `{scope}`"),
        ))
    }

    /// Passes when a token that is good for `namespace` until `expires` is within what this
    /// administrator's token allows.
    pub fn may_manage(
        &self,
        namespace: &NamespacePattern,
        expires: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        self.has(Scope::Admin)?;
        if !self.manages(namespace) {
            return Err(Refusal::new(
                ErrorCode::Forbidden,
                format!(
                    "the token is for the namespace `{}`, not for `{namespace}`",
                    self.token.namespace
                ),
            ));
        }
        match (self.token.expires, expires) {
            (Some(own), None) => Err(outlives(own)),
            (Some(own), Some(other)) if other > own => Err(outlives(own)),
            _ => Ok(()),
        }
    }

    /// Whether a token for `namespace` is this administrator's to see.
    pub fn manages(&self, namespace: &NamespacePattern) -> bool {
        self.token.namespace == NamespacePattern::All || self.token.namespace == *namespace
    }
}

fn outlives(end: Timestamp) -> Refusal {
    let detail = format!("the token ends at {end}, and none that it makes may outlive it");
    Refusal::new(ErrorCode::Forbidden, detail)
}

fn equal_in_constant_time(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let difference = one
        .iter()
        .zip(other)
        .fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_says_what_it_is_for() {
        let secret = Secret::generate(&[Scope::Publish, Scope::Yank]).unwrap();
        assert!(secret.expose().starts_with("claw_publish_"));
        assert_eq!(secret.expose().len(), "claw_publish_".len() + 38);
        assert_eq!(
            Secret::parse(secret.expose()).unwrap().digest(),
            secret.digest()
        );
        assert_ne!(
            Secret::generate(&[Scope::Publish]).unwrap().digest(),
            secret.digest()
        );
    }

    #[test]
    fn a_mistyped_or_foreign_secret_is_refused_without_a_look_up() {
        let secret = Secret::generate(&[Scope::Admin]).unwrap();
        let text = secret.expose();
        for at in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            assert!(
                Secret::parse(std::str::from_utf8(&other).unwrap()).is_none(),
                "{at}"
            );
        }
        for other in [
            "",
            "claw_",
            "claw_admin_",
            "claw_admin_é",
            &text[1..],
            &format!("{text}0"),
        ] {
            assert!(Secret::parse(other).is_none());
        }
    }

    #[test]
    fn the_secret_is_not_in_debug_output() {
        let secret = Secret::generate(&[Scope::Admin]).unwrap();
        assert!(!format!("{secret:?}").contains(&secret.expose()[11..]));
    }
}
