//! Sessions: opened, found, updated, listed by user, ended with everything inside.

use jeton::model::family::Rotation;
use jeton::model::session::{Amr, Device, Ended, Session};
use jeton::protocol::ids::{OrganizationId, SessionId, UserId};

use crate::world::{World, dice, family, in_ms, now, pass, presented, tenant};

suite! {
    an_opened_session_is_found_whole,
    opening_again_changes_nothing,
    an_expired_session_is_gone,
    an_update_replaces_all_but_an_earlier_expiry,
    an_update_of_nothing_stores_nothing,
    an_end_takes_every_family,
    an_ended_session_ends_once,
    a_user_has_the_sessions_that_live,
    users_of_two_tenants_do_not_meet,
}

async fn an_opened_session_is_found_whole(world: &World) {
    let full = Session {
        organization: Some(OrganizationId::from("org_1")),
        amr: Amr(Amr::PASSWORD.0 | Amr::OTP.0),
        device: Some(Device {
            user_agent: "Gerät/1.0 \u{1f511}".to_owned(),
            address: "2001:db8::1".to_owned(),
        }),
        ..world.session()
    };
    let endless = Session { expires_at: None, ..world.session() };
    for session in [full, endless] {
        world.store.open(&session, None).await.unwrap();
        assert_eq!(world.store.find(session.id, now()).await.unwrap(), Some(session));
    }
    assert_eq!(world.store.find(SessionId(dice()), now()).await.unwrap(), None);
}

/// The answer to an open may be lost; the caller repeats it.
async fn opening_again_changes_nothing(world: &World) {
    let (session, new) = (world.session(), family());
    world.store.open(&session, Some(new)).await.unwrap();
    world.store.rotate(presented(session.id, new.key, 1)).await.unwrap();
    world.store.open(&session, Some(new)).await.unwrap();
    let rotated = world.store.rotate(presented(session.id, new.key, 2)).await.unwrap();
    assert_eq!(rotated, Rotation::Rotated { generation: 3 });
    let sessions = world.store.of_user(&world.tenant, &session.user, now()).await.unwrap();
    assert_eq!(sessions, vec![session.id]);
}

async fn an_expired_session_is_gone(world: &World) {
    let session = Session { expires_at: Some(in_ms(300)), ..world.session() };
    world.store.open(&session, None).await.unwrap();
    assert!(world.store.find(session.id, now()).await.unwrap().is_some());
    pass(400).await;
    assert_eq!(world.store.find(session.id, now()).await.unwrap(), None);
    assert_eq!(world.store.end(session.id).await.unwrap(), Ended::Unknown);
    assert!(!world.store.update(&Session { expires_at: Some(in_ms(60_000)), ..session }).await.unwrap());
}

async fn an_update_replaces_all_but_an_earlier_expiry(world: &World) {
    let (session, key) = world.logged_in().await;
    let again = Session {
        authenticated_at: in_ms(5),
        amr: Amr::OTP,
        expires_at: Some(in_ms(1_000)),
        device: Some(Device { user_agent: "b".to_owned(), address: "192.0.2.1".to_owned() }),
        ..session.clone()
    };
    assert!(world.store.update(&again).await.unwrap());
    let kept = Session { expires_at: session.expires_at, ..again.clone() };
    assert_eq!(world.store.find(session.id, now()).await.unwrap(), Some(kept));
    let later = Session { expires_at: Some(in_ms(120_000)), ..again };
    assert!(world.store.update(&later).await.unwrap());
    assert_eq!(world.store.find(session.id, now()).await.unwrap(), Some(later));
    let rotated = world.store.rotate(presented(session.id, key, 1)).await.unwrap();
    assert_eq!(rotated, Rotation::Rotated { generation: 2 });
}

async fn an_update_of_nothing_stores_nothing(world: &World) {
    let session = world.session();
    assert!(!world.store.update(&session).await.unwrap());
    assert_eq!(world.store.find(session.id, now()).await.unwrap(), None);
    assert!(world.store.of_user(&world.tenant, &session.user, now()).await.unwrap().is_empty());
}

async fn an_end_takes_every_family(world: &World) {
    let (session, first) = world.logged_in().await;
    let mut families = vec![first];
    for _ in 0..20 {
        let new = family();
        world.store.start(session.id, new, now()).await.unwrap();
        families.push(new.key);
    }
    assert_eq!(world.store.end(session.id).await.unwrap(), Ended::Ended { families: 21 });
    for key in families {
        assert_eq!(world.store.rotate(presented(session.id, key, 1)).await.unwrap(), Rotation::Unknown);
    }
    assert!(world.store.families_of(session.id).await.unwrap().is_empty());
    assert_eq!(world.store.find(session.id, now()).await.unwrap(), None);
    assert!(world.store.of_user(&world.tenant, &session.user, now()).await.unwrap().is_empty());
}

async fn an_ended_session_ends_once(world: &World) {
    let (session, _) = world.logged_in().await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (store, id) = (world.store.clone(), session.id);
            tokio::spawn(async move { store.end(id).await.unwrap() })
        })
        .collect();
    let mut ended = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ended::Ended { families } => {
                assert_eq!(families, 1);
                ended += 1;
            }
            Ended::Unknown => {}
        }
    }
    assert_eq!(ended, 1);
}

async fn a_user_has_the_sessions_that_live(world: &World) {
    let user = UserId::from("auth0|many");
    let of_user = |session: Session| Session { user: user.clone(), ..session };
    let (one, two, ended) = (of_user(world.session()), of_user(world.session()), of_user(world.session()));
    let brief = Session { expires_at: Some(in_ms(300)), ..of_user(world.session()) };
    for session in [&one, &two, &ended, &brief] {
        world.store.open(session, None).await.unwrap();
    }
    world.store.open(&world.session(), None).await.unwrap();
    world.store.end(ended.id).await.unwrap();
    pass(400).await;
    let mut found = world.store.of_user(&world.tenant, &user, now()).await.unwrap();
    found.sort();
    let mut expected = vec![one.id, two.id];
    expected.sort();
    assert_eq!(found, expected);
}

async fn users_of_two_tenants_do_not_meet(world: &World) {
    let here = world.session();
    let there = Session { tenant: tenant(), user: here.user.clone(), ..world.session() };
    world.store.open(&here, None).await.unwrap();
    world.store.open(&there, None).await.unwrap();
    let found = world.store.of_user(&there.tenant, &here.user, now()).await.unwrap();
    assert_eq!(found, vec![there.id]);
    assert!(world.store.of_user(&tenant(), &here.user, now()).await.unwrap().is_empty());
}
