//! Families: started in a session, rotated by one caller at a time, gone when revoked or reused.

use jeton::clock::UnixMs;
use jeton::model::family::{Family, NewFamily, Presented, Rotation};
use jeton::model::session::{End, Ended};
use jeton::protocol::ids::{FamilyKey, SessionId};
use jeton::store::families::Started;

use crate::world::{World, dice, family, in_ms, now, pass, presented};

suite! {
    a_family_needs_a_session,
    a_family_starts_at_generation_one,
    starting_again_does_not_go_back,
    starting_keeps_the_session_as_long_as_the_family,
    a_look_changes_nothing,
    an_idle_family_is_gone,
    a_family_says_when_it_ends,
    a_refresh_renews_the_idle_expiry,
    a_revoked_family_is_gone_and_its_sibling_stays,
    families_of_different_sessions_do_not_meet,
    ending_while_starting_leaves_nothing,
    ending_while_rotating_leaves_nothing,
    the_family_refreshed_longest_ago_makes_room,
    a_family_may_be_called_what_another_holds,
}

async fn a_family_needs_a_session(world: &World) {
    let nobody = SessionId(dice());
    assert_eq!(world.store.start(nobody, family(), now()).await.unwrap(), Started::NoSession);
    let mut brief = world.session();
    brief.expires_at = Some(in_ms(300));
    world.store.open(&brief, None).await.unwrap();
    pass(400).await;
    assert_eq!(world.store.start(brief.id, family(), now()).await.unwrap(), Started::NoSession);
    assert!(world.store.families_of(nobody).await.unwrap().is_empty());
}

async fn a_family_says_when_it_ends(world: &World) {
    let (session, key) = world.logged_in().await;
    let ends = in_ms(45_000);
    let asked = Presented { expires_at: Some(ends), ..presented(session.id, key, 1) };
    world.store.rotate(asked).await.unwrap();
    assert_eq!(world.store.ends_at(session.id, key).await.unwrap(), Some(ends));
    let endless = Presented { expires_at: None, ..presented(session.id, key, 2) };
    world.store.rotate(endless).await.unwrap();
    assert_eq!(world.store.ends_at(session.id, key).await.unwrap(), None);
    assert_eq!(world.store.ends_at(session.id, FamilyKey(dice())).await.unwrap(), None);
}

async fn a_family_starts_at_generation_one(world: &World) {
    let (session, first) = world.logged_in().await;
    let second = family();
    assert_eq!(world.store.start(session.id, second, now()).await.unwrap(), Started::Started);
    for key in [first, second.key] {
        let rotated = world.store.rotate(presented(session.id, key, 1)).await.unwrap();
        assert_eq!(rotated, Rotation::Rotated { generation: 2 });
    }
    let mut families = world.store.families_of(session.id).await.unwrap();
    families.sort();
    let mut expected = vec![first, second.key];
    expected.sort();
    assert_eq!(families, expected);
}

/// A start whose answer was lost is repeated, perhaps after the client has already refreshed.
async fn starting_again_does_not_go_back(world: &World) {
    let session = world.session();
    let new = family();
    world.store.open(&session, None).await.unwrap();
    assert_eq!(world.store.start(session.id, new, now()).await.unwrap(), Started::Started);
    world.store.rotate(presented(session.id, new.key, 1)).await.unwrap();
    assert_eq!(world.store.start(session.id, new, now()).await.unwrap(), Started::Started);
    let again = world.store.rotate(presented(session.id, new.key, 2)).await.unwrap();
    assert_eq!(again, Rotation::Rotated { generation: 3 });
}

async fn starting_keeps_the_session_as_long_as_the_family(world: &World) {
    let mut session = world.session();
    session.expires_at = Some(in_ms(400));
    world.store.open(&session, None).await.unwrap();
    let new = family();
    world.store.start(session.id, new, now()).await.unwrap();
    pass(600).await;
    let found = world.store.find(session.id, now()).await.unwrap().expect("kept for its family");
    assert_eq!((found.user, found.expires_at), (session.user, new.expires_at));
}

async fn a_look_changes_nothing(world: &World) {
    let session = world.session();
    let brief = NewFamily { idle_expires_at: Some(in_ms(600)), ..family() };
    world.store.open(&session, Some(brief)).await.unwrap();
    let asked = Presented { expires_at: Some(in_ms(600)), ..presented(session.id, brief.key, 1) };
    world.store.rotate(asked).await.unwrap();
    let stands = Family { generation: 2, rotated_at: asked.now };
    assert_eq!(world.store.current(session.id, brief.key, now()).await.unwrap(), Some(stands));
    pass(300).await;
    assert_eq!(world.store.current(session.id, brief.key, now()).await.unwrap(), Some(stands));
    pass(500).await;
    assert_eq!(
        world.store.current(session.id, brief.key, now()).await.unwrap(),
        None,
        "a look renews nothing"
    );
    assert_eq!(world.store.current(session.id, family().key, now()).await.unwrap(), None);
}

async fn an_idle_family_is_gone(world: &World) {
    let session = world.session();
    let brief = NewFamily { idle_expires_at: Some(in_ms(300)), ..family() };
    world.store.open(&session, Some(brief)).await.unwrap();
    pass(400).await;
    let late = world.store.rotate(presented(session.id, brief.key, 1)).await.unwrap();
    assert_eq!(late, Rotation::Unknown);
}

async fn a_refresh_renews_the_idle_expiry(world: &World) {
    let session = world.session();
    let brief = NewFamily { idle_expires_at: Some(in_ms(600)), ..family() };
    world.store.open(&session, Some(brief)).await.unwrap();
    for generation in 1..=3 {
        pass(300).await;
        let asked =
            Presented { expires_at: Some(in_ms(600)), ..presented(session.id, brief.key, generation) };
        let rotated = world.store.rotate(asked).await.unwrap();
        assert_eq!(rotated, Rotation::Rotated { generation: generation + 1 });
    }
    pass(800).await;
    assert_eq!(world.store.rotate(presented(session.id, brief.key, 4)).await.unwrap(), Rotation::Unknown);
}

async fn a_revoked_family_is_gone_and_its_sibling_stays(world: &World) {
    let (session, first) = world.logged_in().await;
    let second = family();
    world.store.start(session.id, second, now()).await.unwrap();
    assert!(world.store.revoke(session.id, first).await.unwrap());
    assert!(!world.store.revoke(session.id, first).await.unwrap());
    assert_eq!(world.store.rotate(presented(session.id, first, 1)).await.unwrap(), Rotation::Unknown);
    let sibling = world.store.rotate(presented(session.id, second.key, 1)).await.unwrap();
    assert_eq!(sibling, Rotation::Rotated { generation: 2 });
    assert_eq!(world.store.families_of(session.id).await.unwrap(), vec![second.key]);
}

async fn families_of_different_sessions_do_not_meet(world: &World) {
    let shared = family();
    let (one, other) = (world.session(), world.session());
    world.store.open(&one, Some(shared)).await.unwrap();
    world.store.open(&other, Some(shared)).await.unwrap();
    world.store.rotate(presented(one.id, shared.key, 1)).await.unwrap();
    let untouched = world.store.rotate(presented(other.id, shared.key, 1)).await.unwrap();
    assert_eq!(untouched, Rotation::Rotated { generation: 2 });
    world.store.end(one.id, End::Everything).await.unwrap();
    let still = world.store.rotate(presented(other.id, shared.key, 2)).await.unwrap();
    assert_eq!(still, Rotation::Rotated { generation: 3 });
}

async fn ending_while_starting_leaves_nothing(world: &World) {
    for _ in 0..16 {
        let session = world.session();
        world.store.open(&session, None).await.unwrap();
        let starts: Vec<_> = (0..8)
            .map(|_| {
                let (store, id, new) = (world.store.clone(), session.id, family());
                tokio::spawn(async move { (new.key, store.start(id, new, now()).await.unwrap()) })
            })
            .collect();
        let ended = world.store.end(session.id, End::Everything).await.unwrap();
        assert!(matches!(ended, Ended::Ended { .. }), "{ended:?}");
        for start in starts {
            let (key, _) = start.await.unwrap();
            assert_gone(world, session.id, key).await;
        }
    }
}

async fn ending_while_rotating_leaves_nothing(world: &World) {
    for _ in 0..16 {
        let (session, key) = world.logged_in().await;
        let rotations: Vec<_> = (0..8)
            .map(|_| {
                let (store, id) = (world.store.clone(), session.id);
                tokio::spawn(async move { store.rotate(presented(id, key, 1)).await.unwrap() })
            })
            .collect();
        assert!(matches!(
            world.store.end(session.id, End::Everything).await.unwrap(),
            Ended::Ended { families: 1, .. }
        ));
        for rotation in rotations {
            rotation.await.unwrap();
        }
        assert_gone(world, session.id, key).await;
    }
}

async fn assert_gone(world: &World, session: SessionId, key: FamilyKey) {
    assert_eq!(world.store.rotate(presented(session, key, 9)).await.unwrap(), Rotation::Unknown);
    assert!(world.store.families_of(session).await.unwrap().is_empty());
    assert_eq!(world.store.find(session, now()).await.unwrap(), None);
}

async fn the_family_refreshed_longest_ago_makes_room(world: &World) {
    let (session, oldest) = world.logged_in().await;
    let few = || NewFamily { most: 4, ..family() };
    let (busy, begun) = (few(), now());
    world.store.start(session.id, busy, begun).await.unwrap();
    let mut last = busy;
    for step in 1..=250 {
        let at = UnixMs(begun.0 + step);
        last = few();
        world.store.start(session.id, last, at).await.unwrap();
        let asked = Presented { now: at, ..presented(session.id, busy.key, step) };
        assert_eq!(world.store.rotate(asked).await.unwrap(), Rotation::Rotated { generation: step + 1 });
    }
    let families = world.store.families_of(session.id).await.unwrap();
    // A store may look after it with one family in eight, at random: so many in between come once in a million times.
    assert!((4..=112).contains(&families.len()), "{} families", families.len());
    assert!(families.contains(&busy.key) && families.contains(&last.key));
    assert_eq!(world.store.current(session.id, oldest, now()).await.unwrap(), None);
}

/// Its name is any ten bytes: also those that a store keeps of another family.
async fn a_family_may_be_called_what_another_holds(world: &World) {
    let (session, begun) = (world.session(), now());
    let (first, mut second) = (family(), family());
    world.store.open(&session, None).await.unwrap();
    assert_eq!(world.store.start(session.id, first, begun).await.unwrap(), Started::Started);
    // Its generation, and since when.
    second.key = FamilyKey([0; 10]);
    second.key.0[5] = 1;
    second.key.0[6..].copy_from_slice(&begun.0.to_be_bytes()[2..6]);
    let asked = |key, generation| Presented { now: begun, ..presented(session.id, key, generation) };
    assert_eq!(world.store.rotate(asked(second.key, 1)).await.unwrap(), Rotation::Unknown);
    assert!(!world.store.revoke(session.id, second.key).await.unwrap());
    assert_eq!(world.store.start(session.id, second, begun).await.unwrap(), Started::Started);
    for key in [second.key, first.key] {
        let rotated = world.store.rotate(asked(key, 1)).await.unwrap();
        assert_eq!(rotated, Rotation::Rotated { generation: 2 });
    }
    assert!(world.store.revoke(session.id, second.key).await.unwrap());
    assert_eq!(world.store.families_of(session.id).await.unwrap(), vec![first.key]);
}
