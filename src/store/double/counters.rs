//! Counters of the double, and of the store in memory: the same rules on a map.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::Double;
use crate::clock::UnixMs;
use crate::store::counters::{Count, Counted, Draw, Drawn, Limit, Rate, Subject};
use crate::store::{Counters, StoreError};

type Marks = BTreeMap<String, (u32, UnixMs)>;

/// Counts and buckets in memory.
#[derive(Default)]
pub(crate) struct Tallies {
    marks: Mutex<BTreeMap<String, Marks>>,
    buckets: Mutex<BTreeMap<String, UnixMs>>,
}

fn name(subject: &Subject<'_>) -> String {
    format!("{}:{}:{:?}", subject.tenant, subject.purpose.tag(), subject.name)
}

impl Tallies {
    pub(crate) fn count(&self, subject: &Subject<'_>, mark: &str, now: UnixMs, limit: Limit) -> Counted {
        let mut all = self.marks.lock().unwrap();
        let tally = all.entry(name(subject)).or_default().entry(mark.to_owned()).or_default();
        if tally.1 <= now {
            *tally = (0, now);
        }
        if tally.0 >= limit.most {
            return Counted::Over;
        }
        tally.0 += 1;
        let until = if tally.0 >= limit.most { limit.released_at } else { limit.forgotten_at };
        tally.1 = tally.1.max(until);
        Counted::Now(tally.0)
    }

    pub(crate) fn uncount(&self, subject: &Subject<'_>, mark: &str) {
        let mut all = self.marks.lock().unwrap();
        if let Some(tally) = all.get_mut(&name(subject)).and_then(|marks| marks.get_mut(mark)) {
            tally.0 = tally.0.saturating_sub(1);
        }
    }

    pub(crate) fn counts(&self, subject: &Subject<'_>, now: UnixMs) -> Vec<Count> {
        let all = self.marks.lock().unwrap();
        let own = all.get(&name(subject)).into_iter().flatten();
        let live = own.filter(|(_, (_, at))| *at > now);
        live.map(|(mark, (count, at))| Count { mark: mark.clone(), count: *count, expires_at: *at }).collect()
    }

    pub(crate) fn forget(&self, subject: &Subject<'_>, mark: Option<&str>) -> bool {
        let mut all = self.marks.lock().unwrap();
        if let Some(mark) = mark {
            return all.get_mut(&name(subject)).is_some_and(|marks| marks.remove(mark).is_some());
        }
        let bucket = self.buckets.lock().unwrap().remove(&name(subject)).is_some();
        all.remove(&name(subject)).is_some() || bucket
    }

    pub(crate) fn draw(&self, subject: &Subject<'_>, now: UnixMs, rate: Rate, draw: Draw) -> Drawn {
        let mut buckets = self.buckets.lock().unwrap();
        let full_at = buckets.entry(name(subject)).or_default();
        let (drawn, after) = rate.draw(*full_at, now, draw);
        *full_at = after.unwrap_or(*full_at);
        drawn
    }
}

#[async_trait::async_trait]
impl Counters for Double {
    async fn tally(
        &self,
        subject: Subject<'_>,
        mark: &str,
        now: UnixMs,
        limit: Limit,
    ) -> Result<Counted, StoreError> {
        self.strike().await?;
        Ok(self.tallies.count(&subject, mark, now, limit))
    }

    async fn uncount(&self, subject: Subject<'_>, mark: &str, _: UnixMs) -> Result<(), StoreError> {
        self.strike().await?;
        self.tallies.uncount(&subject, mark);
        Ok(())
    }

    async fn counts(&self, subject: Subject<'_>, now: UnixMs) -> Result<Vec<Count>, StoreError> {
        self.strike().await?;
        Ok(self.tallies.counts(&subject, now))
    }

    async fn forget(&self, subject: Subject<'_>, mark: Option<&str>, _: UnixMs) -> Result<bool, StoreError> {
        self.strike().await?;
        Ok(self.tallies.forget(&subject, mark))
    }

    async fn draw(
        &self,
        subject: Subject<'_>,
        now: UnixMs,
        rate: Rate,
        draw: Draw,
    ) -> Result<Drawn, StoreError> {
        self.strike().await?;
        Ok(self.tallies.draw(&subject, now, rate, draw))
    }
}
