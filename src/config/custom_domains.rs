//! The `custom_domains` section: how a tenant proves that a host is its own.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// The proof of custom domains that the management API is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CustomDomains {
    /// Who says that a domain is a tenant's.
    pub verification: Verification,
    /// Name servers that are asked; without any, those of the system.
    pub nameservers: Vec<SocketAddr>,
    /// Milliseconds that one question to a name server may take.
    pub timeout_ms: u64,
    /// Domains that one tenant may claim.
    pub per_tenant_max: usize,
}

/// Who says that a domain is a tenant's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verification {
    /// The DNS, by a TXT record; and the operator.
    Dns,
    /// The operator only.
    Operator,
}

impl Default for CustomDomains {
    fn default() -> Self {
        Self {
            verification: Verification::Dns,
            nameservers: Vec::new(),
            timeout_ms: 2_000,
            per_tenant_max: 20,
        }
    }
}
