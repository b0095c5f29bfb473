//! Families: one small key each, beside their session.

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use super::packing::millis;
use crate::clock::UnixMs;
use crate::model::family::{Family, NewFamily, Presented, Rotation};
use crate::protocol::ids::{FamilyKey, SessionId};
use crate::store::StoreError;
use crate::store::families::{Families, Started};

#[async_trait::async_trait]
impl Families for Cluster {
    async fn start(&self, session: SessionId, family: NewFamily, now: UnixMs) -> Result<Started, StoreError> {
        // An expiry that was announced to the index of the user's sessions; a family that outlives its session
        // takes two more calls, and the index never says less than the session.
        let mut announced = false;
        loop {
            let keys = [self.keys.session(session), self.keys.family(session, family.key)];
            let ask = new_family(Ask::verb_on_two(Verb::Start, keys), &family, now, announced);
            match self.careful::<fred::types::Value>(ask).await?.as_i64() {
                Some(0) => return Ok(Started::NoSession),
                Some(_) => return Ok(Started::Started),
                None => {}
            }
            announced = self.announce(session, family.session_until, now).await?;
        }
    }

    async fn rotate(&self, asked: Presented) -> Result<Rotation, StoreError> {
        let ask = Ask::verb(Verb::Rotate, self.keys.family(asked.session, asked.family))
            .number(asked.generation)
            .number(asked.now.0)
            .number(asked.leeway_ms)
            .with(instant(asked.expires_at))
            .number(u64::from(asked.rotating));
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

/// With what `start` and `redeem` want to know of a family, and whether the index of the user's sessions already tells
/// its expiry.
pub(super) fn new_family(ask: Ask, family: &NewFamily, now: UnixMs, announced: bool) -> Ask {
    ask.bytes(&family.key.0)
        .number(now.0)
        .with(instant(family.idle_expires_at))
        .number(millis(family.expires_at))
        .number(u64::from(announced))
        .number(u64::from(family.survives_logout))
        .number(u64::from(family.most))
        .number(millis(family.session_until))
}

/// An expiry as `jeton.lua` passes it on to Redis, which knows no instant before the first millisecond.
pub(super) fn instant(at: Option<UnixMs>) -> String {
    at.map(|at| at.0.max(1).to_string()).unwrap_or_default()
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
