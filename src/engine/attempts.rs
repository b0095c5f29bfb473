//! Wrong passwords, counted per account and address and per address, so that guessing takes forever.
//!
//! The counts are this node's own and forgotten after a while: N nodes allow N times as many guesses, and nothing
//! is stored for a stranger.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use crate::protocol::ids::TenantId;

/// Wrong passwords for one account from one address before it is told to wait (Auth0's default).
pub const PER_ACCOUNT_MAX: u32 = 10;

/// Wrong passwords from one address, for whatever accounts.
pub const PER_ADDRESS_MAX: u32 = 100;

/// How long a count is remembered after its last wrong password, in seconds; also how long to wait.
pub const FORGET_SECS: u64 = 900;

const REMEMBERED_MAX: u64 = 100_000;

/// The counts.
pub struct Attempts {
    counts: Cache<String, Arc<AtomicU32>>,
}

impl Default for Attempts {
    fn default() -> Self {
        let counts =
            Cache::builder().max_capacity(REMEMBERED_MAX).time_to_idle(Duration::from_secs(FORGET_SECS));
        Self { counts: counts.build() }
    }
}

impl Attempts {
    /// Whether one more try is allowed; it counts as wrong until it is taken back, so that many at once are counted.
    pub fn begin(&self, tenant: &TenantId, login: &str, address: IpAddr) -> bool {
        let tries =
            [(account(tenant, login, address), PER_ACCOUNT_MAX), (place(tenant, address), PER_ADDRESS_MAX)];
        let counts = tries.map(|(name, most)| (self.counts.get_with(name, Arc::default), most));
        let allowed = counts.iter().all(|(count, most)| count.load(Ordering::Relaxed) < *most);
        if allowed {
            for (count, _) in counts {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        allowed
    }

    /// Takes a try back that could not be judged.
    pub fn take_back(&self, tenant: &TenantId, login: &str, address: IpAddr) {
        for name in [account(tenant, login, address), place(tenant, address)] {
            if let Some(count) = self.counts.get(&name) {
                // Never below zero: a count that was forgotten meanwhile starts anew.
                let _before = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
            }
        }
    }

    /// The right password was given: forgets the account's wrong ones, and takes this try back.
    pub fn right(&self, tenant: &TenantId, login: &str, address: IpAddr) {
        self.take_back(tenant, login, address);
        self.counts.invalidate(&account(tenant, login, address));
    }
}

fn account(tenant: &TenantId, login: &str, address: IpAddr) -> String {
    format!("{tenant}\n{address}\n{}", login.to_lowercase())
}

fn place(tenant: &TenantId, address: IpAddr) -> String {
    format!("{tenant}\n{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    #[test]
    fn an_account_is_closed_to_one_address_and_opens_with_the_right_password() {
        let attempts = Attempts::default();
        let tenant = TenantId::from("t");
        for _ in 0..PER_ACCOUNT_MAX {
            assert!(attempts.begin(&tenant, "Ann", HERE));
        }
        assert!(!attempts.begin(&tenant, "ANN", HERE));
        assert!(attempts.begin(&tenant, "bob", HERE) && attempts.begin(&tenant, "ann", THERE));
        attempts.right(&tenant, "ann", HERE);
        assert!(attempts.begin(&tenant, "ann", HERE));
    }

    #[test]
    fn an_address_that_tries_many_accounts_is_told_to_wait_and_right_ones_do_not_count() {
        let attempts = Attempts::default();
        let tenant = TenantId::from("t");
        for nth in 0..1000 {
            let login = nth.to_string();
            assert!(attempts.begin(&tenant, &login, HERE));
            attempts.right(&tenant, &login, HERE);
        }
        for nth in 0..PER_ADDRESS_MAX {
            assert!(attempts.begin(&tenant, &nth.to_string(), HERE));
        }
        assert!(!attempts.begin(&tenant, "new", HERE));
        assert!(attempts.begin(&TenantId::from("other"), "new", HERE));
    }
}
