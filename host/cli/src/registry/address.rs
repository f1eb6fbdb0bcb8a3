//! Addresses of registries, as settings and pins hold them.
//!
//! One address has one spelling here, so that comparing texts is comparing addresses. Nothing is
//! asked.

use crate::failure::{Failure, Outcome};

/// An address in its one spelling: scheme and host in lower case, no slash at the end.
pub(crate) fn normal_address(address: &str) -> Outcome<String> {
    let wrong = || {
        let failure = Failure::usage(format!("`{}` is no address of a registry", address));
        failure.hint("an address is https://HOST, https://HOST:PORT or either with a path")
    };
    let (scheme, rest) = address.split_once("://").ok_or_else(wrong)?;
    let scheme = scheme.to_ascii_lowercase();
    let (host, path) = rest
        .find('/')
        .map_or((rest, ""), |slash| rest.split_at(slash));
    let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let forbidden = |text: &str| {
        text.contains([
            '@', '?', '#', '\\', '"', '\'', '<', '>', '`', '{', '}', '|', '^',
        ])
    };
    let fits = matches!(scheme.as_str(), "https" | "http")
        && !host.is_empty()
        && visible(rest)
        && !forbidden(rest);
    if !fits || path.contains("//") || path.split('/').any(|word| matches!(word, "." | "..")) {
        return Err(wrong());
    }
    Ok(format!(
        "{scheme}://{}{}",
        host.to_ascii_lowercase(),
        path.trim_end_matches('/')
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Kind;

    #[test]
    fn an_address_has_one_spelling() {
        for (typed, normal) in [
            ("https://Skills.Example.com/", "https://skills.example.com"),
            ("HTTP://127.0.0.1:7407", "http://127.0.0.1:7407"),
            ("https://example.com/Claw/", "https://example.com/Claw"),
            ("http://[::1]:80", "http://[::1]:80"),
        ] {
            assert_eq!(normal_address(typed).unwrap(), normal);
        }
        for wrong in [
            "example.com",
            "ftp://example.com",
            "https://",
            "https://me@example.com",
            "https://a b",
            "https://a/?q",
            "https://a/#f",
            "https://a/../b",
            "https://a//b",
        ] {
            assert_eq!(
                normal_address(wrong).unwrap_err().kind,
                Kind::Usage,
                "{wrong}"
            );
        }
    }
}
