//! Single use: `SET NX GET`, one plain command.

use bytes::Bytes;

use super::Cluster;
use super::ask::Ask;
use crate::store::StoreError;
use crate::store::spends::{Spends, Spent, Thing};

#[async_trait::async_trait]
impl Spends for Cluster {
    async fn spend(&self, thing: Thing<'_>, note: &[u8]) -> Result<Spent, StoreError> {
        let ask = Ask::plain("SET", self.keys.spend(&thing))
            .bytes(note)
            .with("NX")
            .with("GET")
            .with("PXAT")
            .number(thing.expires_at.0.max(1));
        let before: Option<Bytes> = self.hot(ask).await?;
        Ok(before.map_or(Spent::First, |note| Spent::Before(note.to_vec())))
    }

    async fn is_spent(&self, thing: Thing<'_>) -> Result<bool, StoreError> {
        self.read::<i64>(Ask::plain("EXISTS", self.keys.spend(&thing))).await.map(|found| found > 0)
    }
}
