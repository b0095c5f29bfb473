//! Hot calls in company: those for one primary that are asked for in one turn of the runtime go together in one call.
//!
//! Nobody waits for an answer of somebody else, nor for a clock: whoever asks first sends for all as soon as everybody who
//! is ready now has asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fred::clients::{Client, Pool};
use fred::error::Error;
use fred::interfaces::ClientLike as _;
use fred::types::Value;
use fred::types::config::{Options, Server};
use tokio::sync::oneshot;

use super::ask::Ask;
use super::packed::Packed;
use super::refusal::Refusal;
use super::routes::Routes;

/// The hot connections, each with those who gather for it.
#[derive(Debug)]
pub(super) struct Gatherings {
    tables: Vec<Arc<Table>>,
    next: AtomicUsize,
}

/// One client: a connection to every primary.
#[derive(Debug)]
struct Table {
    client: Client,
    routes: Routes,
    /// Those who have asked in this turn.
    seated: Mutex<HashMap<Server, Vec<Guest>>>,
    /// The most of one call.
    most: usize,
}

#[derive(Debug)]
struct Guest {
    ask: Ask,
    told: oneshot::Sender<Result<Value, Refusal>>,
}

impl Gatherings {
    /// Gatherings over the connections of `pool`, each of `most` at most.
    pub(super) fn new(pool: &Pool, most: usize) -> Self {
        let table = |client: &Client| Table {
            client: client.clone(),
            routes: Routes::default(),
            seated: Mutex::default(),
            most,
        };
        let tables = pool.clients().iter().map(|client| Arc::new(table(client))).collect();
        Self { tables, next: AtomicUsize::new(0) }
    }

    /// Sends `ask` together with others.
    pub(super) async fn send(&self, ask: Ask) -> Result<Value, Refusal> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let table = &self.tables[turn % self.tables.len()];
        let Some(server) = table.routes.server_of(&table.client, ask.slot()) else {
            return Err(Refusal::Moved);
        };
        let (told, answer) = oneshot::channel();
        table.seat(server, Guest { ask, told });
        answer.await.unwrap_or_else(|_gone| Err(Refusal::Unknown("the call was lost".to_owned())))
    }
}

impl Table {
    fn seat(self: &Arc<Self>, server: Server, guest: Guest) {
        let mut seated = self.seated.lock().unwrap_or_else(PoisonError::into_inner);
        let guests = seated.entry(server.clone()).or_default();
        guests.push(guest);
        let full = (guests.len() >= self.most).then(|| std::mem::take(guests));
        let first = guests.len() == 1;
        drop(seated);
        // Whoever asked may stop waiting; the others may not suffer from that.
        if let Some(guests) = full {
            let table = Arc::clone(self);
            tokio::spawn(async move { table.serve(&server, guests).await });
        } else if first {
            tokio::spawn(Arc::clone(self).serve_after_this_turn(server));
        }
    }

    async fn serve_after_this_turn(self: Arc<Self>, server: Server) {
        tokio::task::yield_now().await;
        let guests = {
            let mut seated = self.seated.lock().unwrap_or_else(PoisonError::into_inner);
            seated.get_mut(&server).map(std::mem::take).unwrap_or_default()
        };
        if !guests.is_empty() {
            self.serve(&server, guests).await;
        }
    }

    async fn serve(&self, server: &Server, guests: Vec<Guest>) {
        let (asks, waiting): (Vec<_>, Vec<_>) =
            guests.into_iter().map(|guest| (guest.ask, guest.told)).unzip();
        let packed = Packed::of(asks, self.most);
        let answers = self.call(server, &packed).await;
        for (told, answer) in waiting.into_iter().zip(packed.answers(answers)) {
            let answer = answer.map_err(Refusal::of_a_node);
            if answer.is_err() {
                self.routes.forget();
            }
            // Whoever asked may have stopped waiting.
            let _heard = told.send(answer);
        }
    }

    async fn call(&self, server: &Server, packed: &Packed) -> Vec<Result<Value, Error>> {
        let there = Options { cluster_node: Some(server.clone()), ..Options::default() };
        let client = self.client.with_options(&there);
        let mut answers = Vec::with_capacity(1);
        for (command, arguments) in packed.commands() {
            answers.push(client.custom(command, arguments).await);
        }
        answers
    }
}
