//! Client grants of an organization, to the end: what an administrator allows is what a token may say.

use serde_json::json;

use crate::answer::Answer;
use crate::world::World;

const SECRET: &str = "m2m-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ";

async fn token(world: &World, more: &[(&str, &str)]) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "m2m"),
        ("client_secret", SECRET),
        ("audience", "https://api.test/"),
    ];
    world.token(&form.iter().chain(more).copied().collect::<Vec<_>>()).await
}

/// The organization that a token is for.
fn organization(answer: &Answer) -> serde_json::Value {
    crate::world::claims(&answer.text("access_token"))["org_id"].clone()
}

#[tokio::test]
async fn a_client_acts_in_the_organizations_of_its_grant_and_in_no_other() {
    let world = World::start().await;
    world.with_ann().await;
    let client =
        json!({ "client_id": "m2m", "name": "M", "app_type": "non_interactive", "client_secret": SECRET });
    world.made("/clients", client, "client_id").await;
    let acme = world.made("/organizations", json!({ "name": "acme" }), "id").await;
    let beta = world.made("/organizations", json!({ "name": "beta" }), "id").await;
    let grant = json!({ "client_id": "m2m", "audience": "https://api.test/", "scope": ["read:things"] });
    let grant = world.made("/client-grants", grant, "id").await;
    let path = format!("/organizations/{acme}/client-grants");

    // As it is, the grant knows no organizations.
    assert_eq!(organization(&token(&world, &[]).await), json!(null));
    let refused = token(&world, &[("organization", &acme)]).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_request")));
    let refused = world.post(&path, json!({ "grant_id": grant })).await;
    refused.refused(400, "invalid_body");

    world.patch(&format!("/client-grants/{grant}"), json!({ "organization_usage": "allow" })).await.with(200);
    let refused = token(&world, &[("organization", &acme)]).await;
    assert_eq!((refused.status, &refused.json()["error"]), (403, &json!("access_denied")));
    assert_eq!(world.post(&path, json!({ "grant_id": grant })).await.with(201)["id"], grant.as_str());
    assert_eq!(world.get(&path).await.all("id"), [grant.as_str()]);
    assert_eq!(world.get(&format!("{path}?client_id=other")).await.all("id").len(), 0);
    assert_eq!(world.get(&format!("/client-grants/{grant}/organizations")).await.all("id"), [acme.as_str()]);
    for name in [acme.as_str(), "acme"] {
        assert_eq!(organization(&token(&world, &[("organization", name)]).await), acme.as_str());
    }
    assert_eq!(token(&world, &[("organization", &beta)]).await.status, 403);
    assert_eq!(token(&world, &[("organization", "nothing")]).await.status, 400);

    world
        .patch(&format!("/client-grants/{grant}"), json!({ "organization_usage": "require" }))
        .await
        .with(200);
    assert_eq!(token(&world, &[]).await.status, 400);
    assert_eq!(organization(&token(&world, &[("organization", &acme)]).await), acme.as_str());
    world
        .patch(&format!("/client-grants/{grant}"), json!({ "allow_any_organization": true }))
        .await
        .with(200);
    assert_eq!(organization(&token(&world, &[("organization", &beta)]).await), beta.as_str());
    world
        .patch(&format!("/client-grants/{grant}"), json!({ "allow_any_organization": false }))
        .await
        .with(200);

    world.delete(&format!("{path}/{grant}")).await.with(204);
    assert_eq!(token(&world, &[("organization", &acme)]).await.status, 403);
    assert!(world.get(&path).await.all("id").is_empty());
    world.post(&path, json!({ "grant_id": "cgr_nothing" })).await.refused(404, "inexistent_resource");
    world.stop().await;
}
