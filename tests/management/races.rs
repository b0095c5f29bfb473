//! Administrators at the same moment, on several threads: one is told 201, everybody else 409.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::world::{World, encoded};

/// So many at once.
const CALLERS: usize = 12;
/// So many times.
const ROUNDS: usize = 5;

/// What many callers are told who post the same at the same moment.
async fn statuses(world: &Arc<World>, path: &'static str, body: &Value) -> Vec<u16> {
    let tasks: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (world, body) = (Arc::clone(world), body.clone());
            tokio::spawn(async move { world.post(path, body).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_is_given_once_however_many_ask() {
    let world = Arc::new(World::start().await);
    let expected = [&[201][..], &[409; CALLERS - 1]].concat();
    for round in 0..ROUNDS {
        let email = format!("u{round}@example.test");
        let user = json!({ "connection": "Username-Password-Authentication", "email": email });
        assert_eq!(statuses(&world, "/users", &user).await, expected);
        assert_eq!(world.get(&format!("/users-by-email?email={email}")).await.all("email"), [email]);
        let organization = json!({ "name": format!("acme-{round}") });
        assert_eq!(statuses(&world, "/organizations", &organization).await, expected);
    }
    assert_eq!(world.get("/users?include_totals=true").await.with(200)["total"], ROUNDS);
    assert_eq!(world.get("/organizations").await.all("name").len(), ROUNDS);
    Arc::into_inner(world).unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_users_do_not_move_to_one_address() {
    let world = Arc::new(World::start().await);
    let mut ids = Vec::new();
    for number in 0..6 {
        let user = json!({ "connection": "Username-Password-Authentication", "email": format!("u{number}@example.test") });
        ids.push(world.made("/users", user, "user_id").await);
    }
    let tasks: Vec<_> = ids
        .into_iter()
        .map(|id| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let change = json!({ "email": "wanted@example.test" });
                world.patch(&format!("/users/{}", encoded(&id)), change).await.status
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409]);
    assert_eq!(world.get("/users-by-email?email=wanted@example.test").await.all("email").len(), 1);
    assert_eq!(world.get("/users?q=email:u*").await.all("email").len(), 5);
    Arc::into_inner(world).unwrap().stop().await;
}
