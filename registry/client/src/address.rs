//! The address of a registry, and which addresses are refused before anything is sent.

use std::fmt;

use reqwest::Url;

use crate::error::ClientError;

/// Where a registry is: scheme, host, port and the path before its own paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(Url);

impl Address {
    /// Reads an address as people type it. Plain `http://` to another machine is refused unless
    /// `allow_http`.
    pub(crate) fn parse(text: &str, allow_http: bool) -> Result<Self, ClientError> {
        let refuse = |fault| ClientError::Address {
            address: shown(text),
            fault,
        };
        let mut url = Url::parse(text).map_err(|_| refuse("it is no URL"))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(refuse("it starts with neither `https://` nor `http://`"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refuse("it names no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(
                "it holds a user or a password; tokens are given on their own",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it has a query or a fragment"));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        let address = Self(url);
        if !address.is_https() && !address.is_loopback() && !allow_http {
            return Err(ClientError::InsecureAddress {
                address: address.to_string(),
            });
        }
        Ok(address)
    }

    /// The URL of one of the registry's paths, which starts with `/`.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }

    /// Whether both come from one scheme, host and port.
    pub(crate) fn is_origin_of(&self, other: &Url) -> bool {
        self.0.origin() == other.origin()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    fn is_loopback(&self) -> bool {
        match self.0.host_str() {
            Some("localhost") => true,
            Some(host) => host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback()),
            None => false,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// An address that was refused, without what may be a secret in it.
fn shown(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_the_address() {
        for (text, url) in [
            (
                "https://skills.example",
                "https://skills.example/index/acme/x",
            ),
            (
                "https://skills.example/",
                "https://skills.example/index/acme/x",
            ),
            (
                "https://skills.example:8443/claw/",
                "https://skills.example:8443/claw/index/acme/x",
            ),
            (
                "http://127.0.0.1:7407",
                "http://127.0.0.1:7407/index/acme/x",
            ),
            ("http://[::1]:7407", "http://[::1]:7407/index/acme/x"),
            ("http://localhost", "http://localhost/index/acme/x"),
        ] {
            let address = Address::parse(text, false).unwrap();
            assert_eq!(address.url("/index/acme/x").as_str(), url);
            assert_eq!(address.to_string(), text.trim_end_matches('/'));
        }
    }

    #[test]
    fn plain_http_to_another_machine_needs_leave() {
        for text in [
            "http://skills.example",
            "http://10.0.0.1:7407",
            "http://localhost.example",
        ] {
            let error = Address::parse(text, false).unwrap_err();
            assert!(
                matches!(error, ClientError::InsecureAddress { .. }),
                "{text}"
            );
            assert!(error.to_string().contains(text));
            assert!(Address::parse(text, true).is_ok());
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let address = Address::parse("https://skills.example/claw", false).unwrap();
        let is_same = |url: &str| address.is_origin_of(&Url::parse(url).unwrap());
        assert!(is_same("https://skills.example:443/other"));
        for url in [
            "http://skills.example/claw",
            "https://skills.example:8443/claw",
            "https://cdn.skills.example/claw",
            "file:///claw",
        ] {
            assert!(!is_same(url), "{url}");
        }
    }

    #[test]
    fn what_is_no_registry_address_is_refused_without_its_secrets() {
        for text in [
            "",
            "skills.example",
            "ftp://skills.example",
            "file:///etc",
            "https://",
            "https://skills.example/?q",
            "https://skills.example/#f",
            "https://alice:hunter2@skills.example",
        ] {
            let error = Address::parse(text, true).unwrap_err();
            assert!(matches!(error, ClientError::Address { .. }), "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
