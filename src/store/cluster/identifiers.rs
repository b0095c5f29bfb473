//! Unique names: held with a time to live, confirmed by taking it away.

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use crate::protocol::ids::TenantId;
use crate::store::StoreError;
use crate::store::identifiers::{Claim, Identifiers};

#[async_trait::async_trait]
impl Identifiers for Cluster {
    async fn claim(
        &self,
        tenant: &TenantId,
        name: &str,
        owner: &str,
        hold_ms: u64,
    ) -> Result<Claim, StoreError> {
        let ask = Ask::verb(Verb::Claim, self.keys.name(tenant, name)).with(owner).number(hold_ms.max(1));
        let taken: Option<String> = self.careful(ask).await?;
        Ok(taken.map_or(Claim::Held, |by| Claim::Taken { by }))
    }

    async fn confirm(&self, tenant: &TenantId, name: &str, owner: &str) -> Result<bool, StoreError> {
        let ask = Ask::verb(Verb::Confirm, self.keys.name(tenant, name)).with(owner);
        self.careful::<i64>(ask).await.map(|confirmed| confirmed == 1)
    }

    async fn release(&self, tenant: &TenantId, name: &str, owner: &str) -> Result<bool, StoreError> {
        let ask = Ask::verb(Verb::Release, self.keys.name(tenant, name)).with(owner);
        self.careful::<i64>(ask).await.map(|released| released == 1)
    }

    async fn resolve(&self, tenant: &TenantId, name: &str) -> Result<Option<String>, StoreError> {
        self.read(Ask::plain("GET", self.keys.name(tenant, name))).await
    }
}
