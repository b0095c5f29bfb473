//! Batches, drops, a store that is away, the death of the clerk, and the end.

use std::sync::atomic::Ordering;

use super::*;
use crate::actors::root::tests::tree;
use crate::clock::UnixMs;
use crate::model::log_event::EventType;
use crate::protocol::ids::TenantId;
use crate::store::double::Double;

struct World {
    store: Arc<Double>,
    audit: Audit,
    position: Arc<dyn Position>,
    metrics: Arc<Metrics>,
}

async fn world(settings: Settings) -> World {
    let store = Double::new();
    let shared: SharedStore = store.clone();
    let metrics = Metrics::new();
    let (audit, position) = Audit::new(&shared, &settings, Arc::clone(&metrics));
    tree(vec![Arc::clone(&position)]).await;
    World { store, audit, position, metrics }
}

fn event(at: u64) -> LogEvent {
    LogEvent {
        tenant: TenantId::from("acme"),
        event: EventType::Sertft,
        at: UnixMs(at),
        client: None,
        user: None,
        organization: None,
        session: None,
        address: None,
        description: String::new(),
    }
}

impl World {
    fn record(&self, events: std::ops::Range<u64>) {
        events.for_each(|at| self.audit.record(event(at)));
    }

    async fn written(&self, expected: usize) -> Vec<u64> {
        for _ in 0..200 {
            if self.store.state().log.len() >= expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.store.state().log.iter().map(|event| event.at.0).collect()
    }
}

#[tokio::test]
async fn events_arrive_in_order_and_in_batches() {
    let world = world(Settings { batch: 10, flush_ms: 20, ..Settings::default() }).await;
    world.record(0..95);
    assert_eq!(world.written(95).await, (0..95).collect::<Vec<_>>());
    assert_eq!(world.store.asked(), 10);
}

#[tokio::test]
async fn a_store_that_is_away_costs_what_does_not_fit_and_no_more() {
    let world = world(Settings { buffer: 20, batch: 10, flush_ms: 1, ..Settings::default() }).await;
    world.store.down.store(true, Ordering::SeqCst);
    world.record(0..5);
    tokio::time::sleep(Duration::from_millis(20)).await;
    world.record(5..40);
    assert!(world.metrics.render().contains("jeton_audit_dropped_total 15\n"));
    world.store.down.store(false, Ordering::SeqCst);
    assert_eq!(world.written(25).await, (0..25).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_killed_clerk_loses_nothing() {
    let world = world(Settings { batch: 10, flush_ms: 1, ..Settings::default() }).await;
    world.store.delay_ms.store(20, Ordering::SeqCst);
    world.record(0..30);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(world.position.kill());
    }
    world.store.delay_ms.store(0, Ordering::SeqCst);
    let mut written = world.written(30).await;
    written.dedup();
    assert_eq!(written, (0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_panic_in_the_store_is_a_restart() {
    let world = world(Settings { flush_ms: 1, ..Settings::default() }).await;
    world.store.panics.store(1, Ordering::SeqCst);
    world.record(0..3);
    assert_eq!(world.written(3).await, [0, 1, 2]);
}

#[tokio::test]
async fn what_is_left_is_written_at_the_end() {
    let world = world(Settings { flush_ms: 60_000, ..Settings::default() }).await;
    world.record(0..7);
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(world.store.state().log.is_empty());
    world.position.retire(Duration::from_secs(5)).await;
    assert_eq!(world.store.state().log.len(), 7);
}
