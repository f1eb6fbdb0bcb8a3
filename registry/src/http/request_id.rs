//! The name of a request, in its answer and in every line of the log that is about it.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Where clients and proxies send it, and where it is answered.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest that is taken from a client: a UUID with room to spare.
pub(super) const BYTES_MAX: usize = 64;

/// The first half of the names made here: other for each process.
static START: LazyLock<u64> = LazyLock::new(|| {
    // Without random bytes names begin alike after each start, which is no fault worth ending for.
    getrandom::u64().unwrap_or_default()
});
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A name that is fit for headers and logs.
#[derive(Debug, Clone)]
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    /// The one that the client gave, if it is a sensible one, else a new one.
    pub(super) fn of(request: &HeaderMap) -> Self {
        match request.get(X_REQUEST_ID) {
            Some(given) if is_sensible(given.as_bytes()) => Self(given.clone()),
            _ => Self::new(),
        }
    }

    fn new() -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let text = format!("{:08x}{count:08x}", *START & 0xffff_ffff);
        Self(HeaderValue::try_from(text).expect("hexadecimal digits are visible ASCII"))
    }

    /// As a header says it.
    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// Nothing that could end a line, begin a field or carry a sentence.
fn is_sensible(given: &[u8]) -> bool {
    (1..=BYTES_MAX).contains(&given.len())
        && given
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &'static str) -> String {
        let mut request = HeaderMap::new();
        request.insert(X_REQUEST_ID, HeaderValue::from_static(given));
        RequestId::of(&request).to_string()
    }

    #[test]
    fn a_sensible_name_is_kept_and_any_other_replaced() {
        const LONGEST: &str = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl";
        assert_eq!(LONGEST.len(), BYTES_MAX);
        for given in ["a", "5f1b-77_.C", LONGEST] {
            assert_eq!(of(given), given);
        }
        for given in [
            "",
            "two words",
            "a=b",
            "\"a\"",
            "a,b",
            "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklm",
        ] {
            let made = of(given);
            assert_ne!(made, given);
            assert!(is_sensible(made.as_bytes()), "{made}");
        }
    }

    #[test]
    fn no_two_names_are_the_same() {
        let none = HeaderMap::new();
        assert_ne!(
            RequestId::of(&none).to_string(),
            RequestId::of(&none).to_string()
        );
    }
}
