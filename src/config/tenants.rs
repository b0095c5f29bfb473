//! The `tenants` section: which host is which tenant, and what an issuer looks like from outside.

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Names and addresses of tenants.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tenants {
    /// The domain under which every tenant is a host name: `{tenant}.{base_domain}`.
    pub base_domain: String,
    /// The tenant that answers on the base domain itself and on every host that names no tenant; empty for none.
    pub default_tenant: String,
    /// Scheme of issuers as browsers see them.
    pub issuer_scheme: Scheme,
    /// Port of issuers as browsers see them; 0 leaves the scheme's own port unwritten.
    pub issuer_port: u16,
}

/// The scheme of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Plain HTTP, for one's own machine.
    Http,
    /// HTTP over TLS, here or in the proxy in front.
    Https,
}

impl Scheme {
    /// The scheme as written in a URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn own_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Default for Tenants {
    fn default() -> Self {
        Self {
            base_domain: "localhost".to_owned(),
            default_tenant: "default".to_owned(),
            issuer_scheme: Scheme::Http,
            issuer_port: 8080,
        }
    }
}

impl Tenants {
    /// The issuer of a tenant reached under `host`, with the trailing slash that Auth0 has.
    pub fn issuer(&self, host: &str) -> String {
        let scheme = self.issuer_scheme;
        if self.issuer_port == 0 || self.issuer_port == scheme.own_port() {
            return format!("{}://{host}/", scheme.name());
        }
        format!("{}://{host}:{}/", scheme.name(), self.issuer_port)
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let label = |part: &str| {
            !part.is_empty()
                && part.len() <= 63
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if self.base_domain.len() > 253 || !self.base_domain.split('.').all(label) {
            let problem = "expected a domain in lower case, without scheme and port";
            return Err(ConfigError::key("tenants.base_domain", problem));
        }
        if !self.default_tenant.is_empty() && !label(&self.default_tenant) {
            let problem = "expected a tenant name of lower-case letters, digits and -";
            return Err(ConfigError::key("tenants.default_tenant", problem));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_omits_its_schemes_own_port() {
        let issuer = |issuer_scheme, issuer_port| {
            Tenants { issuer_scheme, issuer_port, ..Tenants::default() }.issuer("a.example")
        };
        assert_eq!(issuer(Scheme::Http, 8080), "http://a.example:8080/");
        assert_eq!(issuer(Scheme::Https, 443), "https://a.example/");
        assert_eq!(issuer(Scheme::Https, 0), "https://a.example/");
        assert_eq!(issuer(Scheme::Https, 80), "https://a.example:80/");
    }
}
