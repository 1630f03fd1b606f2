//! Where a request may go, and which addresses are public.
//!
//! A vendor's host is the vendor's. A host that the owner typed, or that somebody's DNS answers for, could be
//! the machine beside this one: a metadata service, a database, the admin listener. Requests to such hosts
//! carry [`Reach::Public`], and the address is judged where the connection is made, so that a name which
//! changes its mind between two look-ups gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where a request may go. Travels as an extension of the request; without one it is [`Reach::Anywhere`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// To any address.
    #[default]
    Anywhere,
    /// To public addresses only: not to private, loopback, link-local or otherwise special ones.
    Public,
}

/// Whether the address is somebody's on the internet, also when it is an IPv4 address inside an IPv6 one.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// IANA's special-purpose registry (RFC 6890 and later) for IPv4.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && b & 0b1100_0000 == 64;
    let protocol = (a, b, c) == (192, 0, 0);
    let relay = (a, b, c) == (192, 88, 99);
    let benchmark = a == 198 && b & 0b1111_1110 == 18;
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast();
    // 240.0.0.0/4 is reserved and ends with the broadcast address.
    !(special || a == 0 || a >= 240 || shared || protocol || relay || benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    match segments {
        // IPv4 in IPv6: compatible (with `::` and `::1`), mapped, and translated (NAT64, RFC 6052).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(v4(high, low))
        }
        // 6to4 carries the IPv4 address of its relay.
        [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Protocol assignments, Teredo among them; documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast is 2000::/3; what lies outside is private, link-local, multicast or nobody's.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_internet_are_public() {
        for address in ["8.8.8.8", "172.15.0.1", "100.63.0.1", "198.20.0.1", "223.255.255.254"]
            .into_iter()
            .chain(["2a00:1450:4001:80b::200e", "2606:4700::1111", "::ffff:8.8.8.8"])
            .chain(["64:ff9b::808:808", "2002:808:808::1"])
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn special_addresses_are_not_in_whatever_spelling() {
        for address in ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"]
            .into_iter()
            .chain(["0.0.0.0", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "224.0.0.1"])
            .chain(["240.0.0.1", "255.255.255.255", "192.88.99.1", "203.0.113.9"])
            .chain(["::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1"])
            .chain(["64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2001::1", "2001:db8::1"])
            .chain([
                "fc00::1",
                "fd00:ec2::254",
                "fe80::1",
                "fec0::1",
                "ff02::1",
                "100::1",
                "3fff::1",
            ])
        {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }
}
