//! Which addresses a request of our own may go to: those of the public internet, and networks that the operator names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::listeners::Network;

/// Whether `address` is public or lies in one of `own` networks.
pub(super) fn is_open(address: IpAddr, own: &[Network]) -> bool {
    let address = address.to_canonical();
    let public = match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    };
    public || own.iter().any(|network| network.contains(address))
}

/// By IANA's registry of special-purpose addresses (RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

/// Only global unicast (`2000::/3`), without what in it is documentation or carries an IPv4 address of any kind.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let global = first & 0xe000 == 0x2000;
    let documentation = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    // 6to4, Teredo and the rest of 2001::/23 lead to wherever their inner addresses say.
    let carried = first == 0x2002 || (first == 0x2001 && second < 0x0200);
    global && !documentation && !carried
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(address: &str, own: &[&str]) -> bool {
        let own: Vec<Network> = own.iter().map(|network| network.parse().unwrap()).collect();
        is_open(address.parse().unwrap(), &own)
    }

    #[test]
    fn the_public_internet_is_open_and_nothing_else() {
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "172.32.0.1"] {
            assert!(open(public, &[]), "{public}");
        }
        for closed in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "192.88.99.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::1",
            "3fff::1",
            "100::1",
        ] {
            assert!(!open(closed, &[]), "{closed}");
        }
    }

    #[test]
    fn the_operator_opens_networks_of_their_own() {
        assert!(open("10.1.2.3", &["10.0.0.0/8"]) && open("::ffff:10.1.2.3", &["10.0.0.0/8"]));
        assert!(!open("192.168.0.1", &["10.0.0.0/8"]));
    }
}
