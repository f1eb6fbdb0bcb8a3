//! Which permissions together let a stranger's words carry private data away.
//!
//! Three things are harmless one by one: private data in reach, text that strangers wrote, and a way
//! out. Together they mean that such text may talk an agent, or a skill that follows it, into sending
//! away what it can see. This finds the three in what skills may do, within one and across several;
//! it forbids nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::permission::{Permission, PermissionSet, TcpScope};

/// One of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leg {
    /// Files, variables, secrets, programs, services of this machine or the local network.
    PrivateData,
    /// What anybody on the internet may have written.
    UntrustedInput,
    /// Somewhere outside that data can be sent to: an address that is asked for carries data, too.
    WayOut,
}

impl Leg {
    /// All three, in the order people are told them.
    pub const ALL: [Self; 3] = [Self::PrivateData, Self::UntrustedInput, Self::WayOut];

    /// What it is called, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::PrivateData => "private data",
            Self::UntrustedInput => "what strangers write",
            Self::WayOut => "a way out",
        }
    }

    /// What it is called, for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrivateData => "private_data",
            Self::UntrustedInput => "untrusted_input",
            Self::WayOut => "way_out",
        }
    }
}

/// Which of the three one permission gives.
pub fn legs(permission: &Permission) -> &'static [Leg] {
    use Leg::{PrivateData, UntrustedInput, WayOut};
    use Permission as P;
    match permission {
        P::FilesystemRead(_) | P::FilesystemWrite(_) | P::Environment(_) | P::Secret(_) => {
            &[PrivateData]
        }
        P::NetworkInternal(_) => &[PrivateData],
        P::NetworkExternal(_) => &[UntrustedInput, WayOut],
        P::NetworkTcp(scope) if is_private(scope) => &[PrivateData],
        P::NetworkTcp(_) => &[UntrustedInput, WayOut],
        // A program has no network of its own; but which program `**` is, nobody can say.
        P::ProcessExecute(command) if command.is_any() => &[PrivateData, WayOut],
        P::ProcessExecute(_) => &[PrivateData],
    }
}

/// All three, each with the permissions that give it and whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combination<'a> {
    parts: Vec<(Leg, &'a str, &'a Permission)>,
}

impl<'a> Combination<'a> {
    /// Who gives one of the three, and by which permission. Never empty.
    pub fn of(&self, leg: Leg) -> impl Iterator<Item = (&'a str, &'a Permission)> {
        let parts = self.parts.iter().filter(move |part| part.0 == leg);
        parts.map(|(_, skill, permission)| (*skill, *permission))
    }

    /// Whether more than one skill has a part in it.
    pub fn is_across(&self) -> bool {
        let first = self.parts.first().map(|part| part.1);
        self.parts.iter().any(|part| Some(part.1) != first)
    }

    /// Whether this skill has a part in it.
    pub fn involves(&self, skill: &str) -> bool {
        self.parts.iter().any(|part| part.1 == skill)
    }
}

/// Finds the three in what some skills, by their names, may do; none when one of the three is
/// missing.
pub fn combination<'a>(
    skills: impl IntoIterator<Item = (&'a str, &'a PermissionSet)>,
) -> Option<Combination<'a>> {
    let mut parts = Vec::new();
    for (skill, permissions) in skills {
        for permission in permissions {
            parts.extend(legs(permission).iter().map(|leg| (*leg, skill, permission)));
        }
    }
    let has = |leg| parts.iter().any(|part: &(Leg, _, _)| part.0 == leg);
    Leg::ALL
        .into_iter()
        .all(has)
        .then_some(Combination { parts })
}

/// Whether every address of a block is of this machine or of a local network. A block that is partly
/// so counts as public.
fn is_private(scope: &TcpScope) -> bool {
    let inside = |block: &(IpAddr, u8)| {
        let (address, bits) = (scope.address(), scope.prefix_bits());
        bits >= block.1 && shares_prefix(address, block.0, block.1)
    };
    PRIVATE.iter().any(inside)
}

const PRIVATE: [(IpAddr, u8); 8] = [
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
];

fn shares_prefix(one: IpAddr, other: IpAddr, bits: u8) -> bool {
    let bits = u32::from(bits);
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (one.to_bits() ^ other.to_bits()).leading_zeros() >= bits
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            (one.to_bits() ^ other.to_bits()).leading_zeros() >= bits
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(lines: &[&str]) -> PermissionSet {
        PermissionSet::new(lines.iter().map(|line| line.parse().unwrap()))
    }

    #[test]
    fn each_kind_gives_what_it_reaches() {
        use Leg::{PrivateData, UntrustedInput, WayOut};
        for (line, expected) in [
            ("filesystem.read=docs", &[PrivateData][..]),
            ("filesystem.write=.", &[PrivateData]),
            ("environment=HOME", &[PrivateData]),
            ("secret=T https://a.example authorization", &[PrivateData]),
            ("network.internal=https://*:*", &[PrivateData]),
            (
                "network.external=GET https://a.example",
                &[UntrustedInput, WayOut],
            ),
            ("process.execute=git status", &[PrivateData]),
            ("process.execute=git **", &[PrivateData]),
            ("process.execute=**", &[PrivateData, WayOut]),
            ("network.tcp=10.0.0.0/8:5432", &[PrivateData]),
            ("network.tcp=127.0.0.1:*", &[PrivateData]),
            ("network.tcp=172.31.255.255:1", &[PrivateData]),
            ("network.tcp=[fd00::1]:22", &[PrivateData]),
            ("network.tcp=[::1]:22", &[PrivateData]),
            ("network.tcp=172.32.0.0:1", &[UntrustedInput, WayOut]),
            ("network.tcp=10.0.0.0/7:1", &[UntrustedInput, WayOut]),
            ("network.tcp=0.0.0.0/0:*", &[UntrustedInput, WayOut]),
            ("network.tcp=[2001:db8::1]:22", &[UntrustedInput, WayOut]),
        ] {
            assert_eq!(legs(&line.parse().unwrap()), expected, "{line}");
        }
    }

    #[test]
    fn two_of_three_are_no_combination() {
        for lines in [
            &[][..],
            &["filesystem.write=.", "environment=HOME"],
            &["network.external=https://*:*"],
            &["process.execute=**"],
            &["filesystem.read=.", "network.internal=https://*:*"],
        ] {
            assert_eq!(combination([("acme/x", &set(lines))]), None, "{lines:?}");
        }
    }

    #[test]
    fn all_three_are_named_with_whose_they_are() {
        let (files, fetch, hello) = (
            set(&["filesystem.read=docs"]),
            set(&["network.external=https://*:*"]),
            set(&[]),
        );
        let together = combination([
            ("acme/files", &files),
            ("acme/fetch", &fetch),
            ("acme/hello", &hello),
        ])
        .unwrap();
        let named = |leg| {
            let parts = together.of(leg);
            parts
                .map(|(skill, line)| format!("{skill} {line}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(named(Leg::PrivateData), ["acme/files filesystem.read=docs"]);
        for leg in [Leg::UntrustedInput, Leg::WayOut] {
            assert_eq!(named(leg), ["acme/fetch network.external=https://*:*"]);
        }
        assert!(together.is_across() && together.involves("acme/fetch"));
        assert!(!together.involves("acme/hello"));

        let alone = set(&["environment=HOME", "network.external=https://*:*"]);
        let alone = combination([("acme/x", &alone), ("acme/hello", &hello)]).unwrap();
        assert!(!alone.is_across());
    }
}
