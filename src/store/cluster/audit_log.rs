//! Log events: a stream per tenant, trimmed by length and age.

use std::collections::BTreeMap;

use bytes::Bytes;
use fred::types::Value;
use futures_util::future::try_join_all;

use super::Cluster;
use super::ask::Ask;
use super::change_feed::Entry;
use super::functions::Verb;
use crate::model::log_event::LogEvent;
use crate::model::statistics::{Day, tallied};
use crate::protocol::ids::TenantId;
use crate::store::StoreError;
use crate::store::audit_log::{AuditLog, Logged};
use crate::store::change_feed::Position;

#[async_trait::async_trait]
impl AuditLog for Cluster {
    async fn append(&self, events: &[LogEvent]) -> Result<(), StoreError> {
        let mut tenants: BTreeMap<&TenantId, Vec<&LogEvent>> = BTreeMap::new();
        for event in events {
            tenants.entry(&event.tenant).or_default().push(event);
        }
        let days = tallied(events);
        let appended = tenants.into_iter().map(async |(tenant, events)| {
            let mut ask = Ask::verb(Verb::Log, self.keys.log(tenant))
                .number(self.settings.log_length)
                .number(self.settings.log_retention_secs.saturating_mul(1000))
                .number(self.settings.stats_days.into())
                .number(events.len() as u64);
            for event in events {
                let json =
                    serde_json::to_vec(event).map_err(|error| StoreError::Corrupt(error.to_string()))?;
                ask = ask.with(Bytes::from(json));
            }
            for ((_, day), tally) in days.range((tenant, Day(0))..=(tenant, Day(u32::MAX))) {
                let counts = &tally.counts;
                ask = ask.number(day.0.into()).number(counts.logins).number(counts.signups);
                ask = ask.number(counts.leaked_passwords).number(counts.first_at.0).number(counts.last_at.0);
                ask = ask.number(tally.users.len() as u64);
                ask = tally.users.iter().fold(ask, |ask, user| ask.with(user.as_str()));
            }
            self.hot::<i64>(ask).await
        });
        try_join_all(appended).await.map(|_counts| ())
    }

    async fn event(&self, tenant: &TenantId, id: &str) -> Result<Option<Logged>, StoreError> {
        let Some(Position { major, minor }) = position(id) else { return Ok(None) };
        let at = format!("{major}-{minor}");
        let ask = Ask::plain("XRANGE", self.keys.log(tenant)).with(at.as_str()).with(at.as_str());
        let found = logged(self.read(ask.with("COUNT").number(1)).await?)?;
        Ok(found.into_iter().find(|logged| logged.id == id))
    }

    async fn since(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        let from = match after.map(position) {
            None => "-".to_owned(),
            Some(Some(Position { major, minor })) => format!("({major}-{minor}"),
            Some(None) => return Ok(Vec::new()),
        };
        let ask = Ask::plain("XRANGE", self.keys.log(tenant)).with(from).with("+").with("COUNT");
        logged(self.read(ask.number(u64::try_from(take).unwrap_or(u64::MAX))).await?)
    }

    async fn recent(
        &self,
        tenant: &TenantId,
        before: Option<&str>,
        take: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        let from = match before.map(position) {
            None => "+".to_owned(),
            Some(Some(Position { major, minor })) => format!("({major}-{minor}"),
            // Nothing is older than an id that was never given.
            Some(None) => return Ok(Vec::new()),
        };
        let ask = Ask::plain("XREVRANGE", self.keys.log(tenant)).with(from).with("-").with("COUNT");
        logged(self.read(ask.number(u64::try_from(take).unwrap_or(u64::MAX))).await?)
    }

    async fn forget_events(&self, tenant: &TenantId, _take: usize) -> Result<bool, StoreError> {
        let today = Day::of(self.clock.now());
        let oldest = today.before(self.settings.stats_days + 1);
        // Tomorrow too: another node's clock may be ahead.
        let ask = Ask::verb(Verb::Forget, self.keys.log(tenant)).number(oldest.0.into());
        self.careful::<i64>(ask.number(u64::from(today.0) + 1)).await.map(|_gone| false)
    }
}

fn logged(entries: Value) -> Result<Vec<Logged>, StoreError> {
    let logged = Entry::all(entries)?.into_iter().map(|entry| {
        let event = serde_json::from_slice(&entry.content)
            .map_err(|error| StoreError::Corrupt(format!("a log event: {error}")))?;
        Ok(Logged { id: name(entry.at), event })
    });
    logged.collect()
}

/// A stream id with leading zeros, so that ids compare as text.
fn name(at: Position) -> String {
    format!("{:015}-{:010}", at.major, at.minor)
}

fn position(name: &str) -> Option<Position> {
    let (major, minor) = name.split_once('-')?;
    Some(Position { major: major.parse().ok()?, minor: minor.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_compare_as_text_and_read_back() {
        let (early, late) = (Position { major: 9, minor: 9 }, Position { major: 10, minor: 0 });
        assert!(name(early) < name(late));
        assert_eq!(position(&name(late)), Some(late));
        assert_eq!(position("nothing"), None);
    }
}
