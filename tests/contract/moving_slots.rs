//! Slots that move from one primary to another while their sessions are rotated, together with sessions that stay.

use std::time::{Duration, Instant};

use jeton::model::family::Rotation;
use jeton::protocol::ids::SessionId;

use crate::cluster::connect;
use crate::cluster_only::{at, insistently};
use crate::own_cluster::{OwnCluster, ask};
use crate::world::{World, presented};

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
        for rotation in futures_util::future::join_all(rotations).await {
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

/// Gives the slot of a session from the primary that has it to the next one, its keys by and by; whether it is there then.
fn move_slot(primaries: &[u16], session: SessionId) -> bool {
    let key = format!("{{{session}}}s");
    let owns = |port: u16| ask(port, &["exists", &key]) == "1";
    let at = primaries.iter().position(|port| owns(*port)).expect("a session has a primary");
    let (from, to) = (primaries[at], primaries[(at + 1) % primaries.len()]);
    let slot = ask(from, &["cluster", "keyslot", &key]);
    let [from_id, to_id] = [from, to].map(|port| ask(port, &["cluster", "myid"]));
    let done = |port: u16, command: &[&str]| assert_eq!(ask(port, command), "OK", "{command:?}");
    done(to, &["cluster", "setslot", &slot, "importing", &from_id]);
    done(from, &["cluster", "setslot", &slot, "migrating", &to_id]);
    // Meanwhile some are asked for where they are, and then where they are not any more.
    std::thread::sleep(Duration::from_millis(20));
    let target = to.to_string();
    loop {
        let keys = ask(from, &["cluster", "getkeysinslot", &slot, "1"]);
        if keys.is_empty() {
            break;
        }
        done(from, &["migrate", "127.0.0.1", &target, &keys, "0", "5000"]);
    }
    std::thread::sleep(Duration::from_millis(20));
    for port in [to, from] {
        done(port, &["cluster", "setslot", &slot, "node", &to_id]);
    }
    owns(to) && !owns(from)
}
