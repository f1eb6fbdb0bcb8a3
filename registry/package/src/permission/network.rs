//! Scopes of network permissions: HTTP by method, scheme, host, port and path; TCP by address.
//!
//! No query, no user name, no percent-encoding, no pattern inside a name: each would leave two
//! readings of one line, and a host can enforce only one.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::error::{PermissionError, shown};
use super::host::{Host, Port, Scheme, split_port};

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

/// TCP connections to an address or a block of addresses: `(IP | CIDR) ":" port`. IPv6 stands in
/// brackets, its prefix length inside them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TcpScope {
    address: IpAddr,
    prefix_bits: u8,
    port: Port,
}

impl TcpScope {
    /// The address, or the first of the block.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many leading bits of the address count: all of them for a single one.
    pub fn prefix_bits(&self) -> u8 {
        self.prefix_bits
    }

    /// The port.
    pub fn port(&self) -> Port {
        self.port
    }

    pub(super) fn meet(&self, other: &Self) -> Option<Self> {
        let (wide, narrow) = if self.prefix_bits <= other.prefix_bits {
            (self, other)
        } else {
            (other, self)
        };
        if masked(narrow.address, wide.prefix_bits) != wide.address {
            return None;
        }
        let (address, prefix_bits) = (narrow.address, narrow.prefix_bits);
        Some(Self {
            address,
            prefix_bits,
            port: self.port.meet(other.port)?,
        })
    }

    pub(super) fn describe(&self) -> String {
        let port = match self.port {
            Port::Any => "any port".to_owned(),
            Port::Number(number) => format!("port {number}"),
        };
        if self.prefix_bits == bits(self.address) {
            format!("`{}`, {port}", self.address)
        } else {
            format!(
                "any address in `{}/{}`, {port}",
                self.address, self.prefix_bits
            )
        }
    }
}

impl fmt::Display for TcpScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut block = self.address.to_string();
        if self.prefix_bits != bits(self.address) {
            block.push_str(&format!("/{}", self.prefix_bits));
        }
        match self.address {
            IpAddr::V4(_) => write!(f, "{block}:{}", self.port),
            IpAddr::V6(_) => write!(f, "[{block}]:{}", self.port),
        }
    }
}

impl FromStr for TcpScope {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        parse_tcp(text).map_err(|reason| PermissionError::Network {
            scope: shown(text),
            reason,
        })
    }
}

fn parse_tcp(text: &str) -> Result<TcpScope, &'static str> {
    let (block, port) = split_port(text);
    let port = port.ok_or("write a port, or `:*`")?.parse()?;
    let bracketed = block
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let (address, prefix) = match bracketed.unwrap_or(block).split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (bracketed.unwrap_or(block), None),
    };
    let not_an_address = "it needs an IP address or a block of them; names cannot be enforced here";
    let address: IpAddr = match bracketed {
        Some(_) => address
            .parse::<Ipv6Addr>()
            .map_err(|_| not_an_address)?
            .into(),
        None => address
            .parse::<Ipv4Addr>()
            .map_err(|_| not_an_address)?
            .into(),
    };
    let prefix_bits = match prefix {
        Some(digits) => match digits.parse::<u8>() {
            Ok(n) if n <= bits(address) && n.to_string() == digits => n,
            _ => return Err("the prefix length is out of range"),
        },
        None => bits(address),
    };
    // An IPv4 address in IPv6 clothes is that IPv4 address, and a block of them would be two things.
    let (address, prefix_bits) = match address.to_canonical() {
        v4 @ IpAddr::V4(_) if address.is_ipv6() => match prefix_bits.checked_sub(96) {
            Some(prefix_bits) => (v4, prefix_bits),
            None => return Err("write IPv4 addresses as such"),
        },
        same => (same, prefix_bits),
    };
    if masked(address, prefix_bits) != address {
        return Err("the address has bits beyond the prefix length");
    }
    Ok(TcpScope {
        address,
        prefix_bits,
        port,
    })
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn masked(address: IpAddr, prefix_bits: u8) -> IpAddr {
    let prefix_bits = u32::from(prefix_bits);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX
                .checked_shl(32u32.saturating_sub(prefix_bits))
                .unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX
                .checked_shl(128u32.saturating_sub(prefix_bits))
                .unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}
