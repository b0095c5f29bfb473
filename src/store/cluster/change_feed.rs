//! The change feed: one stream that every node reads from its own place on.

use std::time::Duration;

use bytes::Bytes;
use fred::interfaces::ClientLike as _;
use fred::types::Value;
use fred::types::config::Options;
use tokio::time::Instant;

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use super::refusal::Refusal;
use crate::model::change::Change;
use crate::store::StoreError;
use crate::store::change_feed::{ChangeFeed, Position, Tail};

/// Entries read at once when revocations are collected.
const BATCH: u64 = 1000;

#[async_trait::async_trait]
impl ChangeFeed for Cluster {
    async fn publish(&self, change: &Change) -> Result<(), StoreError> {
        let json = serde_json::to_vec(change).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let ask = Ask::verb(Verb::Publish, self.keys.feed())
            .number(self.settings.feed_length)
            .with(Bytes::from(json));
        self.careful::<String>(ask).await.map(|_id| ())
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.extent().await.map(|extent| extent.newest)
    }

    async fn follow(&self, after: Position, wait_ms: u64, take: usize) -> Result<Tail, StoreError> {
        let until = Instant::now() + Duration::from_millis(wait_ms);
        loop {
            let entries = self.listen(after, until, take).await?;
            // Asked afterwards: what was trimmed before the entries were read is noticed now at the latest.
            let extent = self.extent().await?;
            if extent.lacks_something_after(after) {
                return Ok(Tail::Gap(extent.newest));
            }
            if entries.is_empty() && Instant::now() < until {
                continue;
            }
            let mut changes = Vec::with_capacity(entries.len());
            for entry in entries {
                match serde_json::from_slice(&entry.content) {
                    Ok(change) => changes.push((entry.at, change)),
                    // Written by a newer node: it may say anything.
                    Err(_unreadable) => return Ok(Tail::Gap(entry.at)),
                }
            }
            return Ok(Tail::Entries(changes));
        }
    }

    async fn recent_revocations(&self) -> Result<Vec<Change>, StoreError> {
        let horizon = self.settings.revocation_horizon_secs.saturating_mul(1000);
        let mut from = format!("{}-0", self.clock.now().0.saturating_sub(horizon));
        let mut revocations = Vec::new();
        loop {
            let ask = Ask::plain("XRANGE", self.keys.feed()).with(from).with("+").with("COUNT").number(BATCH);
            let entries = Entry::all(self.read(ask).await?)?;
            let Some(last) = entries.last().map(|entry| entry.at) else { return Ok(revocations) };
            from = format!("({}-{}", last.major, last.minor);
            let changes = entries.iter().filter_map(|entry| serde_json::from_slice(&entry.content).ok());
            revocations.extend(changes.filter(|change| {
                matches!(change, Change::SessionEnded { .. } | Change::FamilyRevoked { .. })
            }));
        }
    }

    fn topology_epoch(&self) -> u64 {
        self.topology.epoch()
    }
}

impl Cluster {
    /// Blocks for entries after `after`, until there are some or half the time has passed after which a silent
    /// connection is given up.
    async fn listen(&self, after: Position, until: Instant, take: usize) -> Result<Vec<Entry>, StoreError> {
        let client = self.connections.feed.lock().await;
        let left =
            u64::try_from(until.saturating_duration_since(Instant::now()).as_millis()).unwrap_or(u64::MAX);
        let block = left.min(self.settings.unresponsive_ms / 2).max(1);
        let key = self.keys.feed();
        let ask = Ask::spelled("XREAD", key.cluster_hash())
            .with("COUNT")
            .number(u64::try_from(take).unwrap_or(u64::MAX))
            .with("BLOCK")
            .number(block)
            .with("STREAMS")
            .with(key)
            .with(format!("{}-{}", after.major, after.minor));
        let timeout = Duration::from_millis(block.saturating_add(self.settings.command_timeout_ms));
        let client = client.with_options(&Options { timeout: Some(timeout), ..Options::default() });
        let (command, arguments) = ask.parts();
        let answer: Value = client
            .custom(command, arguments)
            .await
            .map_err(Refusal::from)
            .inspect_err(|refusal| self.look_again_if_late(refusal))?;
        // RESP3 answers a map of streams; ours is the only one.
        if answer.is_null() {
            return Ok(Vec::new());
        }
        let streams = answer.into_map().map_err(Refusal::from)?.inner();
        streams.into_values().next().map_or(Ok(Vec::new()), Entry::all)
    }

    async fn extent(&self) -> Result<Extent, StoreError> {
        let ask =
            Ask::spelled("XINFO", self.keys.feed().cluster_hash()).with("STREAM").with(self.keys.feed());
        match self.read::<Value>(ask).await {
            Ok(Value::Map(facts)) => Extent::read(&facts.inner()),
            Ok(other) => Err(StoreError::Corrupt(format!("the change feed is {:?}", other.kind()))),
            // Nobody has published yet.
            Err(StoreError::Unknown(why)) if why.contains("no such key") => Ok(Extent::default()),
            Err(error) => Err(error),
        }
    }
}

/// What the stream holds.
#[derive(Debug, Default)]
struct Extent {
    newest: Position,
    oldest: Position,
    /// Whether anything was ever trimmed.
    trimmed: bool,
}

impl Extent {
    fn read(facts: &std::collections::HashMap<fred::types::Key, Value>) -> Result<Self, StoreError> {
        let fact = |name: &'static str| facts.get(&fred::types::Key::from_static_str(name));
        let number = |name| fact(name).and_then(Value::as_u64).unwrap_or(0);
        let newest = fact("last-generated-id").and_then(position).ok_or_else(unreadable)?;
        // The first entry is an array of id and fields, or nothing in an empty stream.
        let oldest = match fact("first-entry") {
            Some(Value::Array(entry)) => entry.first().and_then(position).ok_or_else(unreadable)?,
            _ => newest,
        };
        Ok(Self { newest, oldest, trimmed: number("entries-added") > number("length") })
    }

    /// Whether a reader who knows all up to `after` cannot learn here of everything since.
    fn lacks_something_after(&self, after: Position) -> bool {
        // A feed that has never been as far as the reader lost its end in a failover.
        after > self.newest || (self.trimmed && after < self.oldest)
    }
}

/// An entry of a stream with one field.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) at: Position,
    pub(super) content: Bytes,
}

impl Entry {
    /// Reads an array of entries.
    pub(super) fn all(answer: Value) -> Result<Vec<Self>, StoreError> {
        let Value::Array(entries) = answer else {
            return if answer.is_null() { Ok(Vec::new()) } else { Err(unreadable()) };
        };
        entries.into_iter().map(|entry| Self::read(entry).ok_or_else(unreadable)).collect()
    }

    fn read(entry: Value) -> Option<Self> {
        let Value::Array(parts) = entry else { return None };
        let [id, Value::Array(fields)] = parts.as_slice() else { return None };
        let [_name, content] = fields.as_slice() else { return None };
        Some(Self { at: position(id)?, content: content.clone().convert().ok()? })
    }
}

fn position(id: &Value) -> Option<Position> {
    let id = id.as_str()?;
    let (major, minor) = id.split_once('-')?;
    Some(Position { major: major.parse().ok()?, minor: minor.parse().ok()? })
}

fn unreadable() -> StoreError {
    StoreError::Corrupt("a stream".to_owned())
}
