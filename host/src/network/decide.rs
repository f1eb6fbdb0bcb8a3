//! The one function that decides what a guest may send where.
//!
//! Pure: it knows the effective grants and one request or one address, no clock, no resolver and no
//! socket. It is asked before a name is looked up, and again for each address that the name has.

use std::net::{IpAddr, SocketAddr};

use claw_package::permission::{Host, HttpTarget};
use claw_package::{Permission, PermissionKind};

use super::address::{Class, Reach};
use crate::denial::{Denial, DenialReason};

/// Where a request may go, before its host has an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// To public addresses.
    External,
    /// To addresses of this machine and its networks.
    Internal,
    /// To both.
    Either,
}

impl Verdict {
    /// Whether it may go to such an address.
    pub(crate) fn permits(self, class: Class) -> bool {
        match class.reach() {
            Reach::External => self != Self::Internal,
            Reach::Internal => self != Self::External,
            Reach::Never => false,
        }
    }
}

/// Whether the grants let a request go anywhere.
pub(crate) fn request(
    grants: &[Permission],
    method: &str,
    target: &HttpTarget,
) -> Result<Verdict, Box<Denial>> {
    let (mut external, mut internal) = (false, false);
    for grant in grants {
        match grant {
            Permission::NetworkExternal(scope) => external |= scope.allows(method, target),
            Permission::NetworkInternal(scope) => internal |= scope.allows(method, target),
            _ => {}
        }
    }
    let verdict = match (external, internal) {
        (true, true) => Verdict::Either,
        (true, false) => Verdict::External,
        (false, true) => Verdict::Internal,
        (false, false) => return Err(not_granted(method, target).into()),
    };
    // An address needs no resolver: what it is decides at once.
    match target.host() {
        Host::Address(ip) => address(verdict, method, target, *ip).map(|()| verdict),
        _ => Ok(verdict),
    }
}

/// Whether a request that may go somewhere may go to this address.
pub(crate) fn address(
    verdict: Verdict,
    method: &str,
    target: &HttpTarget,
    ip: IpAddr,
) -> Result<(), Box<Denial>> {
    let class = Class::of(ip);
    if verdict.permits(class) {
        return Ok(());
    }
    let what = format!("{method} {target} at {ip}, {class}");
    let denial = match class.reach() {
        Reach::Never => Denial {
            kind: PermissionKind::NetworkInternal,
            what,
            reason: DenialReason::ForbiddenAddress,
            permission: None,
        },
        reach => lacking(reach, method, target, what),
    };
    Err(denial.into())
}

/// Whether the grants let a guest connect to this address.
pub(crate) fn connection(grants: &[Permission], address: SocketAddr) -> Result<(), Box<Denial>> {
    let ip = address.ip().to_canonical();
    let class = Class::of(ip);
    let granted = grants.iter().any(|grant| match grant {
        Permission::NetworkTcp(scope) => scope.allows(ip, address.port()),
        _ => false,
    });
    if class.reach() == Reach::Never {
        return Err(Box::new(Denial {
            kind: PermissionKind::NetworkTcp,
            what: format!("connect to {address}, {class}"),
            reason: DenialReason::ForbiddenAddress,
            permission: None,
        }));
    }
    if granted {
        return Ok(());
    }
    let line = format!("network.tcp={}", SocketAddr::new(ip, address.port()));
    Err(Box::new(Denial {
        kind: PermissionKind::NetworkTcp,
        what: format!("connect to {address}"),
        reason: DenialReason::NotGranted,
        permission: line.parse().ok(),
    }))
}

fn not_granted(method: &str, target: &HttpTarget) -> Denial {
    let path = match target.segments() {
        Some(segments) => format!("/{}", segments.join("/")),
        None => "/…".to_owned(),
    };
    let what = format!("{method} {target}{path}");
    match target.host() {
        Host::Address(ip) => match Class::of(*ip).reach() {
            Reach::Never => Denial {
                kind: PermissionKind::NetworkInternal,
                what: format!("{what}, {}", Class::of(*ip)),
                reason: DenialReason::ForbiddenAddress,
                permission: None,
            },
            reach => lacking(reach, method, target, what),
        },
        Host::Name(name) if name == "localhost" || name.ends_with(".localhost") => {
            lacking(Reach::Internal, method, target, what)
        }
        // What a name stands for is not looked up for those who may not know.
        _ => lacking(Reach::External, method, target, what),
    }
}

/// A denial that names what would allow it: this method, at this place, any path.
fn lacking(reach: Reach, method: &str, target: &HttpTarget, what: String) -> Denial {
    let kind = match reach {
        Reach::External => PermissionKind::NetworkExternal,
        Reach::Internal | Reach::Never => PermissionKind::NetworkInternal,
    };
    let place = format!("{}://{}:{}", target.scheme(), target.host(), target.port());
    Denial {
        kind,
        what,
        reason: DenialReason::NotGranted,
        permission: format!("{kind}={method} {place}").parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grants(lines: &[&str]) -> Vec<Permission> {
        lines.iter().map(|line| line.parse().unwrap()).collect()
    }

    fn target(url: &str) -> HttpTarget {
        let (scheme, rest) = url.split_once("://").unwrap();
        let at = rest.find('/').unwrap_or(rest.len());
        HttpTarget::parse(scheme, &rest[..at], &rest[at..]).unwrap()
    }

    fn verdict(lines: &[&str], method: &str, url: &str) -> Option<Verdict> {
        request(&grants(lines), method, &target(url)).ok()
    }

    #[test]
    fn the_grants_say_where_a_request_may_go() {
        let api = ["network.external=GET https://api.example.com/v1"];
        for (method, url, expected) in [
            ("GET", "https://api.example.com/v1", Some(Verdict::External)),
            (
                "GET",
                "https://API.example.com./v1/x?",
                Some(Verdict::External),
            ),
            ("POST", "https://api.example.com/v1", None),
            ("get", "https://api.example.com/v1", None),
            ("GET", "http://api.example.com/v1", None),
            ("GET", "https://api.example.com:8443/v1", None),
            ("GET", "https://api.example.com/v10", None),
            ("GET", "https://api.example.com/v1/../v2", None),
            ("GET", "https://api.example.com/v1/%2e%2e/v2", None),
            ("GET", "https://api.example.com//v1", None),
            ("GET", "https://xapi.example.com/v1", None),
            ("GET", "https://api.example.com.evil.example/v1", None),
        ] {
            assert_eq!(verdict(&api, method, url), expected, "{method} {url}");
        }
        let all = [
            "network.external=https://*:*",
            "network.internal=https://*:*",
        ];
        assert_eq!(verdict(&all, "GET", "https://a.b/"), Some(Verdict::Either));
        for method in ["CONNECT", "TRACE", "connect", "Trace"] {
            assert_eq!(verdict(&all, method, "https://a.b/"), None, "{method}");
        }
    }

    #[test]
    fn an_address_in_the_url_is_classified_at_once() {
        let external = ["network.external=http://*:*"];
        let internal = ["network.internal=http://*:*"];
        assert!(verdict(&external, "GET", "http://8.8.8.8/").is_some());
        assert!(verdict(&internal, "GET", "http://8.8.8.8/").is_none());
        assert!(verdict(&external, "GET", "http://127.0.0.1/").is_none());
        assert!(verdict(&internal, "GET", "http://127.0.0.1/").is_some());
        assert!(verdict(&internal, "GET", "http://[::ffff:127.0.0.1]/").is_some());
        assert!(verdict(&internal, "GET", "http://169.254.169.254/").is_none());
        assert!(verdict(&external, "GET", "http://[64:ff9b::169.254.169.254]/").is_none());
    }

    #[test]
    fn a_denial_names_what_would_allow_it_and_nothing_where_nothing_would() {
        for (url, line) in [
            (
                "https://a.example/x",
                Some("network.external=GET https://a.example:443"),
            ),
            (
                "http://localhost:8080/",
                Some("network.internal=GET http://localhost:8080"),
            ),
            (
                "http://10.0.0.1/",
                Some("network.internal=GET http://10.0.0.1:80"),
            ),
            (
                "http://[fd00::1]/",
                Some("network.internal=GET http://[fd00::1]:80"),
            ),
            ("http://169.254.169.254/latest", None),
        ] {
            let denial = request(&[], "GET", &target(url)).unwrap_err();
            let permission = denial.permission.as_ref().map(ToString::to_string);
            assert_eq!(permission.as_deref(), line, "{url}");
            if let Some(permission) = denial.permission {
                assert!(request(&[permission], "GET", &target(url)).is_ok(), "{url}");
            }
        }
    }

    #[test]
    fn a_connection_needs_its_address_and_never_metadata() {
        let decide = |lines: &[&str], address: &str| {
            connection(&grants(lines), address.parse().unwrap())
                .map_err(|denial| denial.permission.as_ref().map(ToString::to_string))
        };
        let block = ["network.tcp=10.0.0.0/8:5432"];
        assert_eq!(decide(&block, "10.1.2.3:5432"), Ok(()));
        assert_eq!(decide(&block, "[::ffff:10.1.2.3]:5432"), Ok(()));
        assert_eq!(
            decide(&block, "10.1.2.3:5433"),
            Err(Some("network.tcp=10.1.2.3:5433".to_owned()))
        );
        assert_eq!(
            decide(&[], "[fd00::1]:1"),
            Err(Some("network.tcp=[fd00::1]:1".to_owned()))
        );
        let all = ["network.tcp=0.0.0.0/0:*", "network.tcp=[::/0]:*"];
        for address in [
            "169.254.169.254:80",
            "[fd00:ec2::254]:80",
            "[::ffff:169.254.169.254]:80",
            "[64:ff9b::a9fe:a9fe]:80",
            "224.0.0.1:80",
            "255.255.255.255:80",
            "0.0.0.0:80",
        ] {
            assert_eq!(decide(&all, address), Err(None), "{address}");
        }
        assert_eq!(decide(&all, "127.0.0.1:80"), Ok(()));
        assert_eq!(decide(&all, "8.8.8.8:53"), Ok(()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The model: each kind by itself, and nothing that is never reached.
        #[test]
        fn a_request_reaches_an_address_only_through_a_grant_of_its_kind(
            external: bool, internal: bool, bits: u32, near: bool,
        ) {
            let bits = if near { 0x7f00_0000 | (bits & 0x8080_ffff) } else { bits };
            let ip = IpAddr::from(bits.to_be_bytes());
            let mut lines = Vec::new();
            if external { lines.push("network.external=https://a.b"); }
            if internal { lines.push("network.internal=https://a.b"); }
            let target = target("https://a.b/");
            let sent = request(&grants(&lines), "GET", &target)
                .and_then(|verdict| address(verdict, "GET", &target, ip));
            let expected = match Class::of(ip).reach() {
                Reach::External => external,
                Reach::Internal => internal,
                Reach::Never => false,
            };
            prop_assert_eq!(sent.is_ok(), expected, "{}", ip);
        }
    }
}
