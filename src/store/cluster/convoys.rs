//! Careful writes in company: those for one primary that come while others are under way to it go together, with one
//! `WAIT` behind all of them. Redis counts what a *connection* wrote, so that the last offset stands for every write
//! before it.
//!
//! A write that Redis can send elsewhere, by its keys, has a pipeline and a `WAIT` of its own within the convoy: the vendor
//! gives a redirection as the answer to a whole pipeline, whatever else ran in it.
//!
//! One write alone waits for nobody. A convoy goes to a node by name, not by slot: a slot that has moved away meanwhile is
//! refused there, and cannot pass as replicated by a node that the `WAIT` never saw.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fred::clients::{Client, Pool};
use fred::error::{Error, ErrorKind};
use fred::interfaces::ClientLike as _;
use fred::types::config::{Options, Server};
use fred::types::{CustomCommand, Value};
use futures_util::future::join_all;
use tokio::sync::oneshot;

use super::ask::{Ask, custom};
use super::connections::Lookout;
use super::packed::Packed;
use super::refusal::Refusal;
use super::rounds::Rounds;
use super::routes::Routes;
use crate::config::cluster::Cluster as Settings;

/// The most writes of one convoy: a primary runs them in one go.
const LONGEST: usize = 256;

/// Between one look of a lane at the cluster and the next: a client does nothing else meanwhile.
const PAUSE: Duration = Duration::from_millis(200);

/// What a write came to, and how many replicas have it.
pub(super) type Arrival = Result<(Value, i64), Refusal>;

/// The careful connections, each with its convoys.
#[derive(Debug)]
pub(super) struct Convoys {
    lanes: Vec<Arc<Lane>>,
    next: AtomicUsize,
}

/// One client: a connection to every primary.
#[derive(Debug)]
pub(super) struct Lane {
    client: Client,
    routes: Routes,
    lookout: Lookout,
    /// When it looks again who serves what.
    looks: Rounds,
    /// How long anybody waits for such a look.
    patience: Duration,
    /// The most writes of one call.
    together: usize,
    /// Who waits for a convoy to come back; a server without an entry has none under way.
    waiting: Mutex<HashMap<Server, Vec<Passenger>>>,
    /// How many may wait for one server.
    room: usize,
    wait: Wait,
}

/// What is asked of replicas.
#[derive(Clone, Copy, Debug)]
struct Wait {
    replicas: i64,
    timeout_ms: i64,
}

#[derive(Debug)]
struct Passenger {
    ask: Ask,
    arrived: oneshot::Sender<Arrival>,
}

impl Convoys {
    /// Convoys over the connections of `pool`.
    pub(super) fn new(pool: &Pool, settings: &Settings) -> Self {
        let wait = Wait {
            replicas: i64::from(settings.wait_replicas),
            timeout_ms: i64::try_from(settings.wait_timeout_ms).unwrap_or(i64::MAX),
        };
        let lane = |client: &Client| Lane {
            client: client.clone(),
            routes: Routes::default(),
            lookout: Lookout::of(client),
            looks: Rounds::default(),
            patience: Duration::from_millis(settings.command_timeout_ms),
            together: settings.together_max,
            waiting: Mutex::default(),
            room: settings.queued_commands.max(1),
            wait,
        };
        let lanes = pool.clients().iter().map(|client| Arc::new(lane(client))).collect();
        Self { lanes, next: AtomicUsize::new(0) }
    }

    /// The next lane by turns, if possible one that is connected.
    pub(super) fn lane(&self) -> &Arc<Lane> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let at = |step: usize| &self.lanes[first.wrapping_add(step) % self.lanes.len()];
        (0..self.lanes.len()).map(at).find(|lane| lane.client.is_connected()).unwrap_or_else(|| at(0))
    }
}

impl Lane {
    /// Sends `ask` with the next convoy to its primary. Refused as [`Refusal::Moved`] or [`Refusal::Deposed`], it ran nowhere
    /// and may be sent again; as [`Refusal::NotHere`], once this lane has looked where to.
    pub(super) async fn send(self: &Arc<Self>, ask: Ask) -> Arrival {
        let Some(server) = self.routes.server_of(&self.client, ask.slot()) else {
            return Err(Refusal::Moved);
        };
        let (arrived, arrival) = oneshot::channel();
        self.board(server, Passenger { ask, arrived })?;
        arrival.await.unwrap_or_else(|_gone| Err(Refusal::Unknown("the convoy was lost".to_owned())))
    }

    /// Looks who serves what, once for all who ask at once. What has no keys for Redis is never told where a slot went, so
    /// that the vendor learns nothing from it.
    pub(super) async fn look_again(&self) {
        let look = async {
            self.lookout.look(self.patience).await;
            self.routes.forget();
            Ok::<_, Infallible>(())
        };
        // Whoever has waited for long enough asks again as it is.
        let _looked = self.looks.join(PAUSE, self.patience, look).await;
    }

    /// Joins those who wait for the convoy that is under way, or is one.
    fn board(self: &Arc<Self>, server: Server, passenger: Passenger) -> Result<(), Refusal> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.get_mut(&server) {
            Some(others) if others.len() >= self.room => {
                return Err(Refusal::Refused("too many writes are waiting".to_owned()));
            }
            Some(others) => others.push(passenger),
            None => {
                waiting.insert(server.clone(), Vec::new());
                // Whoever asked may stop waiting; the others may not suffer from that.
                tokio::spawn(Arc::clone(self).shuttle(server, vec![passenger]));
            }
        }
        Ok(())
    }

    /// Sends one convoy after the other until nobody waits.
    async fn shuttle(self: Arc<Self>, server: Server, mut convoy: Vec<Passenger>) {
        loop {
            let answered = self.sail(&server, convoy).await;
            let left = {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(others) = waiting.get_mut(&server) else { return };
                if others.is_empty() || !answered {
                    waiting.remove(&server).unwrap_or_default()
                } else {
                    convoy = others.drain(..others.len().min(LONGEST)).collect();
                    continue;
                }
            };
            // A node that does not answer would make each of them wait once more for nothing.
            for passenger in left {
                let _heard = passenger.arrived.send(Err(Refusal::Deposed));
            }
            return;
        }
    }

    /// Sends one convoy and tells everybody in it; whether the node answered as it should.
    async fn sail(&self, server: &Server, mut convoy: Vec<Passenger>) -> bool {
        let alone = those_alone(&mut convoy, self.together);
        let alone = join_all(alone.into_iter().map(|passenger| self.cross(server, vec![passenger])));
        let (company, alone) = tokio::join!(self.cross(server, convoy), alone);
        alone.into_iter().fold(company, |answered, one| answered & one)
    }

    /// Sends those who share one pipeline, and tells them.
    async fn cross(&self, server: &Server, boat: Vec<Passenger>) -> bool {
        if boat.is_empty() {
            return true;
        }
        let (asks, waiting): (Vec<_>, Vec<_>) =
            boat.into_iter().map(|passenger| (passenger.ask, passenger.arrived)).unzip();
        let packed = Packed::of(asks, self.together);
        let (answers, replicas) = self.pipeline(server, packed.commands().collect()).await;
        let mut answered = true;
        for (arrived, answer) in waiting.into_iter().zip(packed.answers(answers)) {
            let arrival = answer.map(|value| (value, replicas)).map_err(Refusal::of_a_node);
            // A slot that is not there says nothing of the node.
            answered &= !matches!(arrival, Err(Refusal::Deposed | Refusal::Late(_)));
            if arrival.is_err() {
                self.routes.forget();
            }
            // Whoever asked may have stopped waiting; what was written stands.
            let _heard = arrived.send(arrival);
        }
        answered
    }

    /// What `commands` came to, and how many replicas have what they wrote.
    async fn pipeline(
        &self,
        server: &Server,
        commands: Vec<(CustomCommand, Vec<Value>)>,
    ) -> (Vec<Result<Value, Error>>, i64) {
        let there = Options { cluster_node: Some(server.clone()), ..Options::default() };
        let pipeline = self.client.pipeline().with_options(&there);
        let count = commands.len();
        let limits = vec![Value::from(self.wait.replicas), Value::from(self.wait.timeout_ms)];
        for (command, arguments) in commands.into_iter().chain([(custom("WAIT", 0), limits)]) {
            // It is only put into the pipeline here.
            if let Err(error) = pipeline.custom::<Value, _>(command, arguments).await {
                return (vec![Err(error); count], 0);
            }
        }
        let mut answers = pipeline.try_all::<Value>().await;
        if let [Err(error)] = answers.as_slice() {
            return (vec![Err(of_all(error, count)); count], 0);
        }
        // Without an answer to WAIT nothing is known of the replicas; that the writes stand is known.
        let replicas = answers.split_off(count.min(answers.len())).pop();
        (answers, replicas.map_or(0, |answer| answer.and_then(Value::convert).unwrap_or(0)))
    }
}

/// Takes those out of a convoy who cannot share a pipeline: whose command Redis can send elsewhere.
fn those_alone(convoy: &mut Vec<Passenger>, together: usize) -> Vec<Passenger> {
    if convoy.len() == 1 {
        return Vec::new();
    }
    let goes_alone = |passenger: &mut Passenger| together < 2 || !passenger.ask.goes_with_others();
    let mut alone: Vec<_> = convoy.extract_if(.., goes_alone).collect();
    // A verb that is left over is a command of its own.
    if together > 1 && convoy.len() % together == 1 {
        alone.extend(convoy.pop());
    }
    alone
}

/// The one error of a pipeline of `count` commands: of several, some may have run whatever it says.
fn of_all(error: &Error, count: usize) -> Error {
    let nowhere = Refusal::of_a_node(error.clone());
    if count > 1 && matches!(nowhere, Refusal::Deposed | Refusal::Moved | Refusal::NotHere) {
        return Error::new(ErrorKind::Unknown, format!("one of several writes: {}", error.details()));
    }
    error.clone()
}
