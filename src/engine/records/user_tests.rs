//! Users: defaults, uniqueness under a race, passwords that an import does not undo, every bad field by name.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::engine::records::world::{World, drafted, paths};
use crate::engine::records::{Mode, Outcome, Refusal};
use crate::model::credential::Credential;
use crate::model::user::User;

async fn hash_of(world: &World, user: &User) -> Option<String> {
    let found =
        world.registrar.catalog().find::<Credential>(&user.tenant, user.user_id.as_str()).await.unwrap();
    found.map(|found| found.record.hash)
}

async fn refused(world: &World, draft: Value, mode: Mode) -> Refusal {
    world.registrar.put_user(&world.tenant, drafted(draft), mode).await.unwrap_err()
}

#[tokio::test]
async fn a_user_is_found_again_by_address_and_an_unchanged_one_is_not_written() {
    let world = World::start().await;
    let draft = json!({"email": "Ada@Example.com", "password": "lovelace-1815", "name": "Ada"});
    let made = world.user(draft.clone()).await;
    assert!(made.record.user_id.as_str().starts_with("auth0|") && made.record.user_id.as_str().len() == 30);
    assert_eq!(made.record.email.as_deref(), Some("ada@example.com"));
    let published = world.store.published();
    world.clock.advance_ms(5000);
    let again = world.user(draft).await;
    assert_eq!((again.outcome, again.record), (Outcome::Unchanged, made.record));
    assert_eq!(world.store.published(), published);
}

#[tokio::test]
async fn ids_get_their_prefix_and_change_what_is_named_only() {
    let world = World::start().await;
    let made =
        world.user(json!({"user_id": "42", "email": "a@b.example", "nickname": "a", "blocked": true})).await;
    assert_eq!(made.record.user_id.as_str(), "auth0|42");
    world.clock.advance_ms(5000);
    let changed =
        world.user(json!({"user_id": "auth0|42", "email": "c@b.example", "name": "A"})).await.record;
    assert!(changed.blocked && changed.profile.nickname.as_deref() == Some("a"));
    assert!(changed.updated_at > made.record.updated_at && changed.created_at == made.record.created_at);
    assert!(world.registrar.user(&world.tenant, "a@b.example").await.unwrap().is_none());
    assert!(world.registrar.user(&world.tenant, "c@b.example").await.unwrap().is_some());
}

#[tokio::test]
async fn a_changed_address_must_be_proved_again() {
    let world = World::start().await;
    world.user(json!({"user_id": "1", "email": "a@b.example", "email_verified": true})).await;
    assert!(world.user(json!({"user_id": "1", "name": "A"})).await.record.email_verified);
    assert!(!world.user(json!({"user_id": "1", "email": "c@b.example"})).await.record.email_verified);
}

#[tokio::test]
async fn of_two_who_want_one_address_at_once_one_gets_it() {
    let world = World::start().await;
    let draft = || drafted(json!({"email": "ada@example.com", "password": "lovelace-1815"}));
    let (one, two) = tokio::join!(
        world.registrar.put_user(&world.tenant, draft(), Mode::Create),
        world.registrar.put_user(&world.tenant, draft(), Mode::Create),
    );
    let refusals: Vec<_> = [one, two].into_iter().filter_map(Result::err).collect();
    assert!(matches!(refusals[..], [Refusal::NameTaken { field: "email" }]), "{refusals:?}");
    let users = world.registrar.catalog().all::<User>(&world.tenant.id).await.unwrap();
    let credentials = world.registrar.catalog().all::<Credential>(&world.tenant.id).await.unwrap();
    assert_eq!((users.len(), credentials.len()), (1, 1));
}

#[tokio::test]
async fn of_two_who_make_one_user_at_once_one_makes_it() {
    let world = World::start().await;
    let draft = || drafted(json!({"user_id": "1", "email": "ada@example.com"}));
    let (one, two) = tokio::join!(
        world.registrar.put_user(&world.tenant, draft(), Mode::Create),
        world.registrar.put_user(&world.tenant, draft(), Mode::Create),
    );
    let refusals: Vec<_> = [one, two].into_iter().filter_map(Result::err).collect();
    assert!(matches!(refusals[..], [Refusal::Exists]), "{refusals:?}");
    assert!(world.registrar.user(&world.tenant, "ada@example.com").await.unwrap().is_some());
}

#[tokio::test]
async fn an_import_gives_a_password_but_replaces_one_only_when_told() {
    let world = World::start().await;
    let user = world.user(json!({"email": "a@b.example", "password": "first-password"})).await.record;
    let first = hash_of(&world, &user).await.unwrap();
    world.clock.advance_ms(1000);
    let other = json!({"email": "a@b.example", "password": "other-password"});
    assert_eq!(world.user(other).await.outcome, Outcome::Unchanged);
    assert_eq!(hash_of(&world, &user).await.as_ref(), Some(&first));

    let same = json!({"email": "a@b.example", "password": "first-password", "password_update": true});
    assert_eq!(world.user(same).await.outcome, Outcome::Unchanged);
    let told = json!({"email": "a@b.example", "password": "other-password", "password_update": true});
    let changed = world.user(told.clone()).await;
    assert_eq!((changed.outcome, changed.record.not_before), (Outcome::Updated, world.clock.now()));
    assert_ne!(hash_of(&world, &user).await.unwrap(), first);
    assert_eq!(world.user(told).await.outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn a_hash_is_taken_as_it_is() {
    let world = World::start().await;
    let draft = json!({"username": "Bob", "password_hash": "$2b$10$abc"});
    let user = world.user(draft.clone()).await.record;
    assert_eq!(
        (user.username.as_deref(), hash_of(&world, &user).await.as_deref()),
        (Some("bob"), Some("$2b$10$abc"))
    );
    assert_eq!(world.user(draft).await.outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn a_user_whose_password_cannot_be_saved_is_not_saved_either() {
    let world = World::start().await;
    world.store.refuses_credentials.store(true, Ordering::SeqCst);
    let draft = json!({"email": "a@b.example", "password": "long-enough"});
    assert!(matches!(refused(&world, draft.clone(), Mode::Import).await, Refusal::Store(_)));
    assert!(world.registrar.user(&world.tenant, "a@b.example").await.unwrap().is_none());
    world.store.refuses_credentials.store(false, Ordering::SeqCst);
    assert_eq!(world.user(draft).await.outcome, Outcome::Created);
}

#[tokio::test]
async fn each_bad_field_is_named() {
    let world = World::start().await;
    world.user(json!({"email": "taken@b.example"})).await;
    for (bad, path) in [
        (json!({"user_id": "auth0|x@clients"}), "user_id"),
        (json!({"user_id": "auth0|a b"}), "user_id"),
        (json!({"email": "nowhere"}), "email"),
        (json!({"user_id": "9", "email": "Taken@b.example"}), "email"),
        (json!({"username": "x@y"}), "username"),
        (json!({"password": "short"}), "password"),
        (json!({"password": "long-enough", "password_hash": "$2b$10$abc"}), "password_hash"),
        (json!({"password_hash": "md5:abc"}), "password_hash"),
        (json!({"name": "a\u{0}b"}), "name"),
        (json!({"picture": "me.png"}), "picture"),
        (json!({"phone_number": "0123"}), "phone_number"),
        (json!({"roles": ["nothing"]}), "roles[0]"),
        (
            json!({"permissions": [{"resource_server_identifier": "x", "permission_name": "y"}]}),
            "permissions[0]",
        ),
        (json!({"user_metadata": {"k": "x".repeat(17_000)}}), "user_metadata"),
        (json!({"app_metadata": {"k": "x".repeat(17_000)}}), "app_metadata"),
    ] {
        let mut draft = json!({"email": "a@b.example"});
        draft.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        let refusal = refused(&world, draft, Mode::Import).await;
        assert!(paths(&refusal).iter().any(|found| found == path), "{path}: {refusal}");
    }
    assert_eq!(paths(&refused(&world, json!({"name": "nobody"}), Mode::Import).await), ["email"]);
    assert_eq!(world.registrar.catalog().all::<User>(&world.tenant.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_user_stays_in_its_connection() {
    let world = World::start().await;
    world.user(json!({"user_id": "1", "connection": "Staff", "email": "a@b.example"})).await;
    assert_eq!(world.user(json!({"user_id": "1", "name": "A"})).await.record.connection.as_str(), "Staff");
    let moved = json!({"user_id": "1", "connection": "Customers"});
    assert_eq!(paths(&refused(&world, moved, Mode::Update).await), ["connection"]);
    let elsewhere = world.user(json!({"connection": "Customers", "email": "a@b.example"})).await;
    assert_eq!(elsewhere.outcome, Outcome::Created);
}

#[tokio::test]
async fn a_hash_made_elsewhere_is_kept_and_what_contradicts_it_is_named() {
    let world = World::start().await;
    let md5 = json!({"algorithm": "md5", "hash": {"value": "00", "encoding": "hex"}});
    let user = world.user(json!({"email": "a@b.example", "custom_password_hash": md5})).await.record;
    let kept = hash_of(&world, &user).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), md5);
    let bcrypt = json!({"algorithm": "bcrypt", "hash": {"value": "$2b$10$x"}});
    let user = world.user(json!({"email": "b@b.example", "custom_password_hash": bcrypt})).await.record;
    assert_eq!(hash_of(&world, &user).await.as_deref(), Some("$2b$10$x"));
    for (draft, path) in [
        (json!({"custom_password_hash": md5, "password_hash": "$2b$10$x"}), "custom_password_hash"),
        (json!({"custom_password_hash": md5, "password": "lovelace-1815"}), "custom_password_hash"),
        (json!({"password_hash": md5.to_string()}), "password_hash"),
        (
            json!({"custom_password_hash": {"algorithm": "argon2", "hash": {"value": "$2b$10$x"}}}),
            "custom_password_hash.hash.value",
        ),
        (
            json!({"custom_password_hash": {"algorithm": "bcrypt", "hash": {"value": "$2b$10$x"},
                "salt": {"value": "s"}}}),
            "custom_password_hash.salt",
        ),
    ] {
        let mut draft = draft;
        draft["email"] = json!("c@b.example");
        let refusal = refused(&world, draft.clone(), Mode::Import).await;
        assert!(paths(&refusal).iter().any(|found| found == path), "{draft}: {refusal}");
    }
}
