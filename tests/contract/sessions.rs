//! Sessions: opened, found, updated, listed by user, ended with everything inside.

use jeton::model::family::{NewFamily, Rotation};
use jeton::model::session::{Amr, CLIENTS_MAX, Device, End, Ended, Session};
use jeton::protocol::ids::{ClientId, OrganizationId, SessionId, UserId};
use jeton::store::families::Started;

use crate::world::{World, dice, family, in_ms, now, pass, presented, tenant};

suite! {
    an_opened_session_is_found_whole,
    opening_again_changes_nothing,
    an_expired_session_is_gone,
    an_update_replaces_all_but_an_earlier_expiry,
    an_update_of_nothing_stores_nothing,
    an_end_takes_every_family,
    an_ended_session_ends_once,
    a_logout_spares_what_survives_it,
    what_survived_ends_at_last,
    a_touch_changes_the_device_and_only_that,
    a_touch_gives_way_to_a_login,
    clients_are_remembered_once_and_stay,
    clients_are_bounded,
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
            used_at: in_ms(1),
        }),
        clients: vec![ClientId::from("one"), ClientId::from("x".repeat(128))],
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
    assert_eq!(world.store.end(session.id, End::Everything).await.unwrap(), Ended::Unknown);
    assert!(!world.store.update(&Session { expires_at: Some(in_ms(60_000)), ..session }).await.unwrap());
}

async fn an_update_replaces_all_but_an_earlier_expiry(world: &World) {
    let (session, key) = world.logged_in().await;
    let again = Session {
        authenticated_at: in_ms(5),
        amr: Amr::OTP,
        expires_at: Some(in_ms(1_000)),
        device: Some(device("b")),
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
    assert_eq!(end(world, session.id).await, 21);
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
            tokio::spawn(async move { store.end(id, End::Everything).await.unwrap() })
        })
        .collect();
    let mut ended = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ended::Ended { families, session: gone, kept } => {
                assert_eq!((families, kept, *gone), (1, 0, session.clone()));
                ended += 1;
            }
            Ended::Survivors { families } => panic!("{families} survivors of none"),
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
    world.store.end(ended.id, End::Everything).await.unwrap();
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

/// How many families went with a session that lived.
async fn end(world: &World, id: SessionId) -> usize {
    match world.store.end(id, End::Everything).await.unwrap() {
        Ended::Ended { families, .. } => families,
        other @ (Ended::Survivors { .. } | Ended::Unknown) => panic!("{other:?}"),
    }
}

fn device(user_agent: &str) -> Device {
    Device { user_agent: user_agent.to_owned(), address: "192.0.2.1".to_owned(), used_at: now() }
}

async fn a_logout_spares_what_survives_it(world: &World) {
    let (session, dies) = world.logged_in().await;
    let survivor = NewFamily { survives_logout: true, ..family() };
    world.store.start(session.id, survivor, now()).await.unwrap();
    world.store.rotate(presented(session.id, survivor.key, 1)).await.unwrap();
    // With the expiry that its families gave it.
    let session = world.store.find(session.id, now()).await.unwrap().unwrap();
    let ended = world.store.end(session.id, End::Logout).await.unwrap();
    assert_eq!(ended, Ended::Ended { session: Box::new(session.clone()), families: 1, kept: 1 });
    assert_eq!(world.store.rotate(presented(session.id, dies, 1)).await.unwrap(), Rotation::Unknown);
    let rotated = world.store.rotate(presented(session.id, survivor.key, 2)).await.unwrap();
    assert_eq!(rotated, Rotation::Rotated { generation: 3 });
    assert_eq!(world.store.find(session.id, now()).await.unwrap(), None, "nobody is logged in");
    assert!(!world.store.update(&session).await.unwrap());
    assert!(!world.store.touch(&session, &device("a")).await.unwrap());
    assert!(!world.store.remember_client(session.id, &ClientId::from("c")).await.unwrap());
    let late = world.store.start(session.id, family(), now()).await.unwrap();
    assert_eq!(late, Started::NoSession);
    assert_eq!(world.store.end(session.id, End::Logout).await.unwrap(), Ended::Unknown);
    assert_eq!(world.store.families_of(session.id).await.unwrap(), [survivor.key]);
}

async fn what_survived_ends_at_last(world: &World) {
    let survivor = NewFamily { survives_logout: true, ..family() };
    let session = world.session();
    world.store.open(&session, Some(survivor)).await.unwrap();
    world.store.end(session.id, End::Logout).await.unwrap();
    let listed = world.store.of_user(&world.tenant, &session.user, now()).await.unwrap();
    assert_eq!(listed, [session.id], "so that it can be found and ended");
    let ended = world.store.end(session.id, End::Everything).await.unwrap();
    assert_eq!(ended, Ended::Survivors { families: 1 });
    let gone = world.store.rotate(presented(session.id, survivor.key, 1)).await.unwrap();
    assert_eq!(gone, Rotation::Unknown);
    assert!(world.store.of_user(&world.tenant, &session.user, now()).await.unwrap().is_empty());
    let whole = world.session();
    world.store.open(&whole, Some(survivor)).await.unwrap();
    assert_eq!(end(world, whole.id).await, 1, "a revocation spares nothing");
}

async fn a_touch_changes_the_device_and_only_that(world: &World) {
    let (session, key) = world.logged_in().await;
    // With the expiry that its family gave it.
    let session = world.store.find(session.id, now()).await.unwrap().unwrap();
    assert!(world.store.touch(&session, &device("one")).await.unwrap());
    let touched = world.store.find(session.id, now()).await.unwrap().unwrap();
    assert_eq!(touched.device.as_ref().unwrap().user_agent, "one");
    assert_eq!(Session { device: None, ..touched.clone() }, session);
    world.store.remember_client(session.id, &ClientId::from("c")).await.unwrap();
    assert!(world.store.touch(&touched, &device("two")).await.unwrap(), "clients come and go beside it");
    let found = world.store.find(session.id, now()).await.unwrap().unwrap();
    assert_eq!(found.clients, [ClientId::from("c")]);
    let rotated = world.store.rotate(presented(session.id, key, 1)).await.unwrap();
    assert_eq!(rotated, Rotation::Rotated { generation: 2 });
    assert!(!world.store.touch(&world.session(), &device("three")).await.unwrap());
}

/// Otherwise a page of before the login would bring back the cookie of before the login.
async fn a_touch_gives_way_to_a_login(world: &World) {
    let (seen, _) = world.logged_in().await;
    let again = Session { authenticated_at: in_ms(5), ..seen.clone() };
    assert!(world.store.update(&again).await.unwrap());
    assert!(!world.store.touch(&seen, &device("late")).await.unwrap());
    assert_eq!(world.store.find(seen.id, now()).await.unwrap(), Some(again));
}

async fn clients_are_remembered_once_and_stay(world: &World) {
    let (session, _) = world.logged_in().await;
    let tasks: Vec<_> = ["a", "b", "a", "c", "b"]
        .map(|client| {
            let (store, id) = (world.store.clone(), session.id);
            tokio::spawn(async move { store.remember_client(id, &ClientId::from(client)).await.unwrap() })
        })
        .into();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    world.store.update(&session).await.unwrap();
    let Ended::Ended { session: gone, .. } = world.store.end(session.id, End::Everything).await.unwrap()
    else {
        panic!("it lived");
    };
    let mut clients: Vec<_> = gone.clients.iter().map(ClientId::as_str).collect();
    clients.sort_unstable();
    assert_eq!(clients, ["a", "b", "c"]);
    assert!(!world.store.remember_client(session.id, &ClientId::from("a")).await.unwrap());
}

async fn clients_are_bounded(world: &World) {
    let (session, _) = world.logged_in().await;
    let client = |number: usize| ClientId::from(format!("{number:0>128}"));
    for number in 0..CLIENTS_MAX {
        assert!(world.store.remember_client(session.id, &client(number)).await.unwrap(), "{number}");
    }
    assert!(!world.store.remember_client(session.id, &client(CLIENTS_MAX)).await.unwrap());
    assert!(world.store.remember_client(session.id, &client(0)).await.unwrap());
    let found = world.store.find(session.id, now()).await.unwrap().unwrap();
    assert_eq!(found.clients.len(), CLIENTS_MAX);
}
