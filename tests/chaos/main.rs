//! Actors die while people refresh, on the real embedded store: everybody gets through by asking again, no
//! rotation that was acknowledged is lost, and none happens twice.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jeton::actors::{Actors, Deps, RingError, Settings, deliveries};
use jeton::clock::{Clock, Entropy, UnixMs};
use jeton::config;
use jeton::model::family::{NewFamily, Presented, Rotation};
use jeton::model::session::{Amr, Session};
use jeton::protocol::ids::{FamilyKey, SessionId, TenantId, UserId};
use jeton::signing::sealing::{MasterKey, Sealer};
use jeton::store::SharedStore;
use jeton::store::embedded::Embedded;
use jeton::telemetry::labels::{ActorName, DeliveryKind};
use jeton::telemetry::metrics::Metrics;

const USERS: u8 = 16;
const REFRESHES: usize = 150;

struct Node {
    actors: Actors,
    store: SharedStore,
    /// Refreshes of all users so far.
    refreshed: AtomicUsize,
    _directory: tempfile::TempDir,
}

async fn node() -> Node {
    let directory = tempfile::tempdir().unwrap();
    let section = config::embedded::Embedded { path: directory.path().to_owned(), ..Default::default() };
    let store: SharedStore = Embedded::open(&section, Clock::System).unwrap();
    let passwords = config::passwords::Passwords { memory_kib: 64, ..Default::default() };
    let deps = Deps {
        store: Arc::clone(&store),
        sealer: Sealer::new(&MasterKey::new([7; 32]), 1, &[]),
        clock: Clock::System,
        entropy: Entropy::System,
        metrics: Metrics::new(),
        settings: Settings {
            deliveries: config::deliveries::Deliveries { first_pause_ms: 5, ..Default::default() },
            passwords,
            ..Settings::default()
        },
    };
    let actors = Actors::start(deps).await.unwrap();
    Node { actors, store, refreshed: AtomicUsize::new(0), _directory: directory }
}

fn ids(user: u8) -> (SessionId, FamilyKey) {
    (SessionId([user; 12]), FamilyKey([user; 10]))
}

impl Node {
    async fn log_in(&self, user: u8) {
        let (id, key) = ids(user);
        let now = Clock::System.now();
        let session = Session {
            id,
            tenant: TenantId::from("acme"),
            user: UserId::from(format!("auth0|{user}")),
            organization: None,
            authenticated_at: now,
            amr: Amr::PASSWORD,
            created_at: now,
            expires_at: None,
            device: None,
            clients: Vec::new(),
        };
        let family = NewFamily {
            key,
            idle_expires_at: None,
            expires_at: None,
            session_until: None,
            survives_logout: false,
            most: 200,
        };
        self.store.open(&session, Some(family)).await.unwrap();
    }

    fn presented(user: u8, generation: u64) -> Presented {
        let (session, family) = ids(user);
        let now = Clock::System.now();
        Presented { session, family, generation, now, leeway_ms: 60_000, expires_at: None, rotating: true }
    }

    /// Refreshes as a client would: after an error, with the same token again. Every tenth refresh is sent
    /// twice at the same time, as two tabs do. Gives the generations that came back.
    async fn refresh(&self, user: u8) -> Vec<u64> {
        let mut seen = vec![1];
        while seen.len() <= REFRESHES {
            let generation = seen[seen.len() - 1];
            let presented = Self::presented(user, generation);
            let answer = if generation.is_multiple_of(10) {
                let (one, two) =
                    tokio::join!(self.actors.ring.rotate(presented), self.actors.ring.rotate(presented));
                one.or(two)
            } else {
                self.actors.ring.rotate(presented).await
            };
            match answer {
                Ok(Rotation::Rotated { generation } | Rotation::Repeated { generation }) => {
                    seen.push(generation);
                    self.refreshed.fetch_add(1, Ordering::SeqCst);
                }
                Err(RingError::Lost | RingError::Busy) => {}
                other => panic!("user {user} was told {other:?} at generation {generation}"),
            }
        }
        seen
    }

    /// Waits until so many refreshes are done, and no longer than the test may take.
    async fn reached(&self, refreshes: usize) {
        let wait = async {
            while self.refreshed.load(Ordering::SeqCst) < refreshes {
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_survive_the_death_of_every_actor() {
    let node = Arc::new(node().await);
    for user in 0..USERS {
        node.log_in(user).await;
    }
    let users: Vec<_> = (0..USERS)
        .map(|user| {
            let node = Arc::clone(&node);
            tokio::spawn(async move { node.refresh(user).await })
        })
        .collect();
    // Two rounds of sixteen shards and five others stay within the restart budget.
    let victims = [
        ActorName::Shard,
        ActorName::Changes,
        ActorName::Keyring,
        ActorName::Memberships,
        ActorName::Shard,
        ActorName::Audit,
        ActorName::Deliveries,
    ];
    for (round, name) in (1..).zip(victims) {
        node.reached(round * usize::from(USERS) * REFRESHES / 9).await;
        assert!(node.actors.kill(name) > 0);
    }
    for (user, refreshes) in (0..USERS).zip(users) {
        let seen = refreshes.await.unwrap();
        assert!(
            seen.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "user {user} skipped or repeated: {seen:?}"
        );
        let (session, family) = ids(user);
        let stored = node.store.current(session, family, UnixMs(0)).await.unwrap().unwrap();
        assert_eq!(stored.generation, REFRESHES as u64 + 1, "user {user}: the store and the client agree");
    }
    assert!(node.actors.healthy());
    node.actors.stop().await;
}

/// A parcel that takes a while and fails now and then.
struct Parcel {
    tried: AtomicUsize,
    arrived: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl deliveries::Parcel for Parcel {
    fn kind(&self) -> DeliveryKind {
        DeliveryKind::Logout
    }

    async fn carry(&self) -> Result<(), deliveries::Failure> {
        let tried = self.tried.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
        if tried == 0 { Err(deliveries::Failure::Passing("not yet".to_owned())) } else { Ok(()) }
    }

    fn ended(&self, outcome: &Result<(), deliveries::Failure>) {
        assert_eq!(*outcome, Ok(()));
        self.arrived.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_survive_the_death_of_their_actor() {
    const PARCELS: usize = 500;
    let node = node().await;
    let arrived = Arc::new(AtomicUsize::new(0));
    for _ in 0..PARCELS {
        let parcel = Parcel { tried: AtomicUsize::new(0), arrived: Arc::clone(&arrived) };
        node.actors.deliveries.hand_in(Arc::new(parcel));
    }
    let wait = async {
        let mut kills = 0;
        while arrived.load(Ordering::SeqCst) < PARCELS {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if kills < 5 {
                kills += node.actors.kill(ActorName::Deliveries);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap();
    assert_eq!(node.actors.deliveries.waiting(), 0);
    assert!(node.actors.healthy());
    node.actors.stop().await;
    assert_eq!(arrived.load(Ordering::SeqCst), PARCELS, "each arrives once");
}

#[tokio::test]
async fn a_node_whose_actors_cannot_live_says_so() {
    let node = node().await;
    let killing = async {
        loop {
            node.actors.kill(ActorName::Shard);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = killing => {}
        () = node.actors.failed() => {}
        () = tokio::time::sleep(Duration::from_secs(10)) => panic!("the restart budget was never spent"),
    }
    assert!(!node.actors.healthy());
    let told = node.actors.ring.rotate(Node::presented(1, 1)).await;
    assert!(!matches!(told, Ok(Rotation::Rotated { .. })), "{told:?}");
}
