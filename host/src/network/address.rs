//! What kind of address this is, and so whether a skill may ever reach it.
//!
//! Pure. An IPv4 address inside an IPv6 one decides as if it stood alone, and a translated address
//! is public only when what it is translated from is: a gateway could turn it into anything.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// One of the internet.
    Public,
    /// This machine.
    Loopback,
    /// RFC 1918.
    Private,
    /// This link alone.
    LinkLocal,
    /// RFC 4193.
    UniqueLocal,
    /// Where a cloud gives its machines their credentials.
    Metadata,
    /// Many machines at once.
    Multicast,
    /// For examples in texts.
    Documentation,
    /// Between a provider and its customers: 100.64.0.0/10.
    Shared,
    /// For measuring equipment.
    Benchmarking,
    /// Set aside, or no longer in use.
    Reserved,
    /// No address.
    Unspecified,
    /// Everybody on the link.
    Broadcast,
    /// Translated from an IPv4 address that is not public.
    Translated,
}

/// Which kind of grant can reach an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// `network.external`
    External,
    /// `network.internal`
    Internal,
    /// None.
    Never,
}

impl Class {
    /// What `address` is.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }

    /// Which kind of grant can reach it.
    pub(crate) fn reach(self) -> Reach {
        match self {
            Self::Public => Reach::External,
            Self::Loopback | Self::Private | Self::LinkLocal | Self::UniqueLocal => Reach::Internal,
            Self::Metadata
            | Self::Multicast
            | Self::Documentation
            | Self::Shared
            | Self::Benchmarking
            | Self::Reserved
            | Self::Unspecified
            | Self::Broadcast
            | Self::Translated => Reach::Never,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "a public address",
            Self::Loopback => "this machine",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::UniqueLocal => "a unique local address",
            Self::Metadata => "cloud metadata",
            Self::Multicast => "a multicast address",
            Self::Documentation => "an address for documentation",
            Self::Shared => "a shared address",
            Self::Benchmarking => "an address for benchmarks",
            Self::Reserved => "a reserved address",
            Self::Unspecified => "no address",
            Self::Broadcast => "a broadcast address",
            Self::Translated => "translated from an address that is not public",
        })
    }
}

fn of_v4(address: Ipv4Addr) -> Class {
    match address.octets() {
        // AWS, Azure, Google, Oracle, DigitalOcean, OpenStack; containers and pods on AWS; Tencent;
        // Scaleway; Alibaba; Oracle's other one; Azure's wire server, the only public one.
        [169, 254, 169 | 170, _]
        | [169, 254, 0, 23]
        | [169, 254, 42, 42]
        | [100, 100, 100, 200]
        | [192, 0, 0, 192]
        | [168, 63, 129, 16] => Class::Metadata,
        [0, 0, 0, 0] => Class::Unspecified,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Class::Private,
        [100, 64..=127, ..] => Class::Shared,
        [127, ..] => Class::Loopback,
        [169, 254, ..] => Class::LinkLocal,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Class::Documentation,
        [198, 18 | 19, ..] => Class::Benchmarking,
        [224..=239, ..] => Class::Multicast,
        [255, 255, 255, 255] => Class::Broadcast,
        // "This network", protocol assignments, the relays of 6to4, the future.
        [0, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [240..=255, ..] => Class::Reserved,
        _ => Class::Public,
    }
}

fn of_v6(address: Ipv6Addr) -> Class {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Class::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => Class::Loopback,
        // Mapped: the same address in other clothes.
        [0, 0, 0, 0, 0, 0xffff, high, low] => of_v4(embedded(high, low)),
        // SIIT, NAT64, 6to4, Teredo (its server, and its client with all bits turned over).
        [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => translated(&[embedded(high, low)]),
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            translated(&[embedded(high, low), embedded(!client_high, !client_low)])
        }
        // AWS, containers on AWS, Google, Oracle, Scaleway, and 169.254.169.254 on the link.
        [0xfd00, 0xec2, ..]
        | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]
        | [0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe]
        | [0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42]
        | [0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe] => Class::Metadata,
        [0xfc00..=0xfdff, ..] => Class::UniqueLocal,
        [0xfe80..=0xfebf, ..] => Class::LinkLocal,
        [0xff00..=0xffff, ..] => Class::Multicast,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Class::Documentation,
        [0x2001, 2, 0, ..] => Class::Benchmarking,
        // Protocol assignments. Below 2000::/3 and above it nothing is global: IPv4-compatible
        // addresses, translation within one network (64:ff9b:1::/48, whose layout only that network
        // knows), discard-only, segment routing, site-local.
        [0x2001, 0..=0x1ff, ..] => Class::Reserved,
        [0x2000..=0x3fff, ..] => Class::Public,
        _ => Class::Reserved,
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

fn translated(from: &[Ipv4Addr]) -> Class {
    let classes = from.iter().map(|address| of_v4(*address));
    classes
        .filter(|class| *class != Class::Public)
        .map(|class| match class {
            Class::Metadata => class,
            _ => Class::Translated,
        })
        .next()
        .unwrap_or(Class::Public)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn class(address: &str) -> Class {
        Class::of(address.parse().unwrap())
    }

    /// The first and the last address of each range, and the neighbours of ranges that have some.
    #[test]
    fn every_range_is_what_its_registry_says() {
        use Class::*;
        for (addresses, expected) in [
            (
                "1.0.0.0 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0",
                Public,
            ),
            (
                "126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0",
                Public,
            ),
            (
                "172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255",
                Public,
            ),
            (
                "192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255",
                Public,
            ),
            (
                "198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255",
                Public,
            ),
            (
                "2000:: 2001:200:: 2001:db7:ffff:: 2001:db9:: 2606:4700::1111",
                Public,
            ),
            ("3ffe:: 3fff:1000:: 3fff:ffff:ffff::", Public),
            ("127.0.0.0 127.0.0.1 127.255.255.255 ::1", Loopback),
            ("10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255", Private),
            ("192.168.0.0 192.168.255.255", Private),
            (
                "169.254.0.0 169.254.168.255 169.254.171.0 169.254.255.255",
                LinkLocal,
            ),
            ("fe80:: febf:ffff::1", LinkLocal),
            (
                "fc00:: fd00::1 fdff:ffff::1 fd00:ec1::254 fd00:ec3::254",
                UniqueLocal,
            ),
            (
                "169.254.169.254 169.254.169.253 169.254.170.2 169.254.170.23",
                Metadata,
            ),
            (
                "100.100.100.200 192.0.0.192 168.63.129.16 169.254.42.42",
                Metadata,
            ),
            (
                "169.254.0.23 fd00:ec2::254 fd00:ec2::23 fd20:ce::254",
                Metadata,
            ),
            ("fd00:c1::a9fe:a9fe fd00:42::42 fe80::a9fe:a9fe", Metadata),
            (
                "224.0.0.0 239.255.255.255 ff00:: ff02::1 ffff::1",
                Multicast,
            ),
            (
                "192.0.2.0 192.0.2.255 198.51.100.7 203.0.113.255",
                Documentation,
            ),
            (
                "2001:db8:: 2001:db8:ffff::1 3fff:: 3fff:fff:ffff::1",
                Documentation,
            ),
            ("100.64.0.0 100.127.255.255", Shared),
            (
                "198.18.0.0 198.19.255.255 2001:2:: 2001:2:0:ffff::1",
                Benchmarking,
            ),
            (
                "0.0.0.1 0.255.255.255 192.0.0.0 192.0.0.255 192.88.99.1",
                Reserved,
            ),
            ("240.0.0.0 255.255.255.254 ::2 ::7f00:1 ::808:808", Reserved),
            (
                "64:ff9b:1:: 64:ff9b:1:ffff::808:808 64:ff9b:0:1::808:808",
                Reserved,
            ),
            (
                "100::1 1fff:: 4000:: 5f00::1 fec0::1 feff::1 fe00::1",
                Reserved,
            ),
            ("2001:1::1 2001:20::1 2001:1ff::1", Reserved),
            ("0.0.0.0 ::", Unspecified),
            ("255.255.255.255", Broadcast),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(class(address), expected, "{address}");
            }
        }
    }

    #[test]
    fn only_public_and_local_addresses_can_be_reached() {
        for (address, reach) in [
            ("8.8.8.8", Reach::External),
            ("2606:4700::1111", Reach::External),
            ("127.0.0.1", Reach::Internal),
            ("10.0.0.1", Reach::Internal),
            ("169.254.1.1", Reach::Internal),
            ("fd00::1", Reach::Internal),
            ("169.254.169.254", Reach::Never),
            ("::ffff:169.254.169.254", Reach::Never),
            ("100.64.0.1", Reach::Never),
            ("224.0.0.1", Reach::Never),
            ("0.0.0.0", Reach::Never),
            ("::", Reach::Never),
            ("255.255.255.255", Reach::Never),
        ] {
            assert_eq!(class(address).reach(), reach, "{address}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]

        #[test]
        fn an_address_inside_another_decides(bits: u32, near in prop::sample::select(vec![
            0_u32, 0x0a00_0000, 0x7f00_0000, 0xa9fe_a900, 0xc0a8_0000, 0x6464_6400, 0xe000_0000,
        ]), keep in 0_u32..32, other: u16) {
            // Half of them near a border, or nearly all would be public.
            let bits = if keep < 16 { bits } else { near | (bits >> keep) };
            let inner = Ipv4Addr::from_bits(bits);
            let (high, low) = ((bits >> 16) as u16, bits as u16);
            let alone = Class::of(inner.into());
            prop_assert_eq!(Class::of(inner.to_ipv6_mapped().into()), alone);
            let translated = match alone {
                Class::Public | Class::Metadata => alone,
                _ => Class::Translated,
            };
            for segments in [
                [0x64, 0xff9b, 0, 0, 0, 0, high, low],
                [0, 0, 0, 0, 0xffff, 0, high, low],
                [0x2002, high, low, other, other, 0, 0, other],
                [0x2001, 0, 0x0808, 0x0808, 0, other, !high, !low],
                [0x2001, 0, high, low, 0, other, !0x0808, !0x0808],
            ] {
                prop_assert_eq!(Class::of(Ipv6Addr::from(segments).into()), translated);
            }
            // Compatible ones are of no use to anybody.
            let compatible = Class::of(Ipv6Addr::from([0, 0, 0, 0, 0, 0, high, low]).into());
            prop_assert!(compatible.reach() == Reach::Never || bits == 1);
            // Where only the network itself knows the layout, nothing is believed.
            let local = Ipv6Addr::from([0x64, 0xff9b, 1, high, low, 0, other, other]);
            prop_assert_eq!(Class::of(local.into()).reach(), Reach::Never);
        }
    }
}
