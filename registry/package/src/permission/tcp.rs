//! Scopes of TCP permissions: an address or a block of addresses, and a port.
//!
//! No names: a raw socket says nothing of the name it was resolved from, so a name could not be
//! enforced.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::error::{PermissionError, shown};
use super::host::{Port, split_port};

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

    /// Whether it allows a connection to this address. An IPv4 address in IPv6 clothes is that IPv4
    /// address.
    pub fn allows(&self, address: IpAddr, port: u16) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4()
            && masked(address, self.prefix_bits) == self.address
            && self.port.allows(port)
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
