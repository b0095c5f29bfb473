//! Families: a few bytes each within their session, changed in place.

use bytes::Bytes;
use fred::types::Value;

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use super::packing::{Told, families};
use crate::clock::UnixMs;
use crate::model::family::{Family, NewFamily, Presented, Rotation};
use crate::protocol::ids::{FamilyKey, SessionId};
use crate::store::StoreError;
use crate::store::families::{Families, Started};

#[async_trait::async_trait]
impl Families for Cluster {
    async fn start(&self, session: SessionId, family: NewFamily, now: UnixMs) -> Result<Started, StoreError> {
        let key = self.keys.session(session);
        let ask = |told| Ask::verb(Verb::Start, key.clone()).with(told);
        let answer = self.starting(session, &family, now, ask).await?;
        Ok(if answer == Value::Integer(0) { Started::NoSession } else { Started::Started })
    }

    async fn rotate(&self, asked: Presented) -> Result<Rotation, StoreError> {
        let told = Told::of(asked.family)
            .six(asked.generation)
            .six(asked.now.0)
            .six(asked.leeway_ms)
            .expiry(asked.expires_at)
            .flag(asked.rotating);
        let ask = Ask::verb(Verb::Rotate, self.keys.session(asked.session)).with(told.into_bytes());
        rotation(self.hot(ask).await?)
    }

    async fn current(
        &self,
        session: SessionId,
        family: FamilyKey,
        now: UnixMs,
    ) -> Result<Option<Family>, StoreError> {
        let mut families = self.living_families(session, now).await?;
        Ok(families.find(|(key, ..)| *key == family).map(|(_, family, _)| family))
    }

    async fn ends_at(&self, session: SessionId, family: FamilyKey) -> Result<Option<UnixMs>, StoreError> {
        let mut families = self.living_families(session, self.clock.now()).await?;
        Ok(families.find(|(key, ..)| *key == family).and_then(|(_, _, ends)| ends))
    }

    async fn revoke(&self, session: SessionId, family: FamilyKey) -> Result<bool, StoreError> {
        let key = self.keys.session(session);
        let ask = Ask::verb(Verb::Revoke, key).bytes(&family.0).number(self.clock.now().0);
        self.careful::<i64>(ask).await.map(|gone| gone > 0)
    }
}

impl Cluster {
    /// The families of a session that have not expired at `now`, with their expiries; none when there is no such session.
    pub(super) async fn living_families(
        &self,
        session: SessionId,
        now: UnixMs,
    ) -> Result<impl Iterator<Item = (FamilyKey, Family, Option<UnixMs>)>, StoreError> {
        let value: Option<Bytes> = self.read(Ask::plain("GET", self.keys.session(session))).await?;
        let families = value.map(|value| families(session, &value)).transpose()?.unwrap_or_default();
        Ok(families.into_iter().filter(move |(.., ends)| ends.is_none_or(|ends| ends > now)))
    }

    /// Asks what `ask` makes of a new family, again once the index of the user's sessions was told: a family that outlives
    /// its session takes two more calls, and the index never says less than the session. Gives the answer that is not
    /// the session.
    pub(super) async fn starting(
        &self,
        session: SessionId,
        family: &NewFamily,
        now: UnixMs,
        ask: impl Fn(Bytes) -> Ask,
    ) -> Result<Value, StoreError> {
        let mut announced = false;
        loop {
            let answer: Value = self.careful(ask(new_family(family, now, announced))).await?;
            // By its type: the vendor also takes a text of digits, alone or in a list, for a number.
            if matches!(answer, Value::Integer(_) | Value::Array(_)) {
                return Ok(answer);
            }
            announced = self.announce(session, family.session_until, now).await?;
        }
    }
}

/// What `open`, `start` and `redeem` want to know of a family, and whether the index of the user's sessions already
/// tells until when the session is kept for it.
pub(super) fn new_family(family: &NewFamily, now: UnixMs, announced: bool) -> Bytes {
    let told = Told::of(family.key)
        .six(now.0)
        .expiry(family.idle_expires_at)
        .expiry(family.expires_at)
        .expiry(family.session_until)
        .two(family.most)
        .flag(announced)
        .flag(family.survives_logout);
    told.into_bytes()
}

/// Reads 8 × generation + outcome.
fn rotation(answer: i64) -> Result<Rotation, StoreError> {
    let generation = u64::try_from(answer / 8).unwrap_or(0);
    match answer % 8 {
        0 => Ok(Rotation::Unknown),
        1 => Ok(Rotation::Reused),
        2 => Ok(Rotation::Rotated { generation }),
        3 => Ok(Rotation::Repeated { generation }),
        4 => Ok(Rotation::Recovered { generation }),
        _ => Err(StoreError::Corrupt(format!("a rotation answered {answer}"))),
    }
}
