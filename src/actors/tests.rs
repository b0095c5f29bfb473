//! The whole tree: it starts, heals, gives up when healing does not help, and ends.

use super::*;
use crate::clock::UnixMs;
use crate::model::log_event::{EventType, LogEvent};
use crate::protocol::ids::TenantId;
use crate::signing::master_key::MasterKey;
use crate::store::double::Double;

/// All actors of a node over a store that does as it is told.
pub(crate) struct Stage {
    pub(crate) actors: Actors,
    pub(crate) store: Arc<Double>,
    pub(crate) metrics: Arc<Metrics>,
}

pub(crate) async fn stage(store: Arc<Double>) -> Stage {
    stage_with(store, Budget::new(1_000, root::WITHIN)).await
}

async fn stage_with(store: Arc<Double>, budget: Budget) -> Stage {
    let metrics = Metrics::new();
    let passwords = config::passwords::Passwords { memory_kib: 64, ..Default::default() };
    let deps = Deps {
        store: store.clone(),
        sealer: Sealer::new(&MasterKey::new([7; 32]), 1, &[]),
        clock: Clock::fixed(UnixMs(1_000)),
        entropy: Entropy::seeded(1),
        metrics: Arc::clone(&metrics),
        settings: Settings { passwords, ..Settings::default() },
    };
    let actors = Actors::start_with(deps, budget).await.unwrap();
    Stage { actors, store, metrics }
}

impl Stage {
    /// Waits until the feed is followed from its head.
    pub(crate) async fn settled(&self) {
        let mut news = self.actors.changes.subscribe();
        let everything = tokio::time::timeout(Duration::from_secs(2), news.recv()).await;
        assert_eq!(everything.unwrap().unwrap(), News::Everything);
    }
}

const ALL: [ActorName; 7] = [
    ActorName::Audit,
    ActorName::Changes,
    ActorName::Deliveries,
    ActorName::Keyring,
    ActorName::Memberships,
    ActorName::Passwords,
    ActorName::Shard,
];

#[tokio::test]
async fn every_actor_that_is_killed_is_started_again_and_counted() {
    let stage = stage(Double::new()).await;
    for name in ALL {
        for _ in 0..2 {
            assert!(stage.actors.kill(name) > 0, "{name:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let shown = stage.metrics.render();
    for label in ["audit", "changes", "deliveries", "keyring", "memberships", "passwords"] {
        let line = format!("jeton_actor_restarts_total{{actor=\"{label}\"}} 2\n");
        assert!(shown.contains(&line), "{line}{shown}");
    }
    assert!(shown.contains("jeton_actor_restarts_total{actor=\"shard\"} 32\n"));
    assert!(stage.actors.healthy());
    let password = || zeroize::Zeroizing::new("pw".to_owned());
    let hash = stage.actors.passwords.hash(password()).await.unwrap();
    assert!(matches!(stage.actors.passwords.verify(password(), hash).await, Ok(Verdict::Match { .. })));
}

#[tokio::test]
async fn a_spent_budget_is_a_failure() {
    let stage = stage_with(Double::new(), Budget::new(3, root::WITHIN)).await;
    for _ in 0..3 {
        assert!(stage.actors.healthy());
        stage.actors.kill(ActorName::Passwords);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(stage.actors.healthy());
    stage.actors.kill(ActorName::Passwords);
    tokio::time::timeout(Duration::from_secs(2), stage.actors.failed()).await.unwrap();
    assert!(!stage.actors.healthy());
}

#[tokio::test]
async fn the_death_of_the_root_is_a_failure() {
    let stage = stage(Double::new()).await;
    stage.actors.root.kill();
    tokio::time::timeout(Duration::from_secs(2), stage.actors.failed()).await.unwrap();
}

#[tokio::test]
async fn at_the_end_log_events_are_written_and_nobody_is_started_again() {
    let stage = stage(Double::new()).await;
    stage.actors.audit.record(LogEvent {
        tenant: TenantId::from("acme"),
        event: EventType::S,
        at: UnixMs(1),
        client: None,
        user: None,
        organization: None,
        session: None,
        address: None,
        description: String::new(),
    });
    stage.actors.stop().await;
    assert_eq!(stage.store.state().log.len(), 1);
    assert!(!stage.metrics.render().contains("jeton_actor_restarts_total{actor=\"audit\"} 1"));
    let failed = tokio::time::timeout(Duration::from_millis(50), stage.actors.failed()).await;
    assert!(failed.is_err(), "an end that was asked for is no failure");
    assert!(!stage.actors.healthy());
}
