//! How long answers may be kept, and when a client has the newest already.
//!
//! Validators are strong and made from digests. The lengths of time are those of static hosting, so
//! that a mirror or a cache in front may answer instead of us.

use axum::http::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};
use claw_package::Digest;

/// For the well-known document.
pub(super) const DOCUMENT: HeaderValue =
    HeaderValue::from_static("public, max-age=300, stale-if-error=86400");
/// For index files.
pub(super) const INDEX: HeaderValue = HeaderValue::from_static(
    "public, max-age=60, s-maxage=300, stale-while-revalidate=600, stale-if-error=86400",
);
/// For what is known by its digest, or never changes under its name.
pub(super) const IMMUTABLE: HeaderValue =
    HeaderValue::from_static("public, max-age=31536000, immutable");

/// The validator of bytes with this digest.
pub(crate) fn etag(digest: &Digest) -> HeaderValue {
    ascii(format!("\"sha256-{}\"", digest.hex()))
}

/// A header's value that we made of ASCII text.
pub(crate) fn ascii(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("hexadecimal, base64 and dates are visible ASCII")
}

/// Whether the client has what `etag` stands for. A date counts only where no tag was sent, and only
/// as the very date that we gave: another clock's dates say nothing about our file.
pub(super) fn is_fresh(
    request: &HeaderMap,
    etag: &HeaderValue,
    modified: Option<&HeaderValue>,
) -> bool {
    let mut tags = request.get_all(IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_none() {
        return modified.is_some() && request.get(IF_MODIFIED_SINCE) == modified;
    }
    tags.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim())
        .any(|tag| {
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
        })
}

/// Whether the client has what this digest stands for.
pub(super) fn has(request: &HeaderMap, digest: &Digest) -> bool {
    is_fresh(request, &etag(digest), None)
}

/// The headers of a `304`, which repeat those that a cache keeps beside the body.
pub(super) type Kept = [(axum::http::HeaderName, HeaderValue); 2];

/// What a client is told beside a digest's bytes, sent or not.
pub(super) fn kept(digest: &Digest) -> Kept {
    [
        (ETAG, etag(digest)),
        (axum::http::header::CACHE_CONTROL, IMMUTABLE),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(values: &[(axum::http::HeaderName, &'static str)]) -> HeaderMap {
        values
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_tag_counts_wherever_it_stands_and_wins_over_a_date() {
        let etag = HeaderValue::from_static("\"sha256-ab\"");
        let date = "Fri, 20 Nov 2026 10:00:00 GMT";
        let modified = HeaderValue::from_static(date);
        for fresh in [
            "\"sha256-ab\"",
            "W/\"sha256-ab\"",
            "\"x\", \"sha256-ab\"",
            "*",
        ] {
            assert!(
                is_fresh(&request(&[(IF_NONE_MATCH, fresh)]), &etag, Some(&modified)),
                "{fresh}"
            );
        }
        for stale in ["\"sha256-cd\"", "sha256-ab", ""] {
            let headers = request(&[(IF_NONE_MATCH, stale), (IF_MODIFIED_SINCE, date)]);
            assert!(!is_fresh(&headers, &etag, Some(&modified)), "{stale}");
        }
        assert!(is_fresh(
            &request(&[(IF_MODIFIED_SINCE, date)]),
            &etag,
            Some(&modified)
        ));
        let later = request(&[(IF_MODIFIED_SINCE, "Sat, 21 Nov 2026 10:00:00 GMT")]);
        assert!(!is_fresh(&later, &etag, Some(&modified)));
        assert!(!is_fresh(&HeaderMap::new(), &etag, None));
    }
}
