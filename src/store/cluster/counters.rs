//! Counters: a hash per subject, a string per bucket; both expire with what is in them.

use std::collections::HashMap;

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use crate::clock::UnixMs;
use crate::store::StoreError;
use crate::store::counters::{Count, Counted, Counters, Draw, Drawn, Limit, MARKS_MAX, Rate, Subject};

#[async_trait::async_trait]
impl Counters for Cluster {
    async fn tally(
        &self,
        subject: Subject<'_>,
        mark: &str,
        now: UnixMs,
        limit: Limit,
    ) -> Result<Counted, StoreError> {
        let ask = Ask::verb(Verb::Count, self.keys.counter(&subject))
            .with(mark)
            .number(now.0)
            .number(u64::from(limit.most))
            .number(limit.forgotten_at.0)
            .number(limit.released_at.0)
            .number(MARKS_MAX as u64);
        let count: u32 = self.hot(ask).await?;
        Ok(if count == 0 { Counted::Over } else { Counted::Now(count) })
    }

    async fn uncount(&self, subject: Subject<'_>, mark: &str, now: UnixMs) -> Result<(), StoreError> {
        let ask = Ask::verb(Verb::Uncount, self.keys.counter(&subject)).with(mark).number(now.0);
        self.hot::<i64>(ask).await.map(drop)
    }

    async fn counts(&self, subject: Subject<'_>, now: UnixMs) -> Result<Vec<Count>, StoreError> {
        let ask = Ask::plain("HGETALL", self.keys.counter(&subject));
        let all: HashMap<String, String> = self.read(ask).await?;
        let mut counts = Vec::with_capacity(all.len());
        for (mark, tally) in all {
            let (count, expires_at) = parsed(&tally)?;
            if expires_at > now {
                counts.push(Count { mark, count, expires_at });
            }
        }
        Ok(counts)
    }

    async fn forget(
        &self,
        subject: Subject<'_>,
        mark: Option<&str>,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        let ask = match mark {
            Some(mark) => Ask::verb(Verb::ForgetMark, self.keys.counter(&subject)).with(mark).number(now.0),
            None => Ask::plain("DEL", self.keys.counter(&subject)).with(self.keys.bucket(&subject)),
        };
        self.hot::<i64>(ask).await.map(|forgotten| forgotten > 0)
    }

    async fn draw(
        &self,
        subject: Subject<'_>,
        now: UnixMs,
        rate: Rate,
        draw: Draw,
    ) -> Result<Drawn, StoreError> {
        let take: i64 = match draw {
            Draw::Back => -1,
            Draw::Look => 0,
            Draw::One => 1,
        };
        let ask = Ask::verb(Verb::Draw, self.keys.bucket(&subject))
            .number(now.0)
            .number(u64::from(rate.most.max(1)))
            .number(rate.interval_ms.max(1))
            .with(take);
        let until: u64 = self.hot(ask).await?;
        Ok(if until == 0 { Drawn::Had } else { Drawn::Empty { until: UnixMs(until) } })
    }
}

fn parsed(tally: &str) -> Result<(u32, UnixMs), StoreError> {
    let parts = tally.split_once(' ').and_then(|(count, at)| Some((count.parse().ok()?, at.parse().ok()?)));
    let (count, at) = parts.ok_or_else(|| StoreError::Corrupt("a count".to_owned()))?;
    Ok((count, UnixMs(at)))
}
