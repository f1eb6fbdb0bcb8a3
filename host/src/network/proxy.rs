//! The operator's proxy, and tunnels through it.
//!
//! A proxy is always asked for a tunnel to the checked address (`CONNECT 192.0.2.1:443`), for `http`
//! too: told a name, it would look the name up again, and what was checked here would no longer be
//! what is reached. Addresses of this machine and its networks never go through a proxy, to which
//! they would mean its own.

use std::io;
use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use claw_package::permission::{Host, HttpTarget, Scheme};
use ipnet::IpNet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wasmtime_wasi::async_trait;

use super::Wire;
use super::address::{Class, Reach};
use super::dial::{Dialler, Stream};
use crate::limits::PROXY_ANSWER_BYTES_MAX;

/// Which proxy is used for what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    https: Option<Proxy>,
    http: Option<Proxy>,
    except: Vec<Exception>,
}

/// Why a text names no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the proxy for `{scheme}` is not `http://` or `https://`, a host and a port: {reason}")]
pub struct ProxyError {
    scheme: Scheme,
    reason: &'static str,
}

/// One proxy. Its text is never shown: there may be a password in it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    target: HttpTarget,
    /// The value of `Proxy-Authorization`.
    authorization: Option<String>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy({})", self.target)
    }
}

/// What is reached without a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Exception {
    what: Excepted,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Excepted {
    Everything,
    /// A name and all names below it.
    Name(String),
    Block(IpNet),
}

impl Proxies {
    /// Reads what `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` hold, as most programs do. Nothing and
    /// an empty text are no proxy.
    ///
    /// # Errors
    ///
    /// When a proxy is not one that can be used: no proxy at all would be another network than the
    /// operator meant.
    pub fn parse(https: &str, http: &str, except: &str) -> Result<Self, ProxyError> {
        let proxy = |scheme, text: &str| match text.trim() {
            "" => Ok(None),
            text => Proxy::parse(text)
                .map(Some)
                .map_err(|reason| ProxyError { scheme, reason }),
        };
        Ok(Self {
            https: proxy(Scheme::Https, https)?,
            http: proxy(Scheme::Http, http)?,
            except: except
                .split([',', ' '])
                .filter_map(|text| Exception::parse(text.trim()))
                .collect(),
        })
    }

    /// The proxy for a request to these addresses.
    fn find(&self, target: &HttpTarget, addresses: &[SocketAddr]) -> Option<&Proxy> {
        let proxy = match target.scheme() {
            Scheme::Https => self.https.as_ref(),
            Scheme::Http => self.http.as_ref(),
        }?;
        let local = |address: &SocketAddr| Class::of(address.ip()).reach() != Reach::External;
        let excepted = |exception: &Exception| exception.covers(target, addresses);
        (!addresses.iter().any(local) && !self.except.iter().any(excepted)).then_some(proxy)
    }
}

impl Proxy {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, authority) = match rest.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, rest),
        };
        if !matches!(scheme, "http" | "https") {
            return Err("there are no other kinds here");
        }
        let authorization = user.map(|user| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            let pair = [unescaped(name), vec![b':'], unescaped(password)].concat();
            format!("Basic {}", STANDARD.encode(pair))
        });
        Ok(Self {
            target: HttpTarget::parse(scheme, authority, "/")?,
            authorization,
        })
    }
}

/// A user's name or password as it was before it was put into a URL.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let escape = after.get(..2).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        match (byte, escape) {
            (b'%', Some(escaped)) => {
                bytes.push(escaped);
                rest = &after[2..];
            }
            _ => bytes.push(*byte),
        }
    }
    bytes
}

impl Exception {
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        if let Ok(block) = text.parse::<IpNet>() {
            return Some(Self::at(Excepted::Block(block), None));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::at(Excepted::Block(address.into()), None));
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            let block = Excepted::Block(address.ip().into());
            return Some(Self::at(block, Some(address.port())));
        }
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (text, None),
        };
        if name == "*" {
            return Some(Self::at(Excepted::Everything, port));
        }
        let name = name.strip_prefix('*').unwrap_or(name);
        let name = name.trim_matches('.').to_ascii_lowercase();
        Some(Self::at(Excepted::Name(name), port))
    }

    fn at(what: Excepted, port: Option<u16>) -> Self {
        Self { what, port }
    }

    fn covers(&self, target: &HttpTarget, addresses: &[SocketAddr]) -> bool {
        if self.port.is_some_and(|port| port != target.port()) {
            return false;
        }
        match &self.what {
            Excepted::Everything => true,
            Excepted::Block(block) => addresses
                .iter()
                .any(|address| block.contains(&address.ip())),
            Excepted::Name(name) => match target.host() {
                Host::Name(host) => host
                    .strip_suffix(name.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
                _ => false,
            },
        }
    }
}

/// A way to addresses: straight there, or through a proxy.
pub(super) enum Way<'a> {
    Straight(&'a Wire),
    Through(&'a Wire, &'a Proxy),
}

impl<'a> Way<'a> {
    /// The operator's way to these addresses.
    pub(super) fn to(wire: &'a Wire, target: &HttpTarget, addresses: &[SocketAddr]) -> Self {
        match wire.proxies.find(target, addresses) {
            Some(proxy) => Self::Through(wire, proxy),
            None => Self::Straight(wire),
        }
    }
}

#[async_trait]
impl Dialler for Way<'_> {
    async fn dial(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Straight(wire) => wire.dialler.dial(address).await,
            Self::Through(wire, proxy) => tunnel(wire, proxy, address).await,
        }
    }
}

/// Asks a proxy for a tunnel. The proxy is the operator's own, so its address may be any.
async fn tunnel(wire: &Wire, proxy: &Proxy, to: SocketAddr) -> io::Result<Box<dyn Stream>> {
    let target = &proxy.target;
    let ip = match target.host() {
        Host::Address(ip) => *ip,
        host => {
            let found = wire.resolver.resolve(&host.to_string()).await?;
            *found.first().ok_or(io::ErrorKind::NotFound)?
        }
    };
    let mut stream = wire
        .dialler
        .dial(SocketAddr::new(ip, target.port()))
        .await?;
    if target.scheme() == Scheme::Https {
        stream = wire.tls.to_proxy(target.host(), stream).await?;
    }
    let authorization = match &proxy.authorization {
        Some(value) => format!("Proxy-Authorization: {value}\r\n"),
        None => String::new(),
    };
    let request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    match status(&mut stream).await? {
        200..=299 => Ok(stream),
        status => Err(io::Error::other(format!("the proxy answered {status}"))),
    }
}

/// Reads the head of an answer and not a byte more: what follows is the tunnel.
async fn status(stream: &mut Box<dyn Stream>) -> io::Result<u16> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= PROXY_ANSWER_BYTES_MAX {
            return Err(io::Error::other("the proxy's answer does not end"));
        }
        head.push(stream.read_u8().await?);
    }
    let status = head
        .strip_prefix(b"HTTP/1.1 ")
        .or_else(|| head.strip_prefix(b"HTTP/1.0 "))
        .and_then(|rest| std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok());
    status.ok_or_else(|| io::Error::other("the proxy does not speak HTTP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(except: &str, url: &str, address: &str) -> bool {
        let proxies = Proxies::parse("http://proxy:3128", "", except).unwrap();
        let (scheme, authority) = url.split_once("://").unwrap();
        let target = HttpTarget::parse(scheme, authority, "/").unwrap();
        let address = SocketAddr::new(address.parse().unwrap(), target.port());
        proxies.find(&target, &[address]).is_some()
    }

    #[test]
    fn exceptions_are_read_as_most_programs_read_them() {
        let url = "https://api.example.com";
        assert!(uses("", url, "8.8.8.8"));
        assert!(!uses("*", url, "8.8.8.8"));
        for except in [
            "example.com",
            ".example.com",
            "*.example.com",
            "other,api.example.com",
            "other api.example.com:443",
            "8.8.8.8",
            "8.8.0.0/16",
            "8.8.8.8:443",
        ] {
            assert!(!uses(except, url, "8.8.8.8"), "{except}");
        }
        for except in [
            "ample.com",
            "example.org",
            "api.example.com:80",
            "8.8.4.4",
            "10.0.0.0/8",
        ] {
            assert!(uses(except, url, "8.8.8.8"), "{except}");
        }
    }

    #[test]
    fn each_scheme_has_its_proxy_and_local_addresses_have_none() {
        assert!(!uses("", "http://api.example.com", "8.8.8.8"));
        for address in ["127.0.0.1", "10.0.0.1", "fd00::1", "169.254.1.1"] {
            assert!(!uses("", "https://api.example.com", address), "{address}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_an_error_and_its_password_is_not_shown() {
        for text in [
            "socks5://proxy:1080",
            "http://",
            "http://proxy:x",
            "ftp://p",
        ] {
            assert!(Proxies::parse(text, "", "").is_err(), "{text}");
            assert!(Proxies::parse("", text, "").is_err(), "{text}");
        }
        let proxies = Proxies::parse("http://me:pa%40ss@proxy:3128/", "", "").unwrap();
        let authorization = proxies.https.clone().unwrap().authorization.unwrap();
        assert_eq!(
            authorization,
            format!("Basic {}", STANDARD.encode("me:pa@ss"))
        );
        assert!(!format!("{proxies:?}").contains("pa"));
        let bare = Proxies::parse("proxy:3128", "", "").unwrap();
        assert_eq!(bare.https.unwrap().target.port(), 3128);
    }
}
