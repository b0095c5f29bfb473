//! Two administrators at two processes at the same moment: one is told 201, the other 409.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::caller::Caller;
use crate::world::{PATIENT, World};

const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const ROUNDS: usize = 8;
/// So many at each process.
const CALLERS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_given_once_whichever_process_is_asked() {
    let ours = [
        ("BOOTSTRAP__CLIENT_ID", "administrator"),
        ("BOOTSTRAP__CLIENT_SECRET", SECRET),
        ("TENANTS__DEFAULT_TENANT", "demo"),
    ];
    let world = World::with(&[&PATIENT[..], &ours].concat()).await;
    let callers = Arc::new([world.a(), world.b()]);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "administrator"),
        ("client_secret", SECRET),
        ("audience", "urn:jeton:management"),
    ];
    let token = callers[0].try_post("/oauth/token", &form).await.unwrap().text("access_token");
    let expected = [&[201][..], &[409; 2 * CALLERS - 1]].concat();
    for round in 0..ROUNDS {
        let email = format!("raced-{round}@example.test");
        let user = json!({ "connection": "Username-Password-Authentication", "email": email });
        assert_eq!(raced(&callers, &token, ("users", &user)).await, expected, "users, round {round}");
        let organization = json!({ "name": format!("raced-{round}") });
        let statuses = raced(&callers, &token, ("organizations", &organization)).await;
        assert_eq!(statuses, expected, "organizations, round {round}");
        for caller in callers.iter() {
            let path = format!("users-by-email?email={email}");
            let found = caller.manage(&token, ("GET", &path), &Value::Null).await;
            assert_eq!(found.body.as_array().map(Vec::len), Some(1), "{found:?}");
        }
    }
    world.stop();
}

/// What everybody is told who posts the same at the same moment, at either process.
async fn raced(callers: &Arc<[Caller; 2]>, token: &str, (path, body): (&'static str, &Value)) -> Vec<u16> {
    let tasks: Vec<_> = (0..2 * CALLERS)
        .map(|nth| {
            let (callers, token, body) = (Arc::clone(callers), token.to_owned(), body.clone());
            tokio::spawn(async move { callers[nth % 2].manage(&token, ("POST", path), &body).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    statuses
}
