//! Where one HTTP request goes, read so that no server on its way can read it otherwise.
//!
//! Scopes are written by people and are strict; requests are written by guests and are whatever
//! passes a URL parser. A host that a resolver could take for something else is refused here. A path
//! that servers read differently is kept, but no scope with a path matches it.

use std::fmt;

use super::host::{Host, Scheme, split_port};

/// How often a path is decoded to see what a chain of servers might make of it. Two are common, and
/// what still changes after this many is nobody's honest path.
const DECODINGS_MAX: usize = 4;

/// Where one HTTP request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpTarget {
    scheme: Scheme,
    host: Host,
    port: u16,
    /// The path's segments; none where servers differ on what they are.
    segments: Option<Vec<String>>,
}

impl HttpTarget {
    /// Reads the parts of a URL: a scheme, an authority without user name, and a path without query.
    ///
    /// # Errors
    ///
    /// Why it goes nowhere that could be granted.
    pub fn parse(scheme: &str, authority: &str, path: &str) -> Result<Self, &'static str> {
        let scheme = match scheme {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err("only `http` and `https` can be granted"),
        };
        if authority.contains('@') {
            return Err("user names are not part of a URL here");
        }
        let (host, port) = split_port(authority);
        let port = match port {
            None => scheme.default_port(),
            Some(digits) => match digits.parse::<u16>() {
                Ok(port) if port != 0 && port.to_string() == digits => port,
                _ => return Err("a port is a number from 1 to 65535"),
            },
        };
        // A dot at the end is the same name without the resolver's search list.
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let host = match host.parse()? {
            host @ (Host::Name(_) | Host::Address(_)) => host,
            Host::Any | Host::Below(_) => return Err("`*` is no host"),
        };
        Ok(Self {
            scheme,
            host,
            port,
            segments: segments(path),
        })
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host: a name or an address, and nothing else.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path's segments, where all servers agree on them.
    pub fn segments(&self) -> Option<&[String]> {
        self.segments.as_deref()
    }

    /// The authority as it is sent: the port only where the scheme does not say it.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The scheme, the host and the port.
impl fmt::Display for HttpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority())
    }
}

/// The segments of a path, where it is the same path to every server: no `.` or `..`, no empty
/// segment but the last, and nothing that turns into one of these or into a `/` when it is decoded
/// once or again.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let segments: Vec<&str> = path.split('/').collect();
    let (last, others) = segments.split_last()?;
    let clear = others
        .iter()
        .all(|segment| !segment.is_empty() && is_clear(segment))
        && is_clear(last);
    clear.then(|| segments.into_iter().map(str::to_owned).collect())
}

fn is_clear(segment: &str) -> bool {
    let mut text = segment.to_owned();
    for level in 0..=DECODINGS_MAX {
        let separates = |c: char| c == '/' || c == '\\' || c.is_control();
        // Some servers cut parameters off, some trailing dots and spaces.
        let name = text.split(';').next().unwrap_or(&text);
        let dots = name.contains('.') && name.chars().all(|c| c == '.' || c == ' ');
        if text.contains(separates) || dots || has_wide_escape(&text) {
            return false;
        }
        match decoded(&text) {
            Decoded::Same => return true,
            // Written by the guest it is broken; left over from a decoding it is a plain `%`.
            Decoded::Broken => return level > 0,
            Decoded::Other(bytes) => match String::from_utf8(bytes) {
                Ok(other) => text = other,
                // Overlong forms of `.` and `/` are not UTF-8.
                Err(_) => return false,
            },
        }
    }
    false
}

/// `%u002e`, which some servers read.
fn has_wide_escape(text: &str) -> bool {
    text.contains("%u") || text.contains("%U")
}

enum Decoded {
    Same,
    Broken,
    Other(Vec<u8>),
}

fn decoded(text: &str) -> Decoded {
    if !text.contains('%') {
        return Decoded::Same;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match (digit(rest.next()), digit(rest.next())) {
            (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
            _ => return Decoded::Broken,
        }
    }
    Decoded::Other(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(authority: &str) -> Result<String, &'static str> {
        HttpTarget::parse("https", authority, "/").map(|target| target.to_string())
    }

    #[test]
    fn a_host_is_read_in_one_way() {
        for (authority, read) in [
            ("Example.COM", "https://example.com"),
            ("example.com.", "https://example.com"),
            ("example.com:443", "https://example.com"),
            ("localhost.:8443", "https://localhost:8443"),
            ("127.0.0.1:80", "https://127.0.0.1:80"),
            ("[::1]", "https://[::1]"),
            ("[::FFFF:10.0.0.1]:8080", "https://10.0.0.1:8080"),
        ] {
            assert_eq!(target(authority).as_deref(), Ok(read), "{authority}");
        }
    }

    #[test]
    fn what_a_resolver_could_read_otherwise_is_no_host() {
        for authority in [
            "",
            ".",
            "user@example.com",
            "user:pass@example.com",
            "example.com@evil.example",
            "2130706433",
            "017700000001",
            "0x7f000001",
            "0x7f.1",
            "127.1",
            "127.0.1",
            "0177.0.0.1",
            "127.0.0.1..",
            "127.0.0.01",
            "1.2.3.4.5",
            "example.com:0",
            "example.com:",
            "example.com:+80",
            "example.com:080",
            "example.com:65536",
            "example.com:80:80",
            "exa%6dple.com",
            "exa mple.com",
            "example..com",
            "*",
            "*.example.com",
            "[::1%25lo]",
            "[fe80::1%lo]",
            "::1",
            "bücher.example",
            "a_b.example",
        ] {
            assert!(target(authority).is_err(), "{authority}");
        }
        assert!(HttpTarget::parse("ftp", "example.com", "/").is_err());
        assert!(HttpTarget::parse("HTTPS", "example.com", "/").is_err());
    }

    #[test]
    fn a_path_is_clear_or_no_path_at_all() {
        let segments = |path| segments(path).map(|segments| segments.join("|"));
        for (path, read) in [
            ("", ""),
            ("/", ""),
            ("/v1", "v1"),
            ("/v1/", "v1|"),
            ("/v1/a%20b", "v1|a%20b"),
            ("/v1/100%25", "v1|100%25"),
            ("/v1/a.b/.c/..d", "v1|a.b|.c|..d"),
            ("/v1/caf%C3%A9", "v1|caf%C3%A9"),
        ] {
            assert_eq!(segments(path).as_deref(), Some(read), "{path}");
        }
        for path in [
            "//v1",
            "/v1//x",
            "/v1/./x",
            "/v1/../x",
            "/v1/..",
            "/v1/%2e%2e/x",
            "/v1/.%2E/x",
            "/v1/%252e%252e/x",
            "/v1/%25252e%25252e/x",
            "/v1/..;/x",
            "/v1/..;a=b/x",
            "/v1/..%3b/x",
            "/v1/.../x",
            "/v1/..%20/x",
            "/v1/a%2fb",
            "/v1/a%252fb",
            "/v1/a%5cb",
            "/v1/a\\b",
            "/v1/a%00b",
            "/v1/%c0%ae%c0%ae/x",
            "/v1/%u002e%u002e/x",
            "/v1/%25u002e/x",
            "/v1/a%",
            "/v1/a%2",
            "/v1/a%zz",
            "/v1/%2525252525252541",
        ] {
            assert_eq!(segments(path), None, "{path}");
        }
    }
}
