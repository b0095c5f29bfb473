//! The change feed and the log of the double.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Double;
use crate::model::change::Change;
use crate::model::log_event::LogEvent;
use crate::model::statistics::{Counts, Day, Tally, tallied};
use crate::protocol::ids::TenantId;
use crate::store::audit_log::Logged;
use crate::store::change_feed::{Position, Tail};
use crate::store::{AuditLog, ChangeFeed, Statistics, StoreError};

fn place(entries: usize) -> Position {
    Position { major: 0, minor: entries as u64 }
}

#[async_trait::async_trait]
impl ChangeFeed for Double {
    async fn publish(&self, change: &Change) -> Result<(), StoreError> {
        self.strike().await?;
        self.state().feed.push(change.clone());
        self.published.notify_waiters();
        Ok(())
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.strike().await?;
        Ok(place(self.state().feed.len()))
    }

    async fn follow(&self, after: Position, wait_ms: u64, take: usize) -> Result<Tail, StoreError> {
        let published = self.published.notified();
        tokio::pin!(published);
        published.as_mut().enable();
        self.strike().await?;
        if self.gap.swap(false, Ordering::SeqCst) {
            return Ok(Tail::Gap(place(self.state().feed.len())));
        }
        let from = usize::try_from(after.minor).unwrap();
        if self.state().feed.len() <= from {
            let _in_time = tokio::time::timeout(Duration::from_millis(wait_ms), published).await;
        }
        let state = self.state();
        let entries = state.feed.iter().enumerate().skip(from).take(take);
        Ok(Tail::Entries(entries.map(|(at, change)| (place(at + 1), change.clone())).collect()))
    }

    async fn recent_revocations(&self) -> Result<Vec<Change>, StoreError> {
        self.strike().await?;
        let revocation =
            |change: &&Change| matches!(change, Change::SessionEnded { .. } | Change::FamilyRevoked { .. });
        Ok(self.state().feed.iter().filter(revocation).cloned().collect())
    }

    fn topology_epoch(&self) -> u64 {
        self.topology.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl AuditLog for Double {
    async fn append(&self, events: &[LogEvent]) -> Result<(), StoreError> {
        self.strike().await?;
        self.state().log.extend_from_slice(events);
        Ok(())
    }

    async fn event(&self, tenant: &TenantId, id: &str) -> Result<Option<Logged>, StoreError> {
        let all = self.recent(tenant, None, usize::MAX).await?;
        Ok(all.into_iter().find(|logged| logged.id == id))
    }

    async fn since(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        let all = self.recent(tenant, None, usize::MAX).await?;
        let younger =
            all.into_iter().rev().filter(|logged| after.is_none_or(|after| logged.id.as_str() > after));
        Ok(younger.take(take).collect())
    }

    async fn recent(
        &self,
        tenant: &TenantId,
        before: Option<&str>,
        take: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        self.strike().await?;
        let state = self.state();
        let all = state.log.iter().enumerate().filter(|(_, event)| event.tenant == *tenant);
        let logged = all.map(|(at, event)| Logged { id: format!("{at:020}"), event: event.clone() });
        let older = logged.rev().filter(|logged| before.is_none_or(|before| logged.id.as_str() < before));
        Ok(older.take(take).collect())
    }

    async fn forget_events(&self, tenant: &TenantId, _: usize) -> Result<bool, StoreError> {
        self.strike().await?;
        self.state().log.retain(|event| event.tenant != *tenant);
        Ok(false)
    }
}

#[async_trait::async_trait]
impl Statistics for Double {
    async fn days(&self, tenant: &TenantId, from: Day, to: Day) -> Result<Vec<(Day, Counts)>, StoreError> {
        self.strike().await?;
        let state = self.state();
        let asked = |(own, day): (&TenantId, Day)| own == tenant && (from..=to).contains(&day);
        let days = tallied(&state.log).into_iter().filter(|(at, _)| asked(*at));
        Ok(days.map(|((_, day), Tally { counts, .. })| (day, counts)).collect())
    }

    async fn active_users(&self, tenant: &TenantId, from: Day, to: Day) -> Result<u64, StoreError> {
        self.strike().await?;
        let state = self.state();
        let asked = |(own, day): (&TenantId, Day)| own == tenant && (from..=to).contains(&day);
        let days = tallied(&state.log).into_iter().filter(|(at, _)| asked(*at));
        let users: std::collections::BTreeSet<_> = days.flat_map(|(_, tally)| tally.users).collect();
        Ok(users.len() as u64)
    }
}
