//! Every listener is told; gaps, failures, failovers and the death of the tail lose nothing.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::*;
use crate::actors::tests::{Stage, stage};
use crate::clock::UnixMs;
use crate::model::family::{Presented, Rotation};
use crate::model::membership::Membership;
use crate::protocol::ids::{FamilyKey, OrganizationId, SessionId, TenantId, UserId};
use crate::store::double::Double;
use crate::store::{ChangeFeed as _, Memberships as _};
use crate::telemetry::labels::ActorName;

const SESSION: SessionId = SessionId([3; 12]);
const FAMILY: FamilyKey = FamilyKey([3; 10]);

fn membership() -> Membership {
    Membership {
        tenant: TenantId::from("acme"),
        user: UserId::from("auth0|1"),
        organization: OrganizationId::from("org_1"),
        roles: Vec::new(),
    }
}

fn changed() -> Change {
    let Membership { tenant, user, organization, .. } = membership();
    Change::Membership { tenant, user, organization }
}

async fn is_member(stage: &Stage) -> bool {
    let Membership { tenant, user, organization, .. } = membership();
    stage.actors.memberships.find(&tenant, &user, &organization).await.unwrap().is_some()
}

/// Waits until the membership is seen, which takes word of it: its absence is remembered.
async fn seen(stage: &Stage) -> bool {
    for _ in 0..400 {
        if is_member(stage).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

/// A node that remembers that there is no membership, and a store that has one since.
async fn stale() -> Stage {
    let stage = stage(Double::new()).await;
    stage.settled().await;
    assert!(!is_member(&stage).await);
    stage.store.join(&membership()).await.unwrap();
    assert!(!is_member(&stage).await);
    stage
}

#[tokio::test]
async fn word_of_a_change_reaches_caches_and_subscribers() {
    let stage = stale().await;
    let mut news = stage.actors.changes.subscribe();
    stage.store.publish(&changed()).await.unwrap();
    assert_eq!(news.recv().await.unwrap(), News::Changed(changed()));
    assert!(seen(&stage).await);
}

#[tokio::test]
async fn a_gap_drops_everything() {
    let stage = stale().await;
    let mut news = stage.actors.changes.subscribe();
    stage.store.gap.store(true, Ordering::SeqCst);
    assert_eq!(news.recv().await.unwrap(), News::Everything);
    assert!(seen(&stage).await);
    assert!(stage.metrics.render().contains("jeton_feed_gaps_total 1\n"));
}

#[tokio::test]
async fn after_an_outage_of_the_feed_everything_is_dropped() {
    let stage = stale().await;
    stage.store.down.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(!is_member(&stage).await, "what is remembered serves while the store is down");
    stage.store.down.store(false, Ordering::SeqCst);
    assert!(seen(&stage).await);
}

#[tokio::test]
async fn a_killed_tail_goes_on_from_where_it_was() {
    let stage = stale().await;
    let mut news = stage.actors.changes.subscribe();
    assert_eq!(stage.actors.kill(ActorName::Changes), 1);
    stage.store.publish(&changed()).await.unwrap();
    assert_eq!(news.recv().await.unwrap(), News::Changed(changed()));
    assert!(seen(&stage).await);
}

#[tokio::test]
async fn a_revocation_is_felt_at_once_and_survives_a_failover() {
    let stage = stage(Double::new()).await;
    stage.settled().await;
    let asked = Presented {
        session: SESSION,
        family: FAMILY,
        generation: 1,
        now: UnixMs(1),
        leeway_ms: 0,
        expires_at: None,
        rotating: false,
    };
    stage.store.seed(SESSION, FAMILY);
    assert_eq!(stage.actors.ring.rotate(asked).await.unwrap(), Rotation::Rotated { generation: 1 });
    let mut news = stage.actors.changes.subscribe();
    let revoked = Change::FamilyRevoked { session: SESSION, family: FAMILY, at: UnixMs(2) };
    stage.store.publish(&revoked).await.unwrap();
    assert_eq!(news.recv().await.unwrap(), News::Changed(revoked));
    // The store still has the family: its deletion was lost.
    assert_eq!(stage.actors.ring.rotate(asked).await.unwrap(), Rotation::Unknown);
    stage.store.topology.fetch_add(1, Ordering::SeqCst);
    for _ in 0..400 {
        if stage.store.state().families.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the revocation was not applied again");
}
