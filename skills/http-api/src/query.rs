//! Names and values in a URL.

use crate::exports::acme::http_api::api::Pair;

/// The URL with the pairs in its query, each encoded.
pub fn added(mut url: String, pairs: &[Pair]) -> String {
    if let Some(fragment) = url.find('#') {
        url.truncate(fragment);
    }
    for Pair { name, value } in pairs {
        url.push(if url.contains('?') { '&' } else { '?' });
        encode(name, &mut url);
        url.push('=');
        encode(value, &mut url);
    }
    url
}

fn encode(text: &str, url: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                url.push(byte.into());
            }
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
}
