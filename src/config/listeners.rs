//! The `public` and `operations` sections: where to listen, under which certificate, behind whom.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use super::ConfigError;

/// One listening socket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listener {
    /// Address and port; port 0 lets the system choose.
    pub address: SocketAddr,
    /// How many connections the kernel holds for us before they are accepted.
    pub backlog: u32,
    /// PEM file with the certificate chain, leaf first; empty serves plain HTTP.
    pub tls_certificate: PathBuf,
    /// PEM file with the private key of the leaf.
    pub tls_key: PathBuf,
    /// Addresses or networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<Network>,
    /// For how long browsers that came over TLS come over nothing else, in seconds (RFC 6797), at every port of the host; 0
    /// does not say so. Never said to `localhost`.
    pub hsts_max_age_secs: u64,
}

/// An address, or a network in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Listener {
    /// The listener for applications and browsers: 127.0.0.1:8080.
    pub fn public() -> Self {
        Self { hsts_max_age_secs: 31_536_000, ..Self::local(8080) }
    }

    /// The listener for operators: 127.0.0.1:9080.
    pub fn operations() -> Self {
        Self::local(9080)
    }

    /// A plain listener on 127.0.0.1.
    pub fn local(port: u16) -> Self {
        Self {
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
            backlog: 4096,
            tls_certificate: PathBuf::new(),
            tls_key: PathBuf::new(),
            trusted_proxies: Vec::new(),
            hsts_max_age_secs: 0,
        }
    }

    /// Whether this listener speaks TLS.
    pub fn has_tls(&self) -> bool {
        !self.tls_certificate.as_os_str().is_empty()
    }

    pub(super) fn validate(&self, section: &str) -> Result<(), ConfigError> {
        super::error::within(&format!("{section}.backlog"), &self.backlog, &(1..=65_535))?;
        super::error::within(
            &format!("{section}.hsts_max_age_secs"),
            &self.hsts_max_age_secs,
            &(0..=315_360_000),
        )?;
        let key_given = !self.tls_key.as_os_str().is_empty();
        match (self.has_tls(), key_given) {
            (true, false) => {
                let problem = format!("must be set, because {section}.tls_certificate is");
                Err(ConfigError::key(format!("{section}.tls_key"), problem))
            }
            (false, true) => {
                let problem = format!("must be set, because {section}.tls_key is");
                Err(ConfigError::key(format!("{section}.tls_certificate"), problem))
            }
            _ => Ok(()),
        }
    }
}

impl Default for Listener {
    fn default() -> Self {
        Self::public()
    }
}

impl Network {
    /// Whether `address` lies in this network. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix);
                u32::from(network).checked_shr(shift) == u32::from(address).checked_shr(shift)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix);
                u128::from(network).checked_shr(shift) == u128::from(address).checked_shr(shift)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("{text:?} is not an address or network such as 10.0.0.0/8");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(widest), str::parse).map_err(|_| wrong())?;
        if prefix > widest { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/{}", self.address, self.prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses_and_no_others() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.1.2"));
        assert!(!holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("192.0.2.1", "192.0.2.1"));
        assert!(!holds("192.0.2.1", "192.0.2.2"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.1.1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1"));
        assert!(!holds("2001:db8::/32", "2001:db9::1"));
        assert!(!holds("::/0", "10.0.0.1"));
    }

    #[test]
    fn nonsense_is_not_a_network() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "localhost", "::1/129", "10.0.0.0/"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
