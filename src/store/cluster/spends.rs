//! Single use: `SET NX GET`, one plain command; or, with the family that it starts, one verb in the session's slot.

use bytes::Bytes;
use fred::types::Value;

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use crate::store::StoreError;
use crate::store::spends::{Redeemed, Redeeming, Spends, Spent, Thing};

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

    async fn redeem(&self, asked: Redeeming<'_>) -> Result<Redeemed, StoreError> {
        let Redeeming { thing, note, session, family, now } = asked;
        let keys = [self.keys.session(session), self.keys.spend(&Thing { session: Some(session), ..thing })];
        let ask = |told| {
            Ask::verb_on_two(Verb::Redeem, keys.clone())
                .with(told)
                .bytes(note)
                .number(thing.expires_at.0.max(1))
        };
        let answer = self.starting(session, &family, now, ask).await?;
        if let Value::Integer(started) = answer {
            return Ok(if started == 0 { Redeemed::NoSession } else { Redeemed::First });
        }
        before_of(answer)
    }

    async fn is_spent(&self, thing: Thing<'_>) -> Result<bool, StoreError> {
        self.read::<i64>(Ask::plain("EXISTS", self.keys.spend(&thing))).await.map(|found| found > 0)
    }
}

/// The note in the list that `redeem` answers with.
fn before_of(answer: Value) -> Result<Redeemed, StoreError> {
    let note = answer.into_array().into_iter().next().and_then(Value::into_bytes);
    let note = note.ok_or_else(|| StoreError::Corrupt("a note".to_owned()))?;
    Ok(Redeemed::Before(note.to_vec()))
}
