//! The change feed: in order, from any place, at once. Other cases may publish meanwhile; each looks at its own.

use std::time::{Duration, Instant};

use jeton::model::change::Change;
use jeton::protocol::ids::{Audience, ClientId, FamilyKey, OrganizationId, SessionId, UserId};
use jeton::store::change_feed::{Position, Tail};

use crate::world::{World, dice, now};

suite! {
    changes_come_in_order_and_whole,
    a_follower_goes_on_where_it_was,
    a_waiting_follower_is_woken,
    a_quiet_feed_answers_after_the_wait,
    revocations_can_be_asked_for_again,
}

fn changes(world: &World) -> Vec<Change> {
    let tenant = || world.tenant.clone();
    let (user, organization) = (UserId::from("auth0|1"), OrganizationId::from("org_1"));
    vec![
        Change::Client { tenant: tenant(), client: ClientId::from("c") },
        Change::ClientGrant {
            tenant: tenant(),
            client: ClientId::from("c"),
            audience: Audience::from("https://a/"),
        },
        Change::FamilyRevoked { session: SessionId(dice()), family: FamilyKey(dice()), at: now() },
        Change::Keys { tenant: tenant() },
        Change::Membership { tenant: tenant(), user: user.clone(), organization: organization.clone() },
        Change::Organization { tenant: tenant(), organization, name: "acme".to_owned() },
        Change::ResourceServer { tenant: tenant(), audience: Audience::from("https://a/") },
        Change::Role { tenant: tenant() },
        Change::SessionEnded { session: SessionId(dice()), at: now(), spares: true },
        Change::Tenant { tenant: tenant() },
        Change::TenantEmptied { tenant: tenant() },
        Change::Connection { tenant: tenant(), connection: "people".into() },
        Change::User { tenant: tenant(), user },
    ]
}

/// Follows from `after` until `own` changes of this case were seen; others' are passed over.
async fn followed(world: &World, mut after: Position, own: &[Change]) -> (Vec<Change>, Position) {
    let mut seen = Vec::new();
    while seen.len() < own.len() {
        let Tail::Entries(entries) = world.store.follow(after, 20_000, 4).await.unwrap() else {
            panic!("the feed lost its place after {seen:?}");
        };
        assert!(!entries.is_empty() && entries.len() <= 4, "{} entries after {seen:?}", entries.len());
        for (position, change) in entries {
            assert!(position > after);
            after = position;
            if own.contains(&change) {
                seen.push(change);
            }
        }
    }
    (seen, after)
}

async fn changes_come_in_order_and_whole(world: &World) {
    let head = world.store.head().await.unwrap();
    let own = changes(world);
    for change in &own {
        world.store.publish(change).await.unwrap();
    }
    let (seen, last) = followed(world, head, &own).await;
    assert_eq!(seen, own);
    assert!(world.store.head().await.unwrap() >= last);
}

async fn a_follower_goes_on_where_it_was(world: &World) {
    let head = world.store.head().await.unwrap();
    let own = changes(world);
    for change in &own[..5] {
        world.store.publish(change).await.unwrap();
    }
    let (_, middle) = followed(world, head, &own[..5]).await;
    for change in &own[5..] {
        world.store.publish(change).await.unwrap();
    }
    let (rest, _) = followed(world, middle, &own[5..]).await;
    assert_eq!(rest, own[5..]);
    let (all, _) = followed(world, head, &own).await;
    assert_eq!(all, own);
}

async fn a_waiting_follower_is_woken(world: &World) {
    let head = world.store.head().await.unwrap();
    let own = [Change::Role { tenant: world.tenant.clone() }];
    let started = Instant::now();
    let publish = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        world.store.publish(&own[0]).await.unwrap();
    };
    let ((seen, _), ()) = tokio::join!(followed(world, head, &own), publish);
    assert_eq!(seen, own);
    assert!(started.elapsed() < Duration::from_secs(10), "woken, not timed out: {:?}", started.elapsed());
}

async fn a_quiet_feed_answers_after_the_wait(world: &World) {
    // Others may publish: follow until a wait brings nothing.
    let mut after = world.store.head().await.unwrap();
    for _ in 0..200 {
        let started = Instant::now();
        match world.store.follow(after, 100, 100).await.unwrap() {
            Tail::Entries(entries) if entries.is_empty() => {
                assert!(started.elapsed() >= Duration::from_millis(90), "{:?}", started.elapsed());
                return;
            }
            Tail::Entries(entries) => after = entries.last().expect("not empty").0,
            Tail::Gap(position) => panic!("a gap at {position:?}"),
        }
    }
    panic!("the feed was never quiet");
}

async fn revocations_can_be_asked_for_again(world: &World) {
    let own = changes(world);
    for change in &own {
        world.store.publish(change).await.unwrap();
    }
    let recent = world.store.recent_revocations().await.unwrap();
    for change in own {
        let revocation = matches!(change, Change::FamilyRevoked { .. } | Change::SessionEnded { .. });
        assert_eq!(recent.contains(&change), revocation, "{change:?}");
    }
}
