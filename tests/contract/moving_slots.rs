//! Slots that move from one primary to another while what is in them, and what is not, is asked for.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jeton::config::cluster::Cluster as Settings;
use jeton::model::family::Rotation;
use jeton::protocol::ids::SessionId;
use jeton::store::{Sessions as _, StoreError};

use crate::cluster::connect;
use crate::cluster_only::{at, insistently};
use crate::own_cluster::{OwnCluster, ask};
use crate::world::{World, now, pass, presented};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rotations_go_on_while_slots_move() {
    let own = OwnCluster::start("");
    let store = connect(at(&own)).await;
    let world = World::new(store.clone(), ());
    let mut logins = Vec::new();
    for _ in 0..60 {
        let (session, family) = world.logged_in().await;
        logins.push((session.id, family));
    }
    let moving: Vec<_> = logins.iter().step_by(5).map(|(session, _)| *session).collect();
    let primaries = own.primaries();
    let mover = std::thread::spawn(move || {
        let moved = moving.into_iter().filter(|session| move_slot(&primaries, *session));
        moved.count()
    });

    let mut generation = 1;
    while !mover.is_finished() || generation < 5 {
        let since = Instant::now();
        let rotations = logins.iter().map(|(session, family)| {
            let asked = presented(*session, *family, generation);
            insistently(&store, asked, since)
        });
        for rotation in join_all(rotations).await {
            // Whoever heard nothing in time may have been rotated, and asks again.
            let (Rotation::Rotated { generation: given } | Rotation::Repeated { generation: given }) =
                rotation
            else {
                panic!("{rotation:?}")
            };
            assert_eq!(given, generation + 1);
        }
        generation += 1;
    }
    assert_eq!(mover.join().unwrap(), 12);
}

/// Nobody hears what somebody else asked for, and the connection goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_are_read_while_one_of_them_has_left() {
    let own = OwnCluster::start("");
    let store = connect(Settings { reading_connections: 1, ..at(&own) }).await;
    let world = World::new(store.clone(), ());
    let mut sessions = Vec::new();
    for _ in 0..60 {
        sessions.push(world.logged_in().await.0);
    }
    let slot = Move::begin(&own.primaries(), &session_key(sessions[0].id));
    slot.carry();
    for _ in 0..3 {
        let mut found = join_all(sessions.iter().map(|session| store.find(session.id, now()))).await;
        let gone = found.remove(0);
        assert!(matches!(gone, Err(StoreError::Unavailable(_))), "{gone:?}");
        for (session, found) in sessions[1..].iter().zip(found) {
            assert_eq!(found.unwrap().as_ref(), Some(session));
        }
    }
    slot.end();
    let since = Instant::now();
    while store.find(sessions[0].id, now()).await.ok() != Some(Some(sessions[0].clone())) {
        assert!(since.elapsed() < Duration::from_secs(9), "it has arrived");
        pass(20).await;
    }
}

/// Gives the slot of a session from the primary that has it to the next one, its keys by and by; whether it is there then.
fn move_slot(primaries: &[u16], session: SessionId) -> bool {
    let key = session_key(session);
    let slot = Move::begin(primaries, &key);
    // Meanwhile some are asked for where they are, and then where they are not any more.
    std::thread::sleep(Duration::from_millis(20));
    slot.carry();
    std::thread::sleep(Duration::from_millis(20));
    slot.end();
    let owns = |port: u16| ask(port, &["exists", &key]) == "1";
    owns(slot.to) && !owns(slot.from)
}

fn session_key(session: SessionId) -> String {
    format!("{{{session}}}s")
}

/// A slot on its way from the primary that serves it to the next one.
struct Move {
    from: u16,
    to: u16,
    slot: String,
}

impl Move {
    /// The slot of `key` begins to move: what is not where it was is asked for elsewhere.
    fn begin(primaries: &[u16], key: &str) -> Self {
        let at = primaries.iter().position(|port| serves(*port, key)).expect("a key has a primary");
        let (from, to) = (primaries[at], primaries[(at + 1) % primaries.len()]);
        let slot = ask(from, &["cluster", "keyslot", key]);
        let [from_id, to_id] = [from, to].map(|port| ask(port, &["cluster", "myid"]));
        done(to, &["cluster", "setslot", &slot, "importing", &from_id]);
        done(from, &["cluster", "setslot", &slot, "migrating", &to_id]);
        Self { from, to, slot }
    }

    /// Every key of the slot moves.
    fn carry(&self) {
        let target = self.to.to_string();
        loop {
            let key = ask(self.from, &["cluster", "getkeysinslot", &self.slot, "1"]);
            if key.is_empty() {
                break;
            }
            done(self.from, &["migrate", "127.0.0.1", &target, &key, "0", "5000"]);
        }
    }

    /// The slot is served by its new primary.
    fn end(&self) {
        let to_id = ask(self.to, &["cluster", "myid"]);
        for port in [self.to, self.from] {
            done(port, &["cluster", "setslot", &self.slot, "node", &to_id]);
        }
    }
}

/// Whether a primary answers for `key`, which may not exist.
fn serves(port: u16, key: &str) -> bool {
    ["0", "1"].contains(&ask(port, &["exists", key]).as_str())
}

fn done(port: u16, command: &[&str]) {
    assert_eq!(ask(port, command), "OK", "{command:?}");
}
