//! Jobs: a document each, with a time to live.

use bytes::Bytes;

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use crate::clock::UnixMs;
use crate::protocol::ids::TenantId;
use crate::store::{Jobs, StoreError};

#[async_trait::async_trait]
impl Jobs for Cluster {
    async fn keep_job(
        &self,
        tenant: &TenantId,
        id: &str,
        document: Bytes,
        expires_at: UnixMs,
    ) -> Result<(), StoreError> {
        let ask = Ask::verb(Verb::Keep, self.keys.job(tenant, id)).with(document).number(expires_at.0.max(1));
        self.careful::<i64>(ask).await.map(drop)
    }

    async fn find_job(&self, tenant: &TenantId, id: &str) -> Result<Option<Bytes>, StoreError> {
        self.read(Ask::plain("GET", self.keys.job(tenant, id))).await
    }
}
