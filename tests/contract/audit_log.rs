//! Log events: newest first, in pages, each tenant its own.

use jeton::clock::UnixMs;
use jeton::model::log_event::{EventType, LogEvent};
use jeton::protocol::ids::{ClientId, OrganizationId, SessionId, TenantId, UserId};

use crate::world::{World, dice, now, tenant};

suite! {
    events_come_newest_first_and_whole,
    events_come_in_pages,
    events_of_two_tenants_do_not_meet,
    nothing_appended_is_nothing_read,
    appending_at_once_loses_nothing,
    events_are_read_from_the_oldest_on,
    one_event_is_found_by_its_id,
}

/// An event that says `description`.
pub(crate) fn event(tenant: &TenantId, description: &str) -> LogEvent {
    LogEvent {
        tenant: tenant.clone(),
        event: EventType::Sertft,
        at: now(),
        client: None,
        user: None,
        organization: None,
        session: None,
        address: None,
        description: description.to_owned(),
    }
}

/// What the newest events say, the newest first.
pub(crate) async fn described(world: &World, tenant: &TenantId) -> Vec<String> {
    let logged = world.store.recent(tenant, None, 1_000).await.unwrap();
    logged.into_iter().map(|logged| logged.event.description).collect()
}

async fn events_come_newest_first_and_whole(world: &World) {
    let full = LogEvent {
        event: EventType::LimitWc,
        at: UnixMs(1_700_000_000_123),
        client: Some(ClientId::from("c")),
        user: Some(UserId::from("auth0|1")),
        organization: Some(OrganizationId::from("org_1")),
        session: Some(SessionId(dice())),
        address: Some("192.0.2.1".to_owned()),
        ..event(&world.tenant, "zu viele Versuche \u{1f512}")
    };
    let events = [event(&world.tenant, ""), full, event(&world.tenant, "last")];
    world.store.append(&events[..2]).await.unwrap();
    world.store.append(&events[2..]).await.unwrap();
    let logged = world.store.recent(&world.tenant, None, 10).await.unwrap();
    assert!(logged.windows(2).all(|pair| pair[0].id > pair[1].id), "ids fall: {logged:?}");
    let read: Vec<_> = logged.into_iter().map(|logged| logged.event).rev().collect();
    assert_eq!(read, events);
}

async fn events_come_in_pages(world: &World) {
    let names: Vec<String> = (0..23).map(|number| format!("{number}")).collect();
    for chunk in names.chunks(5) {
        let events: Vec<_> = chunk.iter().map(|name| event(&world.tenant, name)).collect();
        world.store.append(&events).await.unwrap();
    }
    for take in [1, 7, 23, 100] {
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = world.store.recent(&world.tenant, before.as_deref(), take).await.unwrap();
            assert!(page.len() <= take);
            let Some(last) = page.last() else { break };
            before = Some(last.id.clone());
            seen.extend(page.into_iter().map(|logged| logged.event.description));
        }
        seen.reverse();
        assert_eq!(seen, names, "in pages of {take}");
    }
}

async fn events_of_two_tenants_do_not_meet(world: &World) {
    let elsewhere = tenant();
    let events = [event(&world.tenant, "here"), event(&elsewhere, "there"), event(&world.tenant, "here too")];
    world.store.append(&events).await.unwrap();
    assert_eq!(described(world, &world.tenant).await, ["here too", "here"]);
    assert_eq!(described(world, &elsewhere).await, ["there"]);
}

async fn nothing_appended_is_nothing_read(world: &World) {
    world.store.append(&[]).await.unwrap();
    assert!(world.store.recent(&world.tenant, None, 10).await.unwrap().is_empty());
}

async fn appending_at_once_loses_nothing(world: &World) {
    let tasks: Vec<_> = (0..32)
        .map(|task| {
            let (store, tenant) = (world.store.clone(), world.tenant.clone());
            tokio::spawn(async move {
                let events: Vec<_> = (0..4).map(|part| event(&tenant, &format!("{task}-{part}"))).collect();
                store.append(&events).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut found = described(world, &world.tenant).await;
    found.sort();
    let mut expected: Vec<_> =
        (0..32).flat_map(|task| (0..4).map(move |part| format!("{task}-{part}"))).collect();
    expected.sort();
    assert_eq!(found, expected);
}

async fn events_are_read_from_the_oldest_on(world: &World) {
    let elsewhere = tenant();
    for number in 0..23 {
        let events = [event(&world.tenant, &format!("{number}")), event(&elsewhere, "theirs")];
        world.store.append(&events).await.unwrap();
    }
    for take in [1, 7, 23, 50] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = world.store.since(&world.tenant, after.as_deref(), take).await.unwrap();
            assert!(page.len() <= take);
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            seen.extend(page.into_iter().map(|logged| logged.event.description));
        }
        assert_eq!(seen, (0..23).map(|number| number.to_string()).collect::<Vec<_>>(), "in pages of {take}");
    }
    assert!(world.store.since(&world.tenant, Some("nothing"), 9).await.unwrap().is_empty());
}

async fn one_event_is_found_by_its_id(world: &World) {
    let events = [event(&world.tenant, "one"), event(&world.tenant, "other")];
    world.store.append(&events).await.unwrap();
    let logged = world.store.recent(&world.tenant, None, 2).await.unwrap();
    for one in &logged {
        assert_eq!(world.store.event(&world.tenant, &one.id).await.unwrap().as_ref(), Some(one));
        assert_eq!(world.store.event(&tenant(), &one.id).await.unwrap(), None);
    }
    assert_eq!(world.store.event(&world.tenant, "nothing").await.unwrap(), None);
}
