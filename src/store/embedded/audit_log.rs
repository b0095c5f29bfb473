//! Log events: by tenant and id for readers, by id alone for the sweep that forgets the oldest.

use std::ops::Bound;

use async_trait::async_trait;
use fjall::{KvPair, Slice};
use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::disk::{Space, end_of};
use super::records::text;
use super::{Embedded, keys, statistics};
use crate::clock::UnixMs;
use crate::config;
use crate::model::log_event::LogEvent;
use crate::model::statistics::tallied;
use crate::protocol::ids::TenantId;
use crate::store::audit_log::Logged;
use crate::store::{AuditLog, StoreError};

/// The id given last, and how many events there are.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct State {
    at: UnixMs,
    sequence: u32,
    events: u64,
}

impl State {
    /// The next id: the time of writing, and a number that tells apart what was written within it. Ids grow
    /// even if the wall clock does not.
    fn next(&mut self, now: UnixMs) -> [u8; 12] {
        if now > self.at {
            (self.at, self.sequence) = (now, 0);
        } else if self.sequence == u32::MAX {
            (self.at, self.sequence) = (UnixMs(self.at.0 + 1), 0);
        } else {
            self.sequence += 1;
        }
        let mut id = [0; 12];
        id[..8].copy_from_slice(&self.at.0.to_be_bytes());
        id[8..].copy_from_slice(&self.sequence.to_be_bytes());
        id
    }
}

#[async_trait]
impl AuditLog for Embedded {
    async fn append(&self, events: &[LogEvent]) -> Result<(), StoreError> {
        let days = tallied(events).into_iter();
        let days: Vec<_> = days.map(|((tenant, day), tally)| (tenant.clone(), day, tally)).collect();
        let keep = self.stats_days;
        let events = events
            .iter()
            .map(|event| {
                Ok((event.tenant.clone(), serde_json::to_vec(event).map_err(|cause| corrupt(&cause))?))
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        self.write_soon(move |batch| {
            let mut state: State = batch.read(Space::Log, &keys::LOG_STATE)?.unwrap_or_default();
            for (tenant, event) in events {
                let id = state.next(batch.now());
                batch.put(Space::Log, keys::log_event(&tenant, id), event)?;
                batch.put(Space::Log, keys::log_order(id), tenant.as_str())?;
                state.events += 1;
            }
            for (tenant, day, tally) in days {
                statistics::add(batch, (&tenant, day), &tally, keep)?;
            }
            batch.write(Space::Log, keys::LOG_STATE, &state)
        })
        .await
    }

    async fn event(&self, tenant: &TenantId, id: &str) -> Result<Option<Logged>, StoreError> {
        let Some(bytes) = parsed(id) else { return Ok(None) };
        let event = self.disk()?.get(Space::Log, &keys::log_event(tenant, bytes))?;
        let event = event.map(|event| serde_json::from_slice(&event)).transpose();
        let event = event.map_err(|cause| corrupt(&cause))?;
        Ok(event.map(|event| Logged { id: spelled(&bytes), event }))
    }

    async fn since(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        let prefix = keys::log_events_of(tenant);
        let after = match after.map(parsed) {
            None => Vec::new(),
            Some(Some(id)) => keys::log_event(tenant, id),
            Some(None) => return Ok(Vec::new()),
        };
        logged(&prefix, &self.disk()?.page(Space::Log, &prefix, &after, take)?)
    }

    async fn recent(
        &self,
        tenant: &TenantId,
        before: Option<&str>,
        take: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        let prefix = keys::log_events_of(tenant);
        let before = match before.map(parsed) {
            None => None,
            Some(Some(id)) => Some(keys::log_event(tenant, id)),
            // Nothing is older than an id that was never given.
            Some(None) => return Ok(Vec::new()),
        };
        logged(&prefix, &self.disk()?.page_back(Space::Log, &prefix, before.as_deref(), take)?)
    }

    async fn forget_events(&self, tenant: &TenantId, take: usize) -> Result<bool, StoreError> {
        let tenant = tenant.clone();
        self.write(move |batch| {
            let prefix = keys::log_events_of(&tenant);
            let met = batch.committed().page(Space::Log, &prefix, &[], take)?;
            let forgotten = met.len();
            for (key, _) in met {
                if let Ok(id) = <[u8; 12]>::try_from(&key[prefix.len()..]) {
                    batch.remove(Space::Log, keys::log_order(id));
                }
                batch.remove(Space::Log, key);
            }
            let mut state: State = batch.read(Space::Log, &keys::LOG_STATE)?.unwrap_or_default();
            state.events = state.events.saturating_sub(forgotten as u64);
            batch.write(Space::Log, keys::LOG_STATE, &state)?;
            let days = statistics::forget(batch, &tenant, take)?;
            Ok(forgotten == take || days == take)
        })
        .await
    }
}

fn logged(prefix: &[u8], entries: &[KvPair]) -> Result<Vec<Logged>, StoreError> {
    let logged = entries.iter().map(|(key, event)| {
        let event = serde_json::from_slice(event).map_err(|cause| corrupt(&cause))?;
        Ok(Logged { id: spelled(&key[prefix.len()..]), event })
    });
    logged.collect()
}

/// How long log events are kept, and how many.
#[derive(Default)]
pub(super) struct Retention {
    keep_ms: u64,
    keep_events: u64,
    /// The last event forgotten; as in [`super::sweep::Sweep`], rounds do not walk over it again.
    after: Slice,
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

impl Retention {
    pub(super) fn new(section: &config::embedded::Embedded) -> Self {
        Self {
            keep_ms: section.log_days.saturating_mul(DAY_MS),
            keep_events: section.log_events,
            after: Slice::from([keys::LOG_ORDER]),
        }
    }

    /// Forgets at most `entries` of the oldest events; `true` when there may be more to forget.
    pub(super) fn round(&mut self, batch: &mut Batch<'_>, entries: usize) -> Result<bool, StoreError> {
        let Some(mut state) = batch.read::<State>(Space::Log, &keys::LOG_STATE)? else { return Ok(false) };
        let surplus = state.events.saturating_sub(self.keep_events);
        let oldest = batch.now().0.saturating_sub(self.keep_ms);
        let take = if surplus > 0 { entries } else { entries.min(STEP) };
        let end = end_of(&[keys::LOG_ORDER]);
        let met = batch.committed().between(Space::Log, Bound::Excluded(&*self.after), &end, take)?;
        let mut forgotten = 0;
        for (key, tenant) in met {
            let Some(id) = key.get(1..).and_then(|id| <[u8; 12]>::try_from(id).ok()) else { continue };
            let at = id.first_chunk().map_or(0, |at| u64::from_be_bytes(*at));
            if forgotten >= surplus && at >= oldest {
                break;
            }
            batch.remove(Space::Log, keys::log_event(&TenantId::from(text(&tenant)?), id));
            batch.remove(Space::Log, key.clone());
            self.after = key;
            forgotten += 1;
        }
        if forgotten > 0 {
            state.events = state.events.saturating_sub(forgotten);
            batch.write(Space::Log, keys::LOG_STATE, &state)?;
        }
        Ok(forgotten == take as u64)
    }
}

/// So many events are looked at when probably none has to go.
const STEP: usize = 64;

fn spelled(id: &[u8]) -> String {
    use std::fmt::Write as _;
    id.iter().fold(String::with_capacity(2 * id.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

fn parsed(id: &str) -> Option<[u8; 12]> {
    let mut bytes = [0; 12];
    if id.len() != 24 || !id.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(id.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn corrupt(cause: &serde_json::Error) -> StoreError {
    StoreError::Corrupt(cause.to_string())
}
