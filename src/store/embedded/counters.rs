//! Counters: a subject's marks in one entry, a bucket in another.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::disk::Space;
use super::sweep::file;
use super::{Embedded, keys};
use crate::clock::UnixMs;
use crate::store::counters::{Count, Counted, Draw, Drawn, Limit, MARKS_MAX, Rate, Subject};
use crate::store::{Counters, StoreError};

/// A subject's marks as they are stored, each with its count and expiry.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Stored {
    marks: Vec<(String, u32, UnixMs)>,
}

impl Stored {
    /// When all of it has ended.
    pub(super) fn expires_at(&self) -> UnixMs {
        self.marks.iter().map(|(_, _, at)| *at).max().unwrap_or_default()
    }

    fn read(batch: &Batch<'_>, key: &[u8], now: UnixMs) -> Result<Self, StoreError> {
        let mut stored = batch.read::<Self>(Space::Live, key)?.unwrap_or_default();
        stored.marks.retain(|(_, _, at)| *at > now);
        Ok(stored)
    }

    fn write(&self, batch: &mut Batch<'_>, key: [u8; 33]) -> Result<(), StoreError> {
        if self.marks.is_empty() {
            batch.remove(Space::Live, key);
            return Ok(());
        }
        // Filed once, when it is new: the sweep files it again as long as it is renewed.
        if batch.get(Space::Live, &key)?.is_none() {
            file(batch, self.expires_at(), Space::Live, &key)?;
        }
        batch.write(Space::Live, key, self)
    }

    fn count(&mut self, mark: String, limit: Limit) -> Counted {
        let at = self.marks.iter().position(|(own, _, _)| *own == mark);
        let before = at.map_or(0, |at| self.marks[at].1);
        if before >= limit.most {
            return Counted::Over;
        }
        let count = before + 1;
        let until = if count >= limit.most { limit.released_at } else { limit.forgotten_at };
        if let Some(at) = at {
            self.marks[at] = (mark, count, until.max(self.marks[at].2));
            return Counted::Now(count);
        }
        if self.marks.len() >= MARKS_MAX
            && let Some(first) = (0..self.marks.len()).min_by_key(|at| self.marks[*at].2)
        {
            self.marks.swap_remove(first);
        }
        self.marks.push((mark, count, until));
        Counted::Now(count)
    }
}

#[async_trait]
impl Counters for Embedded {
    async fn tally(
        &self,
        subject: Subject<'_>,
        mark: &str,
        now: UnixMs,
        limit: Limit,
    ) -> Result<Counted, StoreError> {
        let (key, mark) = (keys::counter(&subject), mark.to_owned());
        self.write_soon(move |batch| {
            let mut stored = Stored::read(batch, &key, now)?;
            let counted = stored.count(mark, limit);
            if counted != Counted::Over {
                stored.write(batch, key)?;
            }
            Ok(counted)
        })
        .await
    }

    async fn uncount(&self, subject: Subject<'_>, mark: &str, now: UnixMs) -> Result<(), StoreError> {
        let (key, mark) = (keys::counter(&subject), mark.to_owned());
        self.write_soon(move |batch| {
            let mut stored = Stored::read(batch, &key, now)?;
            if let Some(own) = stored.marks.iter_mut().find(|(own, _, _)| *own == mark) {
                own.1 = own.1.saturating_sub(1);
                stored.write(batch, key)?;
            }
            Ok(())
        })
        .await
    }

    async fn counts(&self, subject: Subject<'_>, now: UnixMs) -> Result<Vec<Count>, StoreError> {
        let Some(bytes) = self.disk()?.get(Space::Live, &keys::counter(&subject))? else {
            return Ok(Vec::new());
        };
        let stored: Stored = super::batch::decoded(&bytes)?;
        let live = stored.marks.into_iter().filter(|(_, _, at)| *at > now);
        Ok(live.map(|(mark, count, expires_at)| Count { mark, count, expires_at }).collect())
    }

    async fn forget(
        &self,
        subject: Subject<'_>,
        mark: Option<&str>,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        let (key, bucket) = (keys::counter(&subject), keys::bucket(&subject));
        let mark = mark.map(str::to_owned);
        self.write_soon(move |batch| {
            let mut stored = Stored::read(batch, &key, now)?;
            let Some(mark) = mark else {
                let full_at = batch.read::<UnixMs>(Space::Live, &bucket)?;
                batch.remove(Space::Live, key);
                batch.remove(Space::Live, bucket);
                return Ok(!stored.marks.is_empty() || full_at.is_some_and(|at| at > now));
            };
            let before = stored.marks.len();
            stored.marks.retain(|(own, _, _)| *own != mark);
            let found = stored.marks.len() < before;
            if found {
                stored.write(batch, key)?;
            }
            Ok(found)
        })
        .await
    }

    async fn draw(
        &self,
        subject: Subject<'_>,
        now: UnixMs,
        rate: Rate,
        draw: Draw,
    ) -> Result<Drawn, StoreError> {
        let key = keys::bucket(&subject);
        if draw == Draw::Look {
            let stored = self.disk()?.get(Space::Live, &key)?;
            let full_at = stored.map(|bytes| super::batch::decoded(&bytes)).transpose()?;
            return Ok(rate.draw(full_at.unwrap_or_default(), now, draw).0);
        }
        self.write_soon(move |batch| {
            let before = batch.read::<UnixMs>(Space::Live, &key)?;
            let (drawn, after) = rate.draw(before.unwrap_or_default(), now, draw);
            match after {
                Some(full_at) if full_at > now => {
                    if before.is_none() {
                        file(batch, full_at, Space::Live, &key)?;
                    }
                    batch.write(Space::Live, key, &full_at)?;
                }
                Some(_) => batch.remove(Space::Live, key),
                None => {}
            }
            Ok(drawn)
        })
        .await
    }
}
