//! The three ways to ask: hot, reading, and careful; each asks again when it is certain that nothing ran.

use std::sync::atomic::Ordering;

use fred::clients::Pool;
use fred::error::Error;
use fred::interfaces::ClientLike as _;
use fred::types::{FromValue, Value};

use super::Cluster;
use super::ask::Ask;
use super::refusal::Refusal;
use crate::store::StoreError;

/// How often a command that ran nowhere is sent at most.
const SENDS: u32 = 3;

impl Cluster {
    /// Asks over the connections of the hot path: sent once, and by itself only if it cannot go with others, or ran nowhere
    /// with them.
    pub(super) async fn hot<T: FromValue>(&self, ask: Ask) -> Result<T, StoreError> {
        if self.settings.together_max > 1 && ask.goes_with_others() {
            self.ensure_open()?;
            match self.gatherings.send(ask.clone()).await {
                Ok(value) => return converted(value),
                Err(Refusal::Deposed | Refusal::Moved | Refusal::NoFunction | Refusal::NotHere) => {}
                Err(refusal) => {
                    self.look_again_if_late(&refusal);
                    return Err(refusal.into());
                }
            }
        }
        self.over(&self.connections.hot, ask).await
    }

    /// Asks over the reading connections, which repeat a command whose connection was lost.
    pub(super) async fn read<T: FromValue>(&self, ask: Ask) -> Result<T, StoreError> {
        self.over(&self.connections.reading, ask).await
    }

    /// As [`Cluster::read`], of a verb that answers with a list in a list of its own.
    ///
    /// The vendor takes any answer of three that begins with `message`, and a few like it, for something that was published,
    /// and whoever waits for the answer gets that to the next command. So no answer may begin with a stored text.
    pub(super) async fn read_list<T: FromValue>(&self, ask: Ask) -> Result<T, StoreError> {
        let answer: Value = self.read(ask).await?;
        let list = if let Value::Array(outer) = answer { <[Value; 1]>::try_from(outer).ok() } else { None };
        let [list] = list.ok_or_else(|| StoreError::Corrupt("a list in a list".to_owned()))?;
        converted(list)
    }

    /// Asks, and answers only after as many replicas as configured have what was written.
    ///
    /// It goes with others for the same primary (`convoys.rs`), and so it does when it is sent again: a `WAIT` of its own
    /// for each of many writes, one after the other, is longer than they can wait where a primary has lost its replica.
    pub(super) async fn careful<T: FromValue>(&self, ask: Ask) -> Result<T, StoreError> {
        if self.settings.wait_replicas == 0 {
            return self.over(&self.connections.careful, ask).await;
        }
        // The same lane throughout: it is the one that has learnt where the slot went, or learns it now.
        let lane = self.convoys.lane();
        let mut sends = 1;
        let (value, replicas) = loop {
            self.ensure_open()?;
            match lane.send(ask.clone()).await {
                Ok(answers) => break answers,
                Err(refusal) => {
                    // Not of a node that is away: while it is silent each look takes seconds, and the client does nothing
                    // else. Of that one a late answer tells (`topology.rs`).
                    let unlearnt = matches!(refusal, Refusal::NotHere);
                    self.before_next(&mut sends, refusal).await?;
                    if unlearnt {
                        lane.look_again().await;
                    }
                }
            }
        };
        if replicas < i64::from(self.settings.wait_replicas) {
            self.not_replicated(replicas)?;
        }
        converted(value)
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
            Refusal::Deposed | Refusal::Moved | Refusal::NotHere if *sends <= SENDS => Ok(()),
            Refusal::NoFunction if *sends <= SENDS => self.load_functions().await,
            Refusal::Deposed
            | Refusal::Late(_)
            | Refusal::Moved
            | Refusal::NoFunction
            | Refusal::NotHere
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

fn converted<T: FromValue>(value: Value) -> Result<T, StoreError> {
    value.convert().map_err(|error| StoreError::Corrupt(error.to_string()))
}
