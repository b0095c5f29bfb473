//! How often one client may ask the management API: a bucket each, on this node and in memory.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

use crate::clock::Clock;
use crate::config::management::Management as Settings;
use crate::protocol::ids::{ClientId, TenantId};

pub mod log_events;

/// How long a client's use is remembered after its last request; by then every bucket of the ranges allowed in
/// configuration that matters is full again.
const FORGET: Duration = Duration::from_mins(10);
/// How often it is said of one client that it was refused, in seconds.
const TELL_SECS: u64 = 60;

/// The buckets.
pub struct Quotas {
    quota: Quota,
    ticks: Ticks,
    buckets: Cache<(TenantId, ClientId), Arc<Bucket>>,
}

/// What a request did to its client's bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many requests fit at once.
    pub limit: u32,
    /// How many would fit now.
    pub remaining: u32,
    /// When the bucket will be full again, in seconds since the Unix epoch.
    pub reset_secs: u64,
    /// Whether this one did.
    pub verdict: Verdict,
}

/// Whether a request fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Fits,
    /// It does not.
    Refused {
        /// When one more will, in seconds from now.
        retry_after_secs: u64,
        /// Whether the tenant's log should say so: once a minute for each client.
        tell: bool,
    },
}

struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, Ticks, StateInformationMiddleware>,
    told_secs: AtomicU64,
}

/// Our clock in the library's words.
#[derive(Clone, Debug)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(Duration::from_millis(self.0.now().0))
    }
}

impl Quotas {
    /// Full buckets.
    pub fn new(settings: &Settings, clock: Clock) -> Self {
        let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(positive(settings.requests_per_second))
            .allow_burst(positive(settings.requests_burst));
        let buckets = Cache::builder().max_capacity(settings.clients_remembered).time_to_idle(FORGET).build();
        Self { quota, ticks: Ticks(clock), buckets }
    }

    /// Takes one request out of the client's bucket, if it fits.
    pub fn take(&self, tenant: &TenantId, client: &ClientId) -> Allowance {
        let bucket = self.buckets.get_with((tenant.clone(), client.clone()), || Arc::new(self.fresh()));
        match bucket.limiter.check() {
            Ok(state) => self.allowance(state.remaining_burst_capacity(), Verdict::Fits),
            Err(until) => {
                let wait = until.wait_time_from(self.ticks.now());
                let retry_after_secs = wait.as_millis().div_ceil(1000).try_into().unwrap_or(1).max(1);
                let tell = bucket.tells(self.ticks.0.now().secs());
                self.allowance(0, Verdict::Refused { retry_after_secs, tell })
            }
        }
    }

    fn allowance(&self, remaining: u32, verdict: Verdict) -> Allowance {
        let limit = self.quota.burst_size().get();
        let missing = u64::from(limit.saturating_sub(remaining));
        let nanos = u64::try_from(self.quota.replenish_interval().as_nanos()).unwrap_or(u64::MAX);
        let full_in_ms = missing.saturating_mul(nanos).div_ceil(1_000_000);
        let reset_secs = self.ticks.0.now().0.saturating_add(full_in_ms).div_ceil(1000);
        Allowance { limit, remaining, reset_secs, verdict }
    }

    fn fresh(&self) -> Bucket {
        let limiter = RateLimiter::direct_with_clock(self.quota, self.ticks.clone()).with_middleware();
        Bucket { limiter, told_secs: AtomicU64::new(0) }
    }
}

impl Bucket {
    /// Whether a refusal was not told of for a while; then it is taken as told.
    fn tells(&self, now_secs: u64) -> bool {
        let (told, free) = (self.told_secs.load(Ordering::Relaxed), Ordering::Relaxed);
        now_secs >= told.saturating_add(TELL_SECS)
            && self.told_secs.compare_exchange(told, now_secs, free, free).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UnixMs;

    #[test]
    fn a_client_has_a_bucket_that_fills_again() {
        let clock = Clock::fixed(UnixMs(1_800_000_000_000));
        let settings = Settings { requests_per_second: 2, requests_burst: 3, ..Settings::default() };
        let quotas = Quotas::new(&settings, clock.clone());
        let (tenant, client) = (TenantId::from("t"), ClientId::from("c"));
        let take = || quotas.take(&tenant, &client);
        for remaining in [2, 1, 0] {
            let allowance = take();
            assert_eq!(
                (allowance.limit, allowance.remaining, allowance.verdict),
                (3, remaining, Verdict::Fits)
            );
        }
        assert_eq!(take().verdict, Verdict::Refused { retry_after_secs: 1, tell: true });
        let again = take();
        assert_eq!(again.verdict, Verdict::Refused { retry_after_secs: 1, tell: false });
        assert_eq!(again.reset_secs, 1_800_000_002);
        // Another client, and another tenant's client of the same name, have their own.
        assert_eq!(quotas.take(&tenant, &ClientId::from("d")).verdict, Verdict::Fits);
        assert_eq!(quotas.take(&TenantId::from("u"), &client).verdict, Verdict::Fits);
        clock.advance_ms(500);
        assert_eq!(take().verdict, Verdict::Fits);
        assert!(matches!(take().verdict, Verdict::Refused { tell: false, .. }));
        clock.advance_ms(60_000);
        assert_eq!((take().remaining, take().remaining), (2, 1));
    }
}
