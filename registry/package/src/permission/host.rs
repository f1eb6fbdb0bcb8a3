//! Schemes, hosts and ports of network permissions.
//!
//! A host is a lower-case ASCII name, `*.` and a name, an address, or `*`. Names that a resolver
//! could take for an address (`0x7f.1`, `127.1`) are refused.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The two schemes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

impl Scheme {
    /// The port that is meant where none is written.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// Splits `scheme://rest`.
    pub(super) fn split(text: &str) -> Option<(Self, &str)> {
        match text.split_once("://")? {
            ("http", rest) => Some((Self::Http, rest)),
            ("https", rest) => Some((Self::Https, rest)),
            _ => None,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// Which hosts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// `*`: any.
    Any,
    /// `*.example.com`: every name below it, at any depth, and not the name itself.
    Below(String),
    /// One name.
    Name(String),
    /// One address.
    Address(IpAddr),
}

impl Host {
    /// Whether a name or an address is one of these hosts.
    pub fn allows(&self, host: &Self) -> bool {
        self.meet(host).as_ref() == Some(host)
    }

    pub(super) fn meet(&self, other: &Self) -> Option<Self> {
        let narrower = match (self, other) {
            (Self::Any, narrower) | (narrower, Self::Any) => narrower,
            (Self::Below(parent), narrower @ (Self::Name(name) | Self::Below(name)))
            | (narrower @ (Self::Name(name) | Self::Below(name)), Self::Below(parent))
                if is_below(name, parent) =>
            {
                narrower
            }
            (a, b) if a == b => a,
            _ => return None,
        };
        Some(narrower.clone())
    }

    /// In words, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Any => "any host".into(),
            Self::Below(parent) => format!("any host below `{parent}`"),
            Self::Name(_) | Self::Address(_) => format!("`{self}`"),
        }
    }
}

fn is_below(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent)
        .is_some_and(|rest| rest.ends_with('.'))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Below(parent) => write!(f, "*.{parent}"),
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl FromStr for Host {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some(inner) = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let address: Ipv6Addr = inner.parse().map_err(|_| "not an IPv6 address in `[…]`")?;
            return Ok(Self::Address(address.to_canonical()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(address.into()));
        }
        match text.strip_prefix("*.") {
            Some(parent) => check_name(parent).map(|()| Self::Below(parent.into())),
            None => check_name(text).map(|()| Self::Name(text.into())),
        }
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("the host is missing");
    }
    if name.len() > 253 {
        return Err("the host is longer than 253 bytes");
    }
    if name.contains('@') {
        return Err("user names are not part of it");
    }
    if name.contains('*') {
        return Err("`*` stands alone or as `*.` before a name");
    }
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err("the host must be lower-case");
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !name.split('.').all(label) {
        return Err("the host is not a name of a-z, 0-9, `-` and `.` (write others as `xn--…`)");
    }
    // What a resolver takes for an IPv4 address, by the rule of the URL standard: the last label is
    // a number, in whatever base.
    let last = name.rsplit('.').next().unwrap_or(name);
    let hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    if hexadecimal || last.bytes().all(|b| b.is_ascii_digit()) {
        return Err("write an IPv4 address as four decimal numbers");
    }
    Ok(())
}

/// Which ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// `*`: any.
    Any,
    /// One port.
    Number(u16),
}

impl Port {
    /// Whether a port is one of these.
    pub fn allows(self, port: u16) -> bool {
        match self {
            Self::Any => true,
            Self::Number(number) => number == port,
        }
    }

    pub(super) fn meet(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Any, narrower) | (narrower, Self::Any) => Some(narrower),
            (a, b) => (a == b).then_some(a),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl FromStr for Port {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text == "*" {
            return Ok(Self::Any);
        }
        match text.parse::<u16>() {
            Ok(number) if number != 0 && number.to_string() == text => Ok(Self::Number(number)),
            _ => Err("a port is `*` or a number from 1 to 65535"),
        }
    }
}

/// Splits `host` from `:port`, minding the colons inside `[…]`.
pub(super) fn split_port(text: &str) -> (&str, Option<&str>) {
    let after_brackets = text.rfind(']').map_or(0, |at| at + 1);
    match text[after_brackets..].find(':') {
        Some(colon) => {
            let colon = after_brackets + colon;
            (&text[..colon], Some(&text[colon + 1..]))
        }
        None => (text, None),
    }
}
