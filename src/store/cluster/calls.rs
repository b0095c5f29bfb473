//! The three ways to ask: hot, reading, and careful; each asks again when it is certain that nothing ran.

use std::sync::atomic::Ordering;

use fred::clients::{Client, Pool};
use fred::error::Error;
use fred::interfaces::ClientLike as _;
use fred::types::{FromValue, Value};

use super::Cluster;
use super::ask::{Ask, custom};
use super::refusal::Refusal;
use crate::store::StoreError;

/// How often a command that ran nowhere is sent at most.
const SENDS: u32 = 3;

impl Cluster {
    /// Asks over the connections of the hot path: one command, sent once.
    pub(super) async fn hot<T: FromValue>(&self, ask: Ask) -> Result<T, StoreError> {
        self.over(&self.connections.hot, ask).await
    }

    /// Asks over the reading connections, which repeat a command whose connection was lost.
    pub(super) async fn read<T: FromValue>(&self, ask: Ask) -> Result<T, StoreError> {
        self.over(&self.connections.reading, ask).await
    }

    /// Asks, and answers only after as many replicas as configured have what was written.
    ///
    /// It goes with others for the same primary (`convoys.rs`), and by itself when it did not run there. Redis counts
    /// what *this connection* wrote, so a write alone and its `WAIT` go together too, to the primary of one slot. A
    /// redirection between the two cannot pass unseen: it is an error on these connections.
    pub(super) async fn careful<T: FromValue>(&self, ask: Ask) -> Result<T, StoreError> {
        if self.settings.wait_replicas == 0 {
            return self.over(&self.connections.careful, ask).await;
        }
        self.ensure_open()?;
        let mut sends = 1;
        let (value, replicas) = match self.convoys.send(ask.clone()).await {
            Ok(answers) => answers,
            Err(refusal) => {
                self.before_next(&mut sends, refusal).await?;
                self.alone(&ask, &mut sends).await?
            }
        };
        if replicas < i64::from(self.settings.wait_replicas) {
            self.not_replicated(replicas)?;
        }
        converted(value)
    }

    /// Sends a careful write by itself until it has run.
    async fn alone(&self, ask: &Ask, sends: &mut u32) -> Result<(Value, i64), StoreError> {
        // The same client throughout: it is the one that has learnt where the slot went.
        let client = self.connections.careful.next_connected();
        loop {
            self.ensure_open()?;
            match pair(client, ask, &self.settings).await.map_err(Refusal::from) {
                Ok(answers) => return Ok(answers),
                Err(refusal) => self.before_next(sends, refusal).await?,
            }
        }
    }

    async fn over<T: FromValue>(&self, pool: &Pool, ask: Ask) -> Result<T, StoreError> {
        let client = pool.next_connected();
        let mut sends = 1;
        loop {
            self.ensure_open()?;
            let (command, arguments) = ask.parts();
            let answer: Result<Value, Error> = client.custom(command, arguments).await;
            match answer.map_err(Refusal::from) {
                Ok(value) => return converted(value),
                Err(refusal) => self.before_next(&mut sends, refusal).await?,
            }
        }
    }

    /// Makes good what kept a command from running, or gives its error.
    async fn before_next(&self, sends: &mut u32, refusal: Refusal) -> Result<(), StoreError> {
        *sends += 1;
        self.look_again_if_late(&refusal);
        match refusal {
            Refusal::Moved if *sends <= SENDS => Ok(()),
            Refusal::NoFunction if *sends <= SENDS => self.load_functions().await,
            Refusal::Late(_)
            | Refusal::Moved
            | Refusal::NoFunction
            | Refusal::Refused(_)
            | Refusal::Unknown(_)
            | Refusal::Unreadable(_) => Err(refusal.into()),
        }
    }

    /// A late answer may be the only sign of a node's death.
    pub(super) fn look_again_if_late(&self, refusal: &Refusal) {
        if matches!(refusal, Refusal::Late(_)) {
            self.topology.look_again();
        }
    }

    fn ensure_open(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable("the store is closed".to_owned()));
        }
        Ok(())
    }

    fn not_replicated(&self, replicas: i64) -> Result<(), StoreError> {
        self.unreplicated.fetch_add(1, Ordering::Relaxed);
        if let Some(metrics) = self.metrics.get() {
            metrics.unreplicated_write();
        }
        let wanted = self.settings.wait_replicas;
        tracing::warn!(replicas, wanted, "a careful write stands on its primary only");
        if self.settings.refuse_unreplicated {
            return Err(StoreError::NotReplicated(format!("{replicas} of {wanted} replicas")));
        }
        Ok(())
    }
}

/// Sends a write and a `WAIT` for it, and gives both answers.
async fn pair(
    client: &Client,
    ask: &Ask,
    settings: &crate::config::cluster::Cluster,
) -> Result<(Value, i64), Error> {
    let pipeline = client.pipeline();
    let (command, arguments) = ask.parts();
    // Both are only put into the pipeline here.
    let _queued: Value = pipeline.custom(command, arguments).await?;
    let limits = vec![
        Value::from(i64::from(settings.wait_replicas)),
        Value::from(i64::try_from(settings.wait_timeout_ms).unwrap_or(i64::MAX)),
    ];
    let _queued: Value = pipeline.custom(custom("WAIT", ask.slot()), limits).await?;
    let mut answers = pipeline.try_all::<Value>().await.into_iter();
    let written = answers.next().unwrap_or_else(|| Err(lost()))?;
    // Without an answer to WAIT nothing is known of the replicas; that the write stands is known.
    let replicas = answers.next().map_or(0, |answer| answer.and_then(Value::convert).unwrap_or(0));
    Ok((written, replicas))
}

fn lost() -> Error {
    Error::new(fred::error::ErrorKind::Protocol, "no answer in the pipeline")
}

fn converted<T: FromValue>(value: Value) -> Result<T, StoreError> {
    value.convert().map_err(|error| StoreError::Corrupt(error.to_string()))
}
