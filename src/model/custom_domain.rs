//! A custom domain: a host that a tenant claims, and at which it answers once it is proved to be the tenant's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;

/// A claimed host; kept inside its tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomDomain {
    /// `cd_…`.
    pub id: String,
    /// The host, lower case, without a port; unique among all tenants from the claim on.
    pub domain: String,
    /// Whether it is proved.
    pub standing: Standing,
    /// Random: what the proof must hold, so that nobody can prepare it before the claim.
    pub token: String,
    /// When it was claimed.
    pub created_at: UnixMs,
    /// Small free-form values of the tenant.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// From claimed to proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// Claimed; the tenant does not answer there.
    Pending {
        /// What the last look for a proof found instead.
        #[serde(default)]
        problem: Option<String>,
    },
    /// Proved; the tenant answers there.
    Ready {
        /// Since when.
        since: UnixMs,
    },
}

impl CustomDomain {
    /// Whether the tenant answers there.
    pub const fn is_ready(&self) -> bool {
        matches!(self.standing, Standing::Ready { .. })
    }

    /// Where the TXT record that proves it must be.
    pub fn proof_name(&self) -> String {
        format!("_jeton-challenge.{}", self.domain)
    }

    /// What the TXT record that proves it must say.
    pub fn proof(&self) -> String {
        format!("jeton-domain-verification={}", self.token)
    }
}
