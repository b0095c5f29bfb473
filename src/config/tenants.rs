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
    /// The operator's tenant, whose management API makes and removes tenants; empty for the default tenant.
    pub management_tenant: String,
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
            management_tenant: String::new(),
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

    /// The id of the operator's tenant; empty when there is none.
    pub fn management_tenant(&self) -> &str {
        if self.management_tenant.is_empty() { &self.default_tenant } else { &self.management_tenant }
    }

    /// Whether `host` is the base domain or below it, where only tenants' own hosts are.
    pub fn owns(&self, host: &str) -> bool {
        let above = host.strip_suffix(&self.base_domain);
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
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
        let named = [
            ("tenants.default_tenant", &self.default_tenant),
            ("tenants.management_tenant", &self.management_tenant),
        ];
        for (key, tenant) in named {
            if !tenant.is_empty() && !label(tenant) {
                let problem = "expected a tenant name of lower-case letters, digits and -";
                return Err(ConfigError::key(key, problem));
            }
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

    #[test]
    fn the_base_domain_owns_what_is_below_it() {
        let tenants = Tenants { base_domain: "example.test".into(), ..Tenants::default() };
        assert!(tenants.owns("example.test") && tenants.owns("a.b.example.test"));
        assert!(!tenants.owns("myexample.test") && !tenants.owns("example.test.evil"));
        assert_eq!(tenants.management_tenant(), "default");
        let own = Tenants { management_tenant: "ops".into(), ..tenants };
        assert_eq!(own.management_tenant(), "ops");
    }
}
