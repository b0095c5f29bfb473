//! What the tenant's days came to.

use serde_json::{Value, json};

use crate::world::World;

const DAY_MS: u64 = 86_400_000;

/// The days, once the log has been written.
async fn days(world: &World, query: &str, until: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..300 {
        let days = world.get(&format!("/stats/daily{query}")).await.with(200);
        if until(&days) {
            return days;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("never so: {}", world.get(&format!("/stats/daily{query}")).await.body);
}

#[tokio::test]
async fn logins_are_counted_by_day_and_people_once() {
    let mut world = World::start().await;
    world.with_ann().await;
    assert_eq!(world.get("/stats/active-users").await.with(200), json!(0));
    assert_eq!(world.get("/stats/daily").await.with(200), json!([]));
    for _ in 0..3 {
        world.login(&[]).await.with(200);
    }
    world.login(&[("password", "wrong")]).await;
    let one = days(&world, "", |days| days[0]["logins"] == 3).await;
    assert_eq!((one.as_array().unwrap().len(), &one[0]["signups"]), (1, &json!(0)));
    assert_eq!(one[0]["leaked_passwords"], 0);
    assert_eq!(one[0]["date"], "2027-01-15T00:00:00.000Z");
    assert_eq!(world.get("/stats/active-users").await.with(200), json!(1));

    world.clock.advance_ms(DAY_MS);
    world.renew().await;
    world.login(&[]).await.with(200);
    let two = days(&world, "?from=20270101&to=20270116", |days| days[1]["logins"] == 1).await;
    assert_eq!(two[0], one[0]);
    let only = world.get("/stats/daily?from=20270116&to=20270116").await.with(200);
    assert_eq!(only, json!([two[1]]));
    assert_eq!(world.get("/stats/active-users").await.with(200), json!(1));
    world.clock.advance_ms(30 * DAY_MS);
    world.renew().await;
    assert_eq!(world.get("/stats/active-users").await.with(200), json!(0));
    world.stop().await;
}

#[tokio::test]
async fn wrong_days_are_refused() {
    let world = World::start().await;
    for query in [
        "from=2027-01-01",
        "from=20270230",
        "to=nonsense",
        "from=20270102&to=20270101",
        "from=20200101&to=20270101",
        "from=20990101",
        "on=20270101",
    ] {
        world.get(&format!("/stats/daily?{query}")).await.refused(400, "invalid_query_string");
    }
    let reader = world.admin_token(&[("scope", "read:clients")]).await.text("access_token");
    for path in ["/stats/daily", "/stats/active-users"] {
        let request = world.anonymous(reqwest::Method::GET, path).bearer_auth(&reader);
        world.send(request).await.refused(403, "insufficient_scope");
    }
    world.stop().await;
}
