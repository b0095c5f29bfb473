//! Single use: `SET NX GET`, one plain command.

use bytes::Bytes;

use super::Cluster;
use super::ask::Ask;
use crate::store::families::Started;
use crate::store::spends::{Redeemed, Redeeming, Spends, Spent, Thing};
use crate::store::{Families as _, StoreError};

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

    /// Two slots, hence one after the other.
    async fn redeem(&self, asked: Redeeming<'_>) -> Result<Redeemed, StoreError> {
        let Redeeming { thing, note, session, family, now } = asked;
        if self.start(session, family, now).await? == Started::NoSession {
            return Ok(Redeemed::NoSession);
        }
        match self.spend(thing, note).await? {
            Spent::First => Ok(Redeemed::First),
            Spent::Before(note) => {
                // Nobody has a token of this family.
                self.revoke(session, family.key).await?;
                Ok(Redeemed::Before(note))
            }
        }
    }

    async fn is_spent(&self, thing: Thing<'_>) -> Result<bool, StoreError> {
        self.read::<i64>(Ask::plain("EXISTS", self.keys.spend(&thing))).await.map(|found| found > 0)
    }
}
