//! Slots that move from one primary to another while what is in them, and what is not, is asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jeton::config::cluster::Cluster as Settings;
use jeton::model::family::Rotation;
use jeton::model::log_event::{EventType, LogEvent};
use jeton::model::membership::Membership;
use jeton::model::session::Session;
use jeton::protocol::ids::{OrganizationId, SessionId, UserId};
use jeton::store::cluster::Cluster;
use jeton::store::identifiers::Claim;
use jeton::store::spends::Redeemed;
use jeton::store::{AuditLog as _, Identifiers as _, Memberships as _, Sessions as _, StoreError};
use tokio::task::JoinHandle;

use crate::audit_log::{described, event};
use crate::cluster::connect;
use crate::cluster_only::{at, insistently};
use crate::own_cluster::{OwnCluster, ask};
use crate::spends::{code, redeeming};
use crate::world::{World, family_of, now, pass, presented};

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

/// What ran is told so, even if what went along with it is sent elsewhere: each code has one redeemer here, who asks once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_to_a_moving_slot_says_nothing_of_others() {
    let own = OwnCluster::start("");
    let world = World::new(connect(at(&own)).await, ());
    let (membership, key) = membership(&world);
    let slot = Move::begin(&own.primaries(), &key);
    let sessions = sessions_at(&world, slot.from, 20).await;
    // One call for all of them, a call and one that is left over, and each by itself.
    for (together_max, name) in [(32, b"a"), (18, b"b"), (1, b"c")] {
        let one = Settings { careful_connections: 1, together_max, ..at(&own) };
        let world = World::new(connect(one).await, ());
        let (first, others) = sessions.split_at(1);
        let redeem = async |sessions: &[Session]| {
            let asked = |session| redeeming(code(&world, session, name), b"", session, family_of(session));
            join_all(sessions.iter().map(|session| world.store.redeem(asked(session)))).await
        };
        let moving = world.store.join(&membership);
        let (first, moving, others) = tokio::join!(redeem(first), moving, redeem(others));
        assert!(matches!(moving, Err(StoreError::Unavailable(_))), "{moving:?}");
        for redeemed in first.into_iter().chain(others) {
            assert_eq!(redeemed.unwrap(), Redeemed::First, "{together_max} together");
        }
    }
}

/// The log is still where it was, its day has no users yet: nothing is logged rather than something more than once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_is_logged_whole_or_not_at_all_while_its_slot_moves() {
    let own = OwnCluster::start("");
    let store = connect(at(&own)).await;
    let world = World::new(store.clone(), ());
    store.append(&[event(&world.tenant, "before")]).await.unwrap();
    let slot = Move::begin(&own.primaries(), &format!("{{{}}}", tag("L", &world, None)));
    let somebodys =
        LogEvent { event: EventType::S, user: Some(UserId::from("u")), ..event(&world.tenant, "meanwhile") };
    let somebodys = [somebodys];
    let refused = store.append(&somebodys).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(described(&world, &world.tenant).await, ["before"]);
    slot.carry();
    slot.end();
    store.append(&somebodys).await.unwrap();
    assert_eq!(described(&world, &world.tenant).await, ["meanwhile", "before"]);
}

/// Where a slot went is learnt also by those who are never told, because they go with others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_in_company_finds_a_slot_that_has_moved() {
    let own = OwnCluster::start("");
    let store = connect(at(&own)).await;
    let world = World::new(store.clone(), ());
    let names = names_at(&world, own.primaries()[0], 35);
    let (moving, others) = names.split_at(3);
    let company = claiming(&store, &world, others);
    for name in moving {
        Move::begin(&own.primaries(), &name_key(&world, name)).end();
        assert_eq!(store.claim(&world.tenant, name, "me", 60_000).await.unwrap(), Claim::Held);
    }
    company.end().await;
}

/// Nor does it turn away those who wait for their turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writes_to_a_moving_slot_hold_up_nobody_else() {
    let own = OwnCluster::start("");
    let store = connect(at(&own)).await;
    let world = World::new(store.clone(), ());
    let (membership, key) = membership(&world);
    let slot = Move::begin(&own.primaries(), &key);
    let company = claiming(&store, &world, &names_at(&world, slot.from, 32));
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(1) {
        for refused in join_all((0..16).map(|_| store.join(&membership))).await {
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        }
    }
    company.end().await;
}

/// A membership, and its key.
fn membership(world: &World) -> (Membership, String) {
    let membership = Membership {
        tenant: world.tenant.clone(),
        user: UserId::from("u"),
        organization: OrganizationId::from("o"),
        roles: Vec::new(),
    };
    (membership, format!("{{{}}}m", tag("u", world, Some("u"))))
}

/// `count` names that are served by the primary `port`.
fn names_at(world: &World, port: u16, count: usize) -> Vec<String> {
    let names = (0..).map(|number| format!("name{number}"));
    names.filter(|name| serves(port, &name_key(world, name))).take(count).collect()
}

fn name_key(world: &World, name: &str) -> String {
    format!("{{{}}}", tag("N", world, Some(name)))
}

/// Tasks that write all the time.
struct Company {
    over: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Claims each of `names` again and again; none is refused.
fn claiming(store: &Arc<Cluster>, world: &World, names: &[String]) -> Company {
    let over = Arc::new(AtomicBool::new(false));
    let tasks = names.iter().cloned().map(|name| {
        let (store, tenant, over) = (store.clone(), world.tenant.clone(), over.clone());
        tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let claimed = store.claim(&tenant, &name, "me", 60_000).await;
                assert_eq!(claimed.unwrap(), Claim::Held, "{name}");
            }
        })
    });
    Company { tasks: tasks.collect(), over }
}

impl Company {
    async fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// `count` new sessions that are served by the primary `port`.
async fn sessions_at(world: &World, port: u16, count: usize) -> Vec<Session> {
    let mut sessions = Vec::new();
    while sessions.len() < count {
        let (session, _) = world.logged_in().await;
        if serves(port, &session_key(session.id)) {
            sessions.push(session);
        }
    }
    sessions
}

/// What names the slot of a thing of the world's tenant.
fn tag(kind: &str, world: &World, id: Option<&str>) -> String {
    let tenant = world.tenant.as_str();
    let id = id.map(|id| format!(":{id}")).unwrap_or_default();
    format!("{kind}{}:{tenant}{id}", tenant.len())
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
    primaries: Vec<u16>,
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
        Self { primaries: primaries.to_vec(), from, to, slot }
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

    /// The slot is served by its new primary, as all of them know.
    fn end(&self) {
        let to_id = ask(self.to, &["cluster", "myid"]);
        for port in [self.to, self.from].iter().chain(&self.primaries) {
            done(*port, &["cluster", "setslot", &self.slot, "node", &to_id]);
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
