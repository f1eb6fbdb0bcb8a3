//! Scopes of HTTP permissions: method, scheme, host, port and path.
//!
//! No query, no user name, no percent-encoding, no pattern inside a name: each would leave two
//! readings of one line, and a host can enforce only one.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::error::{PermissionError, shown};
use super::host::{Host, Port, Scheme, split_port};
use super::target::HttpTarget;

/// HTTP requests to somewhere: `[METHOD{"|"METHOD} " "] scheme "://" host [":" port] [path]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HttpScope {
    methods: BTreeSet<String>,
    scheme: Scheme,
    host: Host,
    port: Port,
    path: Vec<String>,
}

impl HttpScope {
    /// The methods; any where there are none.
    pub fn methods(&self) -> &BTreeSet<String> {
        &self.methods
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> Port {
        self.port
    }

    /// The first segments of the path; any path where there are none.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// Whether it allows one request.
    pub fn allows(&self, method: &str, target: &HttpTarget) -> bool {
        let granted = self.methods.is_empty() || self.methods.contains(method);
        let path = self.path.is_empty()
            || target
                .segments()
                .is_some_and(|segments| segments.starts_with(&self.path));
        granted
            && parse_method(method).is_ok()
            && self.scheme == target.scheme()
            && self.host.allows(target.host())
            && self.port.allows(target.port())
            && path
    }

    pub(super) fn meet(&self, other: &Self) -> Option<Self> {
        if self.scheme != other.scheme {
            return None;
        }
        let methods: BTreeSet<String> = match (self.methods.is_empty(), other.methods.is_empty()) {
            (true, _) => other.methods.clone(),
            (_, true) => self.methods.clone(),
            (false, false) => {
                let both: BTreeSet<_> =
                    self.methods.intersection(&other.methods).cloned().collect();
                if both.is_empty() {
                    return None;
                }
                both
            }
        };
        let path = if other.path.starts_with(&self.path) {
            &other.path
        } else if self.path.starts_with(&other.path) {
            &self.path
        } else {
            return None;
        };
        Some(Self {
            methods,
            scheme: self.scheme,
            host: self.host.meet(&other.host)?,
            port: self.port.meet(other.port)?,
            path: path.clone(),
        })
    }

    pub(super) fn describe(&self) -> String {
        let methods = Vec::from_iter(self.methods.iter().map(String::as_str)).join(", ");
        let mut words = match methods.as_str() {
            "" => "send any request".to_owned(),
            some => format!("send {some} requests"),
        };
        words.push_str(&format!(
            " to {} over {}",
            self.host.describe(),
            self.scheme
        ));
        match self.port {
            Port::Any => words.push_str(", any port"),
            Port::Number(port) if port != self.scheme.default_port() => {
                words.push_str(&format!(", port {port}"));
            }
            Port::Number(_) => {}
        }
        if !self.path.is_empty() {
            words.push_str(&format!(", below `/{}`", self.path.join("/")));
        }
        words
    }
}

impl fmt::Display for HttpScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, method) in self.methods.iter().enumerate() {
            write!(f, "{}{method}", if index == 0 { "" } else { "|" })?;
        }
        if !self.methods.is_empty() {
            f.write_str(" ")?;
        }
        write!(f, "{}://{}:{}", self.scheme, self.host, self.port)?;
        self.path
            .iter()
            .try_for_each(|segment| write!(f, "/{segment}"))
    }
}

impl FromStr for HttpScope {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        parse_http(text).map_err(|reason| PermissionError::Network {
            scope: shown(text),
            reason,
        })
    }
}

fn parse_http(text: &str) -> Result<HttpScope, &'static str> {
    let (methods, url) = match text.split_once(' ') {
        Some((methods, url)) => (
            methods
                .split('|')
                .map(parse_method)
                .collect::<Result<_, _>>()?,
            url,
        ),
        None => (BTreeSet::new(), text),
    };
    let (scheme, rest) =
        Scheme::split(url).ok_or("it begins with neither `https://` nor `http://`")?;
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (host, port) = split_port(authority);
    Ok(HttpScope {
        methods,
        scheme,
        host: host.parse()?,
        port: port.map_or(Ok(Port::Number(scheme.default_port())), str::parse)?,
        path: parse_path(path)?,
    })
}

fn parse_method(text: &str) -> Result<String, &'static str> {
    match text {
        "CONNECT" | "TRACE" => Err("CONNECT and TRACE cannot be granted"),
        _ if (1..=24).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') =>
        {
            Ok(text.into())
        }
        _ => Err("methods are upper-case words joined by `|`"),
    }
}

fn parse_path(path: &str) -> Result<Vec<String>, &'static str> {
    if path.contains(['?', '#']) {
        return Err("queries and fragments are not part of it");
    }
    // `/` and a slash at the end say nothing: a path matches whole segments and all below them.
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    path.split('/').skip(1).map(parse_segment).collect()
}

fn parse_segment(segment: &str) -> Result<String, &'static str> {
    match segment {
        "" => Err("a segment of the path is empty"),
        "." | ".." => Err("`.` and `..` are no segments of a path"),
        _ if segment.contains('*') => Err("a path has no patterns; it includes all below it"),
        _ if segment.contains('%') => Err("a path has no percent-encoding"),
        _ if segment
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()+,;=:@".contains(&b)) =>
        {
            Ok(segment.into())
        }
        _ => Err("a path has letters, digits and `-._~!$&'()+,;=:@`"),
    }
}
