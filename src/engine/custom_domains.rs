//! Custom domains of running tenants: claimed, proved by the DNS or by the operator, and known here at once.

use crate::config::custom_domains::Verification;
use crate::engine::Engine;
use crate::engine::records::Refusal;
use crate::engine::records::custom_domains::CustomDomainDraft;
use crate::engine::registrar::registrar;
use crate::model::custom_domain::{CustomDomain, Standing};
use crate::protocol::ids::TenantId;

/// Whoever says that a domain is a tenant's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// The DNS.
    Dns,
    /// The operator, who is believed.
    Operator,
}

impl Engine {
    /// Claims a domain for `tenant`. Hosts below the base domain are tenants' own and cannot be claimed.
    ///
    /// # Errors
    /// [`Refusal::NameTaken`] when any tenant has it.
    pub async fn claim_domain(
        &self,
        tenant: &TenantId,
        draft: CustomDomainDraft,
    ) -> Result<CustomDomain, Refusal> {
        if self.tenancy().owns(&draft.domain.to_ascii_lowercase()) {
            return Err(Refusal::flaw("domain", &"hosts below the base domain cannot be claimed"));
        }
        let most = self.custom_domain_settings().per_tenant_max;
        registrar(self).claim_domain(tenant, draft, most).await
    }

    /// Whether tenants may have their domains proved by the DNS.
    pub fn proves_domains_by_dns(&self) -> bool {
        self.custom_domain_settings().verification == Verification::Dns
    }

    /// Looks whether `domain` is proved, and lets its tenant answer there if it is. What is proved stays so.
    ///
    /// # Errors
    /// [`Refusal::Missing`] when it was given up meanwhile.
    pub async fn prove_domain(
        &self,
        tenant: &TenantId,
        domain: &CustomDomain,
        witness: Witness,
    ) -> Result<CustomDomain, Refusal> {
        if domain.is_ready() {
            return Ok(domain.clone());
        }
        let problem = match witness {
            Witness::Dns => self.lacks_proof(domain).await,
            Witness::Operator => None,
        };
        let now = self.now();
        let settle = |claimed: &mut CustomDomain| {
            claimed.standing = match &problem {
                None => Standing::Ready { since: now },
                Some(problem) => Standing::Pending { problem: Some(problem.clone()) },
            };
        };
        let proved = registrar(self).change_domain(tenant, &domain.id, settle).await?;
        self.reload_tenants([tenant]).await?;
        Ok(proved)
    }

    /// Gives a domain up, here at once.
    ///
    /// # Errors
    /// [`Refusal::Missing`].
    pub async fn give_up_domain(&self, tenant: &TenantId, id: &str) -> Result<(), Refusal> {
        registrar(self).remove_domain(tenant, id).await?;
        self.reload_tenants([tenant]).await?;
        Ok(())
    }

    /// What the DNS says instead of the proof.
    async fn lacks_proof(&self, domain: &CustomDomain) -> Option<String> {
        let (name, proof) = (domain.proof_name(), domain.proof());
        match self.dns().texts(&name).await {
            Ok(texts) if texts.contains(&proof) => None,
            Ok(texts) if texts.is_empty() => Some(format!("There is no TXT record at {name}.")),
            Ok(_) => Some(format!("No TXT record at {name} says what it should.")),
            Err(error) => {
                tracing::info!(%error, "a custom domain could not be looked up");
                Some("The DNS did not answer; try again.".to_owned())
            }
        }
    }
}
