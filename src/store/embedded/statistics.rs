//! Counts of a tenant's days, written together with the log events that they count.

use async_trait::async_trait;

use super::batch::{Batch, decoded};
use super::disk::Space;
use super::sketch::Sketch;
use super::{Embedded, keys};
use crate::model::statistics::{Counts, Day, Tally};
use crate::protocol::ids::TenantId;
use crate::store::{Statistics, StoreError};

/// Days that are forgotten at once, when a tenant has a new one.
const STEP: usize = 16;

#[async_trait]
impl Statistics for Embedded {
    async fn days(&self, tenant: &TenantId, from: Day, to: Day) -> Result<Vec<(Day, Counts)>, StoreError> {
        let disk = self.disk()?;
        let mut days = Vec::new();
        for day in (from.0..=to.0).map(Day) {
            if let Some(counts) = disk.get(Space::Log, &keys::day(tenant, day))? {
                days.push((day, decoded(&counts)?));
            }
        }
        Ok(days)
    }

    async fn active_users(&self, tenant: &TenantId, from: Day, to: Day) -> Result<u64, StoreError> {
        let disk = self.disk()?;
        let mut all = Sketch::default();
        for day in (from.0..=to.0).map(Day) {
            if let Some(bytes) = disk.get(Space::Log, &keys::visitors(tenant, day))? {
                all.join(&read(&bytes)?);
            }
        }
        Ok(all.estimate())
    }
}

/// Adds a tally to its day, and forgets days that are `keep` days old.
pub(super) fn add(
    batch: &mut Batch<'_>,
    (tenant, day): (&TenantId, Day),
    tally: &Tally,
    keep: u32,
) -> Result<(), StoreError> {
    let key = keys::day(tenant, day);
    let before: Option<Counts> = batch.read(Space::Log, &key)?;
    if before.is_none() {
        forget_old(batch, tenant, day.before(keep))?;
    }
    batch.write(Space::Log, key, &before.unwrap_or_default().plus(tally.counts))?;
    let key = keys::visitors(tenant, day);
    let mut sketch = match batch.get(Space::Log, &key)? {
        Some(bytes) => read(&bytes)?,
        None => Sketch::default(),
    };
    let mut noted = false;
    for user in &tally.users {
        noted |= sketch.note(user.as_str());
    }
    if noted {
        batch.put(Space::Log, key, sketch.bytes())?;
    }
    Ok(())
}

/// Forgets at most `take` of a tenant's days; how many there were.
pub(super) fn forget(batch: &mut Batch<'_>, tenant: &TenantId, take: usize) -> Result<usize, StoreError> {
    let met = batch.committed().page(Space::Log, &keys::days_of(tenant), &[], take)?;
    let forgotten = met.len();
    for (key, _) in met {
        batch.remove(Space::Log, key);
    }
    Ok(forgotten)
}

fn forget_old(batch: &mut Batch<'_>, tenant: &TenantId, oldest: Day) -> Result<(), StoreError> {
    for (key, _) in batch.committed().page(Space::Log, &keys::days_of(tenant), &[], STEP)? {
        if *key >= *keys::day(tenant, oldest) {
            return Ok(());
        }
        batch.remove(Space::Log, key);
    }
    Ok(())
}

fn read(bytes: &[u8]) -> Result<Sketch, StoreError> {
    Sketch::read(bytes).ok_or_else(|| StoreError::Corrupt("a count of users".to_owned()))
}
