//! Who sent a request: the socket's other end, or whom a trusted proxy names.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};

use crate::config::listeners::Network;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The caller's address; an IPv4 address mapped into IPv6 is shown as IPv4.
    pub address: IpAddr,
    /// Whether the caller spoke TLS, to us or to the trusted proxy in front of us.
    pub secure: bool,
}

impl Peer {
    /// The peer of a request that came from `socket` with these headers. Only when `socket` is one of `proxies` do the
    /// headers count: then the right-most address that is no trusted proxy is the caller, because everything to the left of it
    /// was written by the caller.
    pub(super) fn of(socket: Self, headers: &HeaderMap, proxies: &[Network]) -> Self {
        if proxies.is_empty() || !is_trusted(socket.address, proxies) {
            return socket;
        }
        let mut address = socket.address;
        let lines = headers.get_all(FORWARDED_FOR).into_iter().rev();
        for hop in lines.flat_map(|line| line.to_str().unwrap_or("?").rsplit(',')) {
            let Some(named) = parse(hop.trim()) else { break };
            address = named;
            if !is_trusted(named, proxies) {
                break;
            }
        }
        let proto = headers.get_all(FORWARDED_PROTO).into_iter().next_back();
        let proto = proto.and_then(|line| line.to_str().ok()).and_then(|line| line.rsplit(',').next());
        let secure = proto.map_or(socket.secure, |proto| proto.trim().eq_ignore_ascii_case("https"));
        Self { address, secure }
    }
}

fn is_trusted(address: IpAddr, proxies: &[Network]) -> bool {
    proxies.iter().any(|network| network.contains(address))
}

/// An address as proxies write it, with or without a port.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(socket: &str, trusted: &[&str], headers: &[(&'static str, &str)]) -> (String, bool) {
        let trusted: Vec<Network> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let socket = Peer { address: socket.parse().unwrap(), secure: false };
        let peer = Peer::of(socket, &map, &trusted);
        (peer.address.to_string(), peer.secure)
    }

    const FOR: &str = "x-forwarded-for";
    const PROTO: &str = "x-forwarded-proto";

    #[test]
    fn a_stranger_cannot_name_another_address() {
        let headers = [(FOR, "198.51.100.7"), (PROTO, "https")];
        assert_eq!(seen("203.0.113.9", &[], &headers), ("203.0.113.9".to_owned(), false));
        assert_eq!(seen("203.0.113.9", &["10.0.0.0/8"], &headers), ("203.0.113.9".to_owned(), false));
    }

    #[test]
    fn the_right_most_address_that_is_no_proxy_counts() {
        let trusted = ["10.0.0.0/8"];
        let lone = [(FOR, "198.51.100.7"), (PROTO, "https")];
        assert_eq!(seen("10.0.0.1", &trusted, &lone), ("198.51.100.7".to_owned(), true));
        let spoofed = [(FOR, "1.1.1.1, 198.51.100.7, 10.9.9.9")];
        assert_eq!(seen("10.0.0.1", &trusted, &spoofed), ("198.51.100.7".to_owned(), false));
        let two_lines = [(FOR, "1.1.1.1"), (FOR, "198.51.100.7, 10.9.9.9")];
        assert_eq!(seen("10.0.0.1", &trusted, &two_lines), ("198.51.100.7".to_owned(), false));
        assert_eq!(seen("10.0.0.1", &trusted, &[(FOR, "10.3.3.3")]), ("10.3.3.3".to_owned(), false));
        assert_eq!(seen("10.0.0.1", &trusted, &[]), ("10.0.0.1".to_owned(), false));
    }

    #[test]
    fn nonsense_ends_the_walk_and_ports_are_cut_off() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(seen("10.0.0.1", &trusted, &[(FOR, "1.1.1.1, unknown, 10.2.2.2")]).0, "10.2.2.2");
        assert_eq!(seen("10.0.0.1", &trusted, &[(FOR, "198.51.100.7:443")]).0, "198.51.100.7");
        assert_eq!(seen("10.0.0.1", &trusted, &[(FOR, "[2001:db8::1]:443")]).0, "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &trusted, &[(FOR, "::ffff:198.51.100.7")]).0, "198.51.100.7");
    }
}
