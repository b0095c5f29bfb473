//! Retries, the end of retries, the bound, the death of the carrier, a panic, and the end.

use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::actors::root::tests::tree;

/// Fails so many times, then arrives; or whatever `otherwise` says.
struct Stubborn {
    failures: Mutex<Vec<Failure>>,
    tried: Mutex<usize>,
    ends: Mutex<Vec<Result<(), Failure>>>,
    takes: Duration,
    panics: Mutex<bool>,
}

fn parcel(failures: Vec<Failure>) -> Arc<Stubborn> {
    Arc::new(Stubborn {
        failures: Mutex::new(failures),
        tried: Mutex::default(),
        ends: Mutex::default(),
        takes: Duration::ZERO,
        panics: Mutex::default(),
    })
}

fn passing() -> Failure {
    Failure::Passing("busy".to_owned())
}

#[async_trait::async_trait]
impl Parcel for Stubborn {
    fn kind(&self) -> DeliveryKind {
        DeliveryKind::Mail
    }

    async fn carry(&self) -> Result<(), Failure> {
        *self.tried.lock().unwrap() += 1;
        let panics = std::mem::take(&mut *self.panics.lock().unwrap());
        assert!(!panics, "asked for");
        tokio::time::sleep(self.takes).await;
        self.failures.lock().unwrap().pop().map_or(Ok(()), Err)
    }

    fn ended(&self, outcome: &Result<(), Failure>) {
        self.ends.lock().unwrap().push(outcome.clone());
    }
}

impl Stubborn {
    fn tried(&self) -> usize {
        *self.tried.lock().unwrap()
    }

    async fn ends(&self) -> Vec<Result<(), Failure>> {
        for _ in 0..400 {
            if !self.ends.lock().unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.ends.lock().unwrap().clone()
    }
}

struct World {
    deliveries: Deliveries,
    position: Arc<dyn Position>,
    metrics: Arc<Metrics>,
}

async fn world(settings: Settings) -> World {
    let metrics = Metrics::new();
    let (deliveries, position) = Deliveries::new(&settings, Arc::clone(&metrics));
    tree(vec![Arc::clone(&position)]).await;
    World { deliveries, position, metrics }
}

fn quick() -> Settings {
    Settings { attempts: 4, first_pause_ms: 1, longest_pause_ms: 5, ..Settings::default() }
}

impl World {
    fn shows(&self, outcome: &str, count: usize) {
        let line = format!("jeton_deliveries_total{{kind=\"mail\",outcome=\"{outcome}\"}} {count}\n");
        let text = self.metrics.render();
        assert!(text.contains(&line), "{line}{text}");
    }
}

#[tokio::test]
async fn what_fails_for_a_while_arrives() {
    let world = world(quick()).await;
    let parcel = parcel(vec![passing(), passing()]);
    world.deliveries.hand_in(parcel.clone());
    assert_eq!(parcel.ends().await, [Ok(())]);
    assert_eq!(parcel.tried(), 3);
    world.shows("again", 2);
    world.shows("delivered", 1);
    assert_eq!(world.deliveries.waiting(), 0);
}

#[tokio::test]
async fn what_never_arrives_is_given_up_once_and_counted() {
    let world = world(quick()).await;
    let stubborn = parcel(vec![passing(); 9]);
    let refused = parcel(vec![Failure::Lasting("no".to_owned())]);
    world.deliveries.hand_in(stubborn.clone());
    world.deliveries.hand_in(refused.clone());
    assert_eq!(stubborn.ends().await, [Err(passing())]);
    assert_eq!(refused.ends().await.len(), 1);
    assert_eq!((stubborn.tried(), refused.tried()), (4, 1));
    world.shows("given_up", 2);
}

#[tokio::test]
async fn over_the_bound_nothing_is_taken() {
    let world = world(Settings { queue: 1, ..quick() }).await;
    let slow =
        Arc::new(Stubborn { takes: Duration::from_millis(50), ..Arc::into_inner(parcel(vec![])).unwrap() });
    let second = parcel(vec![]);
    world.deliveries.hand_in(slow.clone());
    world.deliveries.hand_in(second.clone());
    assert_eq!(second.ends.lock().unwrap().len(), 1, "it is told at once");
    assert_eq!(second.tried(), 0);
    assert_eq!(slow.ends().await, [Ok(())]);
    world.shows("no_room", 1);
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_a_failure() {
    let world = world(Settings { timeout_ms: 20, attempts: 2, ..quick() }).await;
    let slow =
        Arc::new(Stubborn { takes: Duration::from_mins(1), ..Arc::into_inner(parcel(vec![])).unwrap() });
    world.deliveries.hand_in(slow.clone());
    assert!(matches!(slow.ends().await.as_slice(), [Err(Failure::Passing(_))]));
    assert_eq!(slow.tried(), 2);
}

#[tokio::test]
async fn the_death_of_the_carrier_loses_nothing() {
    let world = world(Settings { attempts: 9, ..quick() }).await;
    let slow =
        Arc::new(Stubborn { takes: Duration::from_millis(200), ..Arc::into_inner(parcel(vec![])).unwrap() });
    world.deliveries.hand_in(slow.clone());
    for attempt in 1..3 {
        while slow.tried() < attempt {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(world.position.kill());
    }
    assert_eq!(slow.ends().await, [Ok(())]);
    assert_eq!(slow.tried(), 3);
}

#[tokio::test]
async fn a_panic_is_a_failed_attempt() {
    let world = world(quick()).await;
    let bad = parcel(vec![]);
    *bad.panics.lock().unwrap() = true;
    world.deliveries.hand_in(bad.clone());
    assert_eq!(bad.ends().await, [Ok(())]);
    assert_eq!(bad.tried(), 2);
}

#[tokio::test]
async fn at_the_end_everything_is_tried_once_more_and_the_rest_is_said_to_be_lost() {
    let world = world(Settings { first_pause_ms: 60_000, longest_pause_ms: 60_000, ..quick() }).await;
    let (lucky, unlucky) = (parcel(vec![passing()]), parcel(vec![passing(); 3]));
    world.deliveries.hand_in(lucky.clone());
    world.deliveries.hand_in(unlucky.clone());
    while lucky.tried() + unlucky.tried() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.position.retire(Duration::from_secs(5)).await;
    assert_eq!(*lucky.ends.lock().unwrap(), [Ok(())]);
    assert_eq!(*unlucky.ends.lock().unwrap(), [Err(passing())]);
    assert_eq!((lucky.tried(), unlucky.tried()), (2, 2));
}
