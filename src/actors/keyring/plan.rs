//! What is due with one tenant's keys at an instant: a pure function, so that every node comes to the same.

use std::cmp::Reverse;

use crate::clock::UnixMs;
use crate::config::keys::Keys as Settings;
use crate::model::signing_key::{Algorithm, KeyState, SigningKeyRecord};
use crate::protocol::ids::KeyId;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Make and publish a key that does not sign yet.
    Announce(Algorithm),
    /// Give this key another state.
    Become(KeyId, KeyState),
    /// Nothing that the key signed is valid any more.
    Remove(KeyId),
}

/// The keys of one algorithm, told apart.
struct Standing<'a> {
    /// The newest active key, which signs, and others that no longer do.
    active: Vec<(UnixMs, &'a KeyId)>,
    /// Published keys, the oldest first, which is next to sign.
    next: Vec<(UnixMs, &'a KeyId)>,
}

/// What is due, in the order in which it must be done.
pub(crate) fn due(keys: &[SigningKeyRecord], settings: &Settings, now: UnixMs) -> Vec<Step> {
    let mut steps = Vec::new();
    for algorithm in Algorithm::ALL {
        let standing = Standing::of(keys, algorithm);
        let until = now.plus_secs(settings.retire_secs);
        steps.extend(standing.promotion(settings, now).into_iter().flatten());
        let surplus = standing.active.iter().skip(1).chain(standing.next.iter().skip(1));
        steps.extend(surplus.map(|(_, kid)| become_retiring(kid, until)));
        if standing.next.is_empty() && !standing.active.is_empty() {
            steps.push(Step::Announce(algorithm));
        }
    }
    let expired =
        keys.iter().filter(|key| matches!(key.status, KeyState::Retiring { until } if until <= now));
    steps.extend(expired.map(|key| Step::Remove(key.kid.clone())));
    steps
}

/// Makes the next key of `algorithm` sign now, published long enough or not; `None` when there is none.
pub(crate) fn promote_now(
    keys: &[SigningKeyRecord],
    algorithm: Algorithm,
    settings: &Settings,
    now: UnixMs,
) -> Option<Vec<Step>> {
    Standing::of(keys, algorithm).promote(settings, now)
}

/// Retires every active key of `algorithm` but the newest.
pub(crate) fn retire_surplus(
    keys: &[SigningKeyRecord],
    algorithm: Algorithm,
    settings: &Settings,
    now: UnixMs,
) -> Vec<Step> {
    let until = now.plus_secs(settings.retire_secs);
    let active = Standing::of(keys, algorithm).active;
    active.iter().skip(1).map(|(_, kid)| become_retiring(kid, until)).collect()
}

/// When a key that begins to sign now does so: later than every other, whatever this node's clock says.
pub(crate) fn since(keys: &[SigningKeyRecord], algorithm: Algorithm, now: UnixMs) -> UnixMs {
    let newest = Standing::of(keys, algorithm).active.first().map_or(0, |(since, _)| since.0 + 1);
    UnixMs(now.0.max(newest))
}

impl<'a> Standing<'a> {
    fn of(keys: &'a [SigningKeyRecord], algorithm: Algorithm) -> Self {
        let mut standing = Self { active: Vec::new(), next: Vec::new() };
        for key in keys.iter().filter(|key| key.algorithm == algorithm) {
            match key.status {
                KeyState::Active { since } => standing.active.push((since, &key.kid)),
                KeyState::Next { published_at } => standing.next.push((published_at, &key.kid)),
                KeyState::Retiring { .. } => {}
            }
        }
        standing.active.sort_by_key(|(since, kid)| (Reverse(*since), (*kid).clone()));
        standing.next.sort();
        standing
    }

    /// The change of signer, when it is due.
    fn promotion(&self, settings: &Settings, now: UnixMs) -> Option<Vec<Step>> {
        let (published_at, _) = self.next.first()?;
        let Some((since, _)) = self.active.first() else {
            // Nothing signs: the next key cannot wait.
            return self.promote(settings, now);
        };
        let due = since.plus_secs(settings.rotation_secs) <= now;
        let known = published_at.plus_secs(settings.publish_lead_secs) <= now;
        if due && known { self.promote(settings, now) } else { None }
    }

    fn promote(&self, settings: &Settings, now: UnixMs) -> Option<Vec<Step>> {
        let (_, kid) = self.next.first()?;
        let newest = self.active.first().map_or(0, |(since, _)| since.0 + 1);
        let since = UnixMs(now.0.max(newest));
        let mut steps = vec![Step::Become((*kid).clone(), KeyState::Active { since })];
        // The new key signs from the first write on; a crash before the second is mended by the next look.
        let until = now.plus_secs(settings.retire_secs);
        steps.extend(self.active.first().map(|(_, kid)| become_retiring(kid, until)));
        Some(steps)
    }
}

fn become_retiring(kid: &KeyId, until: UnixMs) -> Step {
    Step::Become(kid.clone(), KeyState::Retiring { until })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ids::TenantId;

    const SETTINGS: Settings =
        Settings { rotation_secs: 1_000, publish_lead_secs: 100, retire_secs: 500, check_secs: 1 };

    fn key(kid: &str, status: KeyState) -> SigningKeyRecord {
        SigningKeyRecord {
            tenant: TenantId::from("acme"),
            kid: KeyId::from(kid),
            algorithm: Algorithm::EdDsa,
            status,
            sealed_private_key: String::new(),
            public_jwk: serde_json::Value::Null,
            certificate: None,
        }
    }

    fn active(kid: &str, since: u64) -> SigningKeyRecord {
        key(kid, KeyState::Active { since: UnixMs::from_secs(since) })
    }

    fn next(kid: &str, published_at: u64) -> SigningKeyRecord {
        key(kid, KeyState::Next { published_at: UnixMs::from_secs(published_at) })
    }

    fn at(keys: &[SigningKeyRecord], secs: u64) -> Vec<Step> {
        due(keys, &SETTINGS, UnixMs::from_secs(secs))
    }

    fn retires(kid: &str, at: u64) -> Step {
        become_retiring(&KeyId::from(kid), UnixMs::from_secs(at + 500))
    }

    fn signs(kid: &str, at: u64) -> Step {
        Step::Become(KeyId::from(kid), KeyState::Active { since: UnixMs::from_secs(at) })
    }

    #[test]
    fn a_life_line_by_line() {
        assert_eq!(at(&[], 0), []);
        assert_eq!(at(&[active("a", 0)], 1), [Step::Announce(Algorithm::EdDsa)]);
        assert_eq!(at(&[active("a", 0), next("b", 1)], 999), []);
        assert_eq!(at(&[active("a", 0), next("b", 1)], 1_000), [signs("b", 1_000), retires("a", 1_000)]);
        let retiring = key("a", KeyState::Retiring { until: UnixMs::from_secs(1_500) });
        assert_eq!(at(&[retiring.clone(), active("b", 1_000), next("c", 1_001)], 1_499), []);
        let gone = Step::Remove(KeyId::from("a"));
        assert_eq!(at(&[retiring, active("b", 1_000), next("c", 1_001)], 1_500), [gone]);
    }

    #[test]
    fn a_key_that_was_just_published_does_not_sign_however_late_it_is() {
        assert_eq!(at(&[active("a", 0), next("b", 4_950)], 5_000), []);
        assert_eq!(at(&[active("a", 0), next("b", 4_900)], 5_000).len(), 2);
    }

    #[test]
    fn of_keys_made_by_two_nodes_the_same_one_stays_everywhere() {
        let keys = [active("b", 5), active("a", 5), active("c", 4), next("e", 8), next("d", 8)];
        assert_eq!(at(&keys, 10), [retires("b", 10), retires("c", 10), retires("e", 10)]);
        let mut reversed = keys;
        reversed.reverse();
        assert_eq!(at(&reversed, 10), [retires("b", 10), retires("c", 10), retires("e", 10)]);
    }

    #[test]
    fn when_nothing_signs_the_next_key_does_at_once() {
        assert_eq!(at(&[next("b", 10)], 10), [signs("b", 10)]);
    }

    #[test]
    fn a_clock_that_is_behind_still_makes_the_new_key_the_newest() {
        let keys = [active("a", 50), next("b", 1)];
        let steps = promote_now(&keys, Algorithm::EdDsa, &SETTINGS, UnixMs::from_secs(40)).unwrap();
        let since = UnixMs(50_001);
        assert_eq!(steps[0], Step::Become(KeyId::from("b"), KeyState::Active { since }));
        assert_eq!(super::since(&keys, Algorithm::EdDsa, UnixMs::from_secs(40)), since);
    }
}
