//! Custom domains: claimed for good when the tenant's document says so, proved later.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use crate::engine::records::flaws::Flaws;
use crate::engine::records::{Refusal, Registrar, mint, uris};
use crate::model::custom_domain::{CustomDomain, Standing};
use crate::model::record::SYSTEM_TENANT;
use crate::model::tenant::Tenant;
use crate::protocol::ids::TenantId;

/// A domain to claim.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::custom_domain::CustomDomain")]
pub struct CustomDomainDraft {
    pub domain: String,
    #[serde(default)]
    pub domain_metadata: BTreeMap<String, String>,
}

/// How often a tenant that is being changed by others too is read again.
const TRIES: usize = 4;

impl Registrar {
    /// Claims a domain for a tenant that has fewer than `most`.
    ///
    /// # Errors
    /// [`Refusal::NameTaken`] when any tenant has it, this one included; nothing was saved.
    pub async fn claim_domain(
        &self,
        tenant: &TenantId,
        draft: CustomDomainDraft,
        most: usize,
    ) -> Result<CustomDomain, Refusal> {
        let domain = draft.domain.to_ascii_lowercase();
        check(&domain, &draft.domain_metadata)?;
        let claimed = CustomDomain {
            id: mint::base62(&self.entropy, "cd_", 16)?,
            domain,
            standing: Standing::Pending { problem: None },
            token: mint::base62(&self.entropy, "", 32)?,
            created_at: self.clock.now(),
            metadata: draft.domain_metadata,
        };
        self.with_tenant(tenant, |tenant| {
            let own = |host: &String| *host == claimed.domain;
            let mut hosts = tenant.claimed_domains.iter().map(|other| &other.domain);
            if hosts.any(own) || tenant.custom_domains.iter().any(own) {
                return Err(Refusal::NameTaken { field: "domain" });
            }
            if tenant.claimed_domains.len() >= most {
                return Err(Refusal::flaw("domain", &format_args!("at most {most} domains may be claimed")));
            }
            tenant.claimed_domains.push(claimed.clone());
            Ok(claimed.clone())
        })
        .await
    }

    /// Changes one domain of a tenant as `change` does.
    ///
    /// # Errors
    /// [`Refusal::Missing`]; nothing was saved.
    pub async fn change_domain(
        &self,
        tenant: &TenantId,
        id: &str,
        change: impl Fn(&mut CustomDomain),
    ) -> Result<CustomDomain, Refusal> {
        self.with_tenant(tenant, |tenant| {
            let found = tenant.claimed_domains.iter_mut().find(|claimed| claimed.id == id);
            let found = found.ok_or(Refusal::Missing)?;
            change(found);
            check(&found.domain, &found.metadata)?;
            Ok(found.clone())
        })
        .await
    }

    /// Gives a domain up; the tenant answers there no more.
    ///
    /// # Errors
    /// [`Refusal::Missing`].
    pub async fn remove_domain(&self, tenant: &TenantId, id: &str) -> Result<(), Refusal> {
        self.with_tenant(tenant, |tenant| {
            let before = tenant.claimed_domains.len();
            tenant.claimed_domains.retain(|claimed| claimed.id != id);
            if tenant.claimed_domains.len() < before { Ok(()) } else { Err(Refusal::Missing) }
        })
        .await
    }

    /// Reads a tenant, changes it, and saves it, again when somebody else was first.
    async fn with_tenant<T>(
        &self,
        id: &TenantId,
        change: impl Fn(&mut Tenant) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let system = TenantId::from(SYSTEM_TENANT);
        let mut tries = 0;
        loop {
            let found = self.catalog.find::<Tenant>(&system, id.as_str()).await?;
            let before = found.filter(|found| !found.record.deleting).ok_or(Refusal::Missing)?;
            let mut after = before.record.clone();
            let changed = change(&mut after)?;
            tries += 1;
            match self.settle(Some(before), after).await {
                Ok(_) => return Ok(changed),
                Err(Refusal::Conflict) if tries < TRIES => {}
                Err(refusal) => return Err(refusal),
            }
        }
    }
}

fn check(domain: &str, metadata: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    // An address or a lone label is nobody's domain.
    let host = uris::is_host(domain) && domain.contains('.') && domain.parse::<IpAddr>().is_err();
    flaws.require(host, "domain", "expected a host name of two labels or more, without a port");
    // The name of the proof is longer, and must still be a name (RFC 1035 §2.3.4).
    flaws.require(domain.len() <= 230, "domain", "expected at most 230 characters");
    flaws.metadata("domain_metadata", metadata.iter());
    flaws.verdict()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::records::Mode;
    use crate::engine::records::world::{World, drafted, paths};

    fn draft(domain: &str) -> CustomDomainDraft {
        drafted(json!({ "domain": domain }))
    }

    #[tokio::test]
    async fn a_domain_is_claimed_once_in_the_world() {
        let world = World::start().await;
        let (acme, other) = (TenantId::from("acme"), TenantId::from("other"));
        let second = drafted(json!({ "id": "other", "custom_domains": ["given.example"] }));
        world.registrar.put_tenant(second, Mode::Create).await.unwrap();
        let claim = |tenant: &TenantId, domain: &str| {
            let (registrar, tenant, draft) = (world.registrar.clone(), tenant.clone(), draft(domain));
            async move { registrar.claim_domain(&tenant, draft, 2).await }
        };
        // At once: one of the two has it.
        let (one, two) = tokio::join!(claim(&acme, "Login.Example"), claim(&other, "login.example"));
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
        let (winner, claimed) = one.map_or_else(|_| (other.clone(), two.unwrap()), |one| (acme.clone(), one));
        for tenant in [&acme, &other] {
            let refused = claim(tenant, "login.example").await.unwrap_err();
            assert!(matches!(refused, Refusal::NameTaken { .. }), "{refused}");
        }
        assert!(matches!(claim(&acme, "given.example").await, Err(Refusal::NameTaken { .. })));
        assert!(matches!(claim(&other, "given.example").await, Err(Refusal::NameTaken { .. })));
        // Given up, it is free again.
        world.registrar.remove_domain(&winner, &claimed.id).await.unwrap();
        claim(&acme, "login.example").await.unwrap();
        claim(&acme, "b.example").await.unwrap();
        assert_eq!(paths(&claim(&acme, "c.example").await.unwrap_err()), ["domain"]);
    }

    #[tokio::test]
    async fn what_is_no_host_is_no_domain() {
        let world = World::start().await;
        let long = format!("{}.example", vec!["a".repeat(60); 4].join("."));
        for bad in
            ["", "single", "a.b:80", "https://a.b", "10.0.0.1", "a..b", "-a.b", "*.a.b", "a b.c", &long]
        {
            let refusal = world.registrar.claim_domain(&"acme".into(), draft(bad), 9).await.unwrap_err();
            assert_eq!(paths(&refusal)[0], "domain", "{bad}: {refusal}");
        }
    }
}
