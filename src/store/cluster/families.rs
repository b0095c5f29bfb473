//! Families: one small key each, beside their session.

use bytes::Bytes;
use fred::types::Value;

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use super::packing::Numbers;
use crate::clock::UnixMs;
use crate::model::family::{Family, NewFamily, Presented, Rotation};
use crate::protocol::ids::{FamilyKey, SessionId};
use crate::store::StoreError;
use crate::store::families::{Families, Started};

#[async_trait::async_trait]
impl Families for Cluster {
    async fn start(&self, session: SessionId, family: NewFamily, now: UnixMs) -> Result<Started, StoreError> {
        let keys = [self.keys.session(session), self.keys.family(session, family.key)];
        let ask = |told| Ask::verb_on_two(Verb::Start, keys.clone()).with(told);
        let answer = self.starting(session, &family, now, ask).await?;
        Ok(if answer.as_i64() == Some(0) { Started::NoSession } else { Started::Started })
    }

    async fn rotate(&self, asked: Presented) -> Result<Rotation, StoreError> {
        let numbers = Numbers::new()
            .six(asked.generation)
            .six(asked.now.0)
            .six(asked.leeway_ms)
            .expiry(asked.expires_at)
            .flag(asked.rotating);
        let key = self.keys.family(asked.session, asked.family);
        let ask = Ask::verb(Verb::Rotate, key).with(numbers.into_bytes());
        rotation(self.hot(ask).await?)
    }

    async fn current(
        &self,
        session: SessionId,
        family: FamilyKey,
        _now: UnixMs,
    ) -> Result<Option<Family>, StoreError> {
        let value: Option<String> = self.read(Ask::plain("GET", self.keys.family(session, family))).await?;
        value.as_deref().map(stored).transpose()
    }

    async fn ends_at(&self, session: SessionId, family: FamilyKey) -> Result<Option<UnixMs>, StoreError> {
        let at: i64 = self.read(Ask::plain("PEXPIRETIME", self.keys.family(session, family))).await?;
        // Negative: it has no expiry, or is not there.
        Ok(u64::try_from(at).ok().map(UnixMs))
    }

    async fn revoke(&self, session: SessionId, family: FamilyKey) -> Result<bool, StoreError> {
        let keys = [self.keys.session(session), self.keys.family(session, family)];
        let ask = Ask::verb_on_two(Verb::Revoke, keys).bytes(&family.0);
        self.careful::<i64>(ask).await.map(|gone| gone > 0)
    }
}

impl Cluster {
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
            if answer.as_i64().is_some() || answer.is_array() {
                return Ok(answer);
            }
            announced = self.announce(session, family.session_until, now).await?;
        }
    }
}

/// What `open`, `start` and `redeem` want to know of a family, and whether the index of the user's sessions already
/// tells until when the session is kept for it.
pub(super) fn new_family(family: &NewFamily, now: UnixMs, announced: bool) -> Bytes {
    let numbers = Numbers::new()
        .six(now.0)
        .expiry(family.idle_expires_at)
        .expiry(family.expires_at)
        .expiry(family.session_until)
        .two(family.most)
        .flag(announced)
        .flag(family.survives_logout);
    numbers.into_bytes()
}

/// Reads a generation and the thirteen digits of its instant.
fn stored(value: &str) -> Result<Family, StoreError> {
    let parsed =
        value.split_at_checked(value.len().saturating_sub(INSTANT_DIGITS)).and_then(|(generation, at)| {
            Some(Family { generation: generation.parse().ok()?, rotated_at: UnixMs(at.parse().ok()?) })
        });
    parsed.ok_or_else(|| StoreError::Corrupt("a family".to_owned()))
}

/// Digits of an instant in milliseconds from the year 2001 to 2286.
const INSTANT_DIGITS: usize = 13;

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
