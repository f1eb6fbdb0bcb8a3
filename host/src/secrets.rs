//! Secrets that a guest uses without ever having them.
//!
//! For each granted secret the guest finds a variable that holds a placeholder, new for each
//! invocation. In the one header of the one host that the grant names, the host puts the value in its
//! place, after everything else about the request was checked. Anywhere else a placeholder is a
//! denial, and nothing is sent.
//!
//! A server can send a value back. It is masked in the headers and bodies of responses, in what the
//! guest logs and in what it returns, byte for byte: a server that encodes or splits it before it
//! answers is trusted with it anyhow, and is not what this can stop.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use claw_package::permission::{HttpTarget, SecretScope};
use claw_package::{Permission, PermissionKind};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};
use zeroize::Zeroizing;

use crate::denial::{Denial, DenialReason};
use crate::invocation::Invocation;
use crate::limits::{SECRET_BYTES_MAX, SECRET_BYTES_MIN};

mod mask;
mod watch;

pub(crate) use mask::Mask;
pub(crate) use watch::Watch;

/// The value of a secret: one that a header can carry. It is erased when it is dropped, and never
/// shown.
#[derive(Clone)]
pub struct SecretValue(Arc<Zeroizing<String>>);

/// Why a text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It could not be told from ordinary text where it has to be masked.
    #[error("it has less than {SECRET_BYTES_MIN} bytes")]
    TooShort,
    /// No header has room for it.
    #[error("it has more than {SECRET_BYTES_MAX} bytes")]
    TooLong,
    /// A header cannot carry it.
    #[error("it has characters that no header can carry: only visible ASCII and spaces inside it")]
    Unsendable,
}

impl SecretValue {
    /// Takes a text as a secret.
    ///
    /// # Errors
    ///
    /// When no header could carry it, or nothing could mask it.
    pub fn new(text: Zeroizing<String>) -> Result<Self, SecretError> {
        let edges = text.starts_with(' ') || text.ends_with(' ');
        if edges || !text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err(SecretError::Unsendable);
        }
        match text.len() {
            length if length < SECRET_BYTES_MIN => Err(SecretError::TooShort),
            length if length > SECRET_BYTES_MAX => Err(SecretError::TooLong),
            _ => Ok(Self(Arc::new(text))),
        }
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(…)")
    }
}

/// The operator's secrets by name, of which an invocation uses those that it is granted.
pub type Secrets = BTreeMap<String, SecretValue>;

/// The secrets of one invocation.
pub(crate) struct Held(Vec<Entry>);

struct Entry {
    name: String,
    placeholder: String,
    value: Option<SecretValue>,
    scopes: Vec<SecretScope>,
}

impl Held {
    /// Those that are granted, each with a new placeholder. None where none is.
    pub(crate) fn of(invocation: &Invocation) -> Option<Arc<Self>> {
        let mut entries: Vec<Entry> = Vec::new();
        for grant in &invocation.grants {
            let Permission::Secret(scope) = grant else {
                continue;
            };
            let name = scope.name().as_str();
            match entries.iter_mut().find(|entry| entry.name == name) {
                Some(entry) => entry.scopes.push(scope.clone()),
                None => entries.push(Entry {
                    name: name.to_owned(),
                    placeholder: placeholder(),
                    value: invocation.secrets.get(name).cloned(),
                    scopes: vec![scope.clone()],
                }),
            }
        }
        // The longest first: another may begin with a shorter one.
        let length = |entry: &Entry| entry.value.as_ref().map(|value| value.as_str().len());
        entries.sort_by_key(|entry| std::cmp::Reverse(length(entry)));
        (!entries.is_empty()).then(|| Arc::new(Self(entries)))
    }

    /// What the guest finds in its environment.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|entry| (entry.name.as_str(), entry.placeholder.as_str()))
    }

    /// Puts values where placeholders are, which may be in the granted header alone.
    pub(crate) fn put(
        &self,
        method: &Method,
        target: &HttpTarget,
        path: &PathAndQuery,
        headers: &mut HeaderMap,
    ) -> Result<(), Box<Denial>> {
        let request = || format!("{method} {target}");
        for entry in &self.0 {
            if path.as_str().contains(&entry.placeholder) {
                return Err(entry.misplaced("the URL", &request()).into());
            }
            let (scheme, host) = (target.scheme(), target.host());
            for (name, value) in headers.iter_mut() {
                if !contains(value.as_bytes(), entry.placeholder.as_bytes()) {
                    continue;
                }
                let place = || format!("the header `{name}`");
                let granted = |scope: &SecretScope| scope.allows(scheme, host, name.as_str());
                if !entry.scopes.iter().any(granted) {
                    return Err(entry.misplaced(&place(), &request()).into());
                }
                *value = entry
                    .filled(value)
                    .ok_or_else(|| Box::new(entry.missing(&place(), &request())))?;
            }
        }
        Ok(())
    }

    /// `text` without any value in it.
    pub(crate) fn masked(&self, text: &str) -> Option<String> {
        let mut masked: Option<String> = None;
        for (entry, value) in self.values() {
            let text = masked.as_deref().unwrap_or(text);
            if text.contains(value) {
                masked = Some(text.replace(value, &entry.shown()));
            }
        }
        masked
    }

    /// A result without any value in it.
    pub(crate) fn mask_json(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::String(text) => {
                if let Some(masked) = self.masked(text) {
                    *text = masked;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask_json(item)),
            Value::Object(fields) => {
                if fields.keys().any(|key| self.masked(key).is_some()) {
                    *fields = std::mem::take(fields)
                        .into_iter()
                        .map(|(key, value)| (self.masked(&key).unwrap_or(key), value))
                        .collect();
                }
                fields.values_mut().for_each(|value| self.mask_json(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Headers of a response without any value in them.
    pub(crate) fn mask_headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            for (entry, secret) in self.values() {
                if contains(value.as_bytes(), secret.as_bytes()) {
                    let replaced = replace(value.as_bytes(), secret, &entry.shown());
                    *value = HeaderValue::from_bytes(&replaced)
                        .unwrap_or_else(|_| HeaderValue::from_static("[secret]"));
                }
            }
        }
    }

    fn values(&self) -> impl Iterator<Item = (&Entry, &str)> {
        self.0
            .iter()
            .filter_map(|entry| Some((entry, entry.value.as_ref()?.as_str())))
    }
}

impl Entry {
    fn shown(&self) -> String {
        format!("[secret {}]", self.name)
    }

    /// The header with the value in it.
    fn filled(&self, header: &HeaderValue) -> Option<HeaderValue> {
        let value = self.value.as_ref()?;
        let bytes = Zeroizing::new(replace(
            header.as_bytes(),
            &self.placeholder,
            value.as_str(),
        ));
        let mut filled = HeaderValue::from_bytes(&bytes).ok()?;
        filled.set_sensitive(true);
        Some(filled)
    }

    fn misplaced(&self, place: &str, request: &str) -> Denial {
        self.denial(place, request, DenialReason::SecretMisplaced)
    }

    fn missing(&self, place: &str, request: &str) -> Denial {
        self.denial(place, request, DenialReason::SecretNotSet)
    }

    /// Nothing is suggested that would send a secret somewhere else: that must be the operator's own
    /// idea.
    fn denial(&self, place: &str, request: &str, reason: DenialReason) -> Denial {
        Denial {
            kind: PermissionKind::Secret,
            what: format!("put the secret `{}` into {place} of {request}", self.name),
            reason,
            permission: None,
        }
    }
}

/// 128 bits that no guest guesses and no server can have seen before.
fn placeholder() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    format!("claw-secret-{:032x}", u128::from_be_bytes(bytes))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn replace(text: &[u8], part: &str, by: &str) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len() + by.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(part.as_bytes()) {
            replaced.extend_from_slice(by.as_bytes());
            rest = after;
        } else {
            replaced.push(*first);
            rest = after;
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use claw_package::PermissionSet;
    use serde_json::json;

    use super::*;

    const VALUE: &str = "t0p-s3cret-value";

    fn value(text: &str) -> Result<SecretValue, SecretError> {
        SecretValue::new(Zeroizing::new(text.to_owned()))
    }

    fn held(with_value: bool) -> Arc<Held> {
        let mut invocation = Invocation::new("f", json!({}));
        invocation.grants = PermissionSet::new([
            "secret=TOKEN https://api.example.com authorization"
                .parse()
                .unwrap(),
            "secret=TOKEN https://*.example.org x-token"
                .parse()
                .unwrap(),
        ]);
        if with_value {
            let secrets = [("TOKEN".to_owned(), value(VALUE).unwrap())];
            invocation.secrets = secrets.into();
        }
        Held::of(&invocation).unwrap()
    }

    fn put(held: &Held, url: &str, header: &str) -> Result<String, DenialReason> {
        let (_, placeholder) = held.environment().next().unwrap();
        let url = url.replace("{}", placeholder);
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, path) = rest.split_at(rest.find('/').unwrap());
        let target = HttpTarget::parse(scheme, authority, "/").unwrap();
        let mut headers = HeaderMap::new();
        let name: http::HeaderName = header.parse().unwrap();
        let sent = format!("Bearer {placeholder}").parse().unwrap();
        headers.insert(name.clone(), sent);
        held.put(&Method::GET, &target, &path.parse().unwrap(), &mut headers)
            .map(|()| headers[&name].to_str().unwrap().to_owned())
            .map_err(|denial| denial.reason)
    }

    #[test]
    fn a_value_is_put_where_it_was_granted_and_nowhere_else() {
        let held = held(true);
        let sent = Ok(format!("Bearer {VALUE}"));
        assert_eq!(
            put(&held, "https://api.example.com/", "authorization"),
            sent
        );
        assert_eq!(
            put(&held, "https://api.example.com:8443/", "authorization"),
            sent
        );
        assert_eq!(put(&held, "https://a.example.org/", "X-Token"), sent);
        for (url, header) in [
            ("http://api.example.com/", "authorization"),
            ("https://api.example.com/", "x-token"),
            ("https://api.example.com/", "cookie"),
            ("https://evil.example/", "authorization"),
            ("https://example.org/", "x-token"),
            ("https://api.example.com/?token={}", "authorization"),
            ("https://api.example.com/{}", "authorization"),
        ] {
            let refused = Err(DenialReason::SecretMisplaced);
            assert_eq!(put(&held, url, header), refused, "{url} {header}");
        }
    }

    #[test]
    fn without_a_value_nothing_is_sent() {
        let refused = put(&held(false), "https://api.example.com/", "authorization");
        assert_eq!(refused, Err(DenialReason::SecretNotSet));
    }

    #[test]
    fn a_placeholder_is_new_each_time() {
        let one = held(true).environment().next().unwrap().1.to_owned();
        let other = held(true).environment().next().unwrap().1.to_owned();
        assert_ne!(one, other);
    }

    #[test]
    fn a_secret_is_what_a_header_can_carry() {
        assert!(value("12345678").is_ok());
        assert!(value("with space").is_ok());
        assert_eq!(value("1234567").err(), Some(SecretError::TooShort));
        let long = "x".repeat(SECRET_BYTES_MAX);
        assert!(value(&long).is_ok());
        assert_eq!(value(&format!("{long}x")).err(), Some(SecretError::TooLong));
        for text in [
            "12345678\r\nHost: x",
            "1234567\n",
            "12345678é",
            "12345678\0",
            " 12345678",
        ] {
            assert_eq!(value(text).err(), Some(SecretError::Unsendable), "{text:?}");
        }
        assert_eq!(format!("{:?}", value(VALUE).unwrap()), "SecretValue(…)");
    }

    #[test]
    fn what_comes_back_is_masked() {
        let held = held(true);
        assert_eq!(held.masked("nothing"), None);
        let masked = held.masked(&format!("a {VALUE} b {VALUE}")).unwrap();
        assert_eq!(masked, "a [secret TOKEN] b [secret TOKEN]");
        let mut result = json!({"a": [format!("x{VALUE}")], VALUE: 1, "b": 2});
        held.mask_json(&mut result);
        assert_eq!(
            result,
            json!({"a": ["x[secret TOKEN]"], "[secret TOKEN]": 1, "b": 2})
        );
        let mut headers = HeaderMap::new();
        headers.insert("x-echo", format!("<{VALUE}>").parse().unwrap());
        headers.insert("x-bytes", HeaderValue::from_bytes(&[0xe9, b'x']).unwrap());
        held.mask_headers(&mut headers);
        assert_eq!(headers["x-echo"], "<[secret TOKEN]>");
        assert_eq!(headers["x-bytes"].as_bytes(), [0xe9, b'x']);
    }
}
