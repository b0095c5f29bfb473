//! Counts of a tenant's days, kept by the log itself.

use jeton::clock::UnixMs;
use jeton::model::log_event::{EventType, LogEvent};
use jeton::model::statistics::{Counts, Day};
use jeton::protocol::ids::{TenantId, UserId};

use crate::world::{World, now, tenant};

suite! {
    days_add_up,
    people_are_counted_once_however_often_they_come,
    days_of_two_tenants_do_not_meet,
    a_forgotten_log_is_gone_with_its_counts_and_nothing_else,
    counting_at_once_loses_nothing,
}

const DAY_MS: u64 = 86_400_000;

fn event(tenant: &TenantId, kind: EventType, at: UnixMs, user: &str) -> LogEvent {
    LogEvent {
        tenant: tenant.clone(),
        event: kind,
        at,
        client: None,
        user: Some(UserId::from(user)),
        organization: None,
        session: None,
        address: None,
        description: String::new(),
    }
}

async fn days_add_up(world: &World) {
    let (today, own) = (now(), &world.tenant);
    let yesterday = UnixMs(today.0 - DAY_MS);
    let first = [
        event(own, EventType::S, yesterday, "a"),
        event(own, EventType::Sepft, today, "a"),
        event(own, EventType::Ss, today, "b"),
    ];
    world.store.append(&first).await.unwrap();
    let later = UnixMs(today.0 + 1);
    let second = [
        event(own, EventType::S, later, "c"),
        event(own, EventType::Sapi, later, "c"),
        event(own, EventType::PwdLeak, later, "d"),
    ];
    world.store.append(&second).await.unwrap();
    let days = world.store.days(own, Day::of(yesterday).before(5), Day::of(today)).await.unwrap();
    let one = Counts { logins: 1, first_at: yesterday, last_at: yesterday, ..Counts::default() };
    // The last two may have met midnight.
    if Day::of(later) == Day::of(today) {
        let two = Counts { logins: 2, signups: 1, leaked_passwords: 1, first_at: today, last_at: later };
        assert_eq!(days, [(Day::of(yesterday), one), (Day::of(today), two)]);
    }
    assert!(world.store.days(own, Day(3), Day(9)).await.unwrap().is_empty());
    let only = world.store.days(own, Day::of(yesterday), Day::of(yesterday)).await.unwrap();
    assert_eq!(only, [(Day::of(yesterday), one)]);
}

async fn people_are_counted_once_however_often_they_come(world: &World) {
    let (today, own) = (now(), &world.tenant);
    for round in 0..3 {
        for number in 0..50 {
            let at = UnixMs(today.0 - round * DAY_MS);
            world.store.append(&[event(own, EventType::S, at, &format!("auth0|{number}"))]).await.unwrap();
        }
    }
    let last = Day::of(today);
    let count = |from: Day, to: Day| world.store.active_users(own, from, to);
    // An estimate, but a good one of so few.
    assert!(count(last.before(29), last).await.unwrap().abs_diff(50) <= 1);
    assert!(count(last, last).await.unwrap().abs_diff(50) <= 1);
    assert_eq!(count(last.before(29), last.before(3)).await.unwrap(), 0);
}

async fn days_of_two_tenants_do_not_meet(world: &World) {
    let (today, elsewhere) = (now(), tenant());
    let events = [
        event(&world.tenant, EventType::S, today, "a"),
        event(&elsewhere, EventType::S, today, "b"),
        event(&elsewhere, EventType::S, today, "c"),
    ];
    world.store.append(&events).await.unwrap();
    let day = Day::of(today);
    for (own, people) in [(&world.tenant, 1), (&elsewhere, 2)] {
        assert_eq!(world.store.days(own, day, day).await.unwrap()[0].1.logins, people);
        assert_eq!(world.store.active_users(own, day, day).await.unwrap(), people);
    }
}

async fn a_forgotten_log_is_gone_with_its_counts_and_nothing_else(world: &World) {
    let (today, elsewhere) = (now(), tenant());
    for own in [&world.tenant, &elsewhere] {
        let events: Vec<_> =
            (0..25).map(|number| event(own, EventType::S, today, &format!("auth0|{number}"))).collect();
        world.store.append(&events).await.unwrap();
    }
    let mut rounds = 0;
    while world.store.forget_events(&world.tenant, 10).await.unwrap() {
        rounds += 1;
        assert!(rounds < 10, "it never ends");
    }
    let day = Day::of(today);
    assert!(world.store.recent(&world.tenant, None, 10).await.unwrap().is_empty());
    assert!(world.store.days(&world.tenant, day, day).await.unwrap().is_empty());
    assert_eq!(world.store.active_users(&world.tenant, day, day).await.unwrap(), 0);
    assert_eq!(world.store.recent(&elsewhere, None, 100).await.unwrap().len(), 25);
    assert_eq!(world.store.days(&elsewhere, day, day).await.unwrap()[0].1.logins, 25);
    // Forgetting nothing is forgetting too.
    assert!(!world.store.forget_events(&world.tenant, 10).await.unwrap());
}

async fn counting_at_once_loses_nothing(world: &World) {
    let today = now();
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (store, tenant) = (world.store.clone(), world.tenant.clone());
            tokio::spawn(async move {
                let user = format!("auth0|{task}");
                let events = [EventType::S, EventType::Ss].map(|kind| event(&tenant, kind, today, &user));
                store.append(&events).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let day = Day::of(today);
    let counts = world.store.days(&world.tenant, day, day).await.unwrap()[0].1;
    assert_eq!((counts.logins, counts.signups), (16, 16));
    assert!(world.store.active_users(&world.tenant, day, day).await.unwrap().abs_diff(16) <= 1);
}
