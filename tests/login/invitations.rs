//! Invitations to an organization: accepted once, by whom they are for; refused clearly otherwise, and then not used up.

use jeton::engine::records::Mode;
use jeton::engine::registrar::registrar;
use jeton::model::invitation::Invitation;
use jeton::model::membership::Membership;
use jeton::model::organization::Organization;
use jeton::model::record::Record;
use jeton::model::tenant::Tenant;
use jeton::model::user::User;
use jeton::protocol::ids::{ConnectionId, OrganizationId, TenantId, UserId};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize, claims};

const ACME: &str = "org_acme0000000001";
const NEW: &str = "new@example.test";
const PASSWORD: &str = "Battery-Staple-9";

/// An invitation, and the ticket that was sent.
struct Invited {
    invitation: Invitation,
    ticket: String,
}

fn tenant(world: &World) -> Tenant {
    world.engine().tenancy().by_id(&TenantId::from("default")).unwrap().tenant.clone()
}

async fn invited(world: &World, email: &str, more: Value) -> Invited {
    let mut draft =
        json!({ "inviter": { "name": "Ann" }, "invitee": { "email": email }, "client_id": "spa" });
    draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let registrar = registrar(world.engine());
    let tenant = tenant(world);
    let organization = registrar.organization(&tenant, ACME).await.unwrap().unwrap();
    let draft = serde_json::from_value(draft).unwrap();
    let invitation = registrar.invite(&tenant, &organization, draft).await.unwrap().record;
    let ticket = world.engine().invitation_ticket(&invitation).unwrap();
    assert!(ticket.starts_with("iv_") && !ticket.contains(&invitation.id), "{ticket}");
    Invited { invitation, ticket }
}

async fn role(world: &World, name: &str) -> String {
    let draft = serde_json::from_value(json!({ "name": name })).unwrap();
    registrar(world.engine())
        .put_role(&tenant(world), draft, Mode::Create)
        .await
        .unwrap()
        .record
        .id
        .to_string()
}

/// Opens the link, as far as the first page or the answer.
async fn open(browser: &Browser, ticket: &str, more: &[(&str, &str)]) -> Answer {
    let usual = [("invitation", ticket), ("organization", ACME), ("organization_name", "acme")];
    let usual = usual.iter().filter(|(name, _)| !more.iter().any(|(own, _)| own == name));
    browser.get(&authorize("spa", &usual.chain(more).copied().collect::<Vec<_>>())).await
}

async fn sign_up(browser: &Browser, ticket: &str, email: &str) -> Answer {
    let page = browser.follow(&open(browser, ticket, &[("screen_hint", "signup")]).await).await;
    let form = [("state", page.state()), ("email", email.to_owned()), ("password", PASSWORD.to_owned())];
    browser.post("/u/signup", &form.each_ref().map(|(name, value)| (*name, value.as_str()))).await
}

async fn log_in(browser: &Browser, ticket: &str, email: &str, password: &str) -> Answer {
    let page = browser.follow(&open(browser, ticket, &[]).await).await;
    browser.type_in(&page, email, password).await
}

async fn membership(world: &World, user: &str) -> Option<Membership> {
    let (user, organization) = (UserId::from(user), OrganizationId::from(ACME));
    world.engine().store().find_membership(&tenant(world).id, &user, &organization).await.unwrap()
}

async fn stands(world: &World, invited: &Invited) -> bool {
    let catalog = world.engine().cached().catalog();
    catalog.find::<Invitation>(&tenant(world).id, &invited.invitation.id).await.unwrap().is_some()
}

async fn change_acme(world: &World, change: impl FnOnce(&mut Organization)) {
    let catalog = world.engine().cached().catalog();
    let mut found = catalog.find::<Organization>(&tenant(world).id, ACME).await.unwrap().unwrap();
    change(&mut found.record);
    let expect = jeton::store::records::Expect::Version(found.version);
    catalog.save(&found.record, expect).await.unwrap();
    world.engine().cached().apply(&found.record.change());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_signs_up_and_is_a_member_with_the_roles() {
    let world = World::start().await;
    let role = role(&world, "reader").await;
    let more = json!({ "roles": [role], "app_metadata": { "seat": 1 }, "user_metadata": { "from": "Ann" } });
    let invited = invited(&world, "New@example.test", more).await;
    let browser = world.browser();
    let page = browser.follow(&open(&browser, &invited.ticket, &[]).await).await;
    assert!(page.body.contains(&format!("value=\"{NEW}\"")), "the address is filled in: {page:?}");

    let other = sign_up(&browser, &invited.ticket, "other@example.test").await;
    other.shown(400);
    assert!(stands(&world, &invited).await && browser.cookie("jeton_session").is_none());
    world.links(0).await;

    let back = sign_up(&browser, &invited.ticket, "NEW@example.test").await;
    let tokens = world.exchange(&browser, &back.code()).await.json();
    let id = claims(&tokens["id_token"]);
    assert_eq!((&id["org_id"], &id["email"]), (&json!(ACME), &json!(NEW)));
    let user = id["sub"].as_str().unwrap();
    let roles: Vec<_> =
        membership(&world, user).await.unwrap().roles.iter().map(ToString::to_string).collect();
    assert_eq!(roles, [role]);
    let user =
        world.engine().cached().catalog().find::<User>(&tenant(&world).id, user).await.unwrap().unwrap();
    assert_eq!(
        (&user.record.app_metadata["seat"], &user.record.user_metadata["from"]),
        (&json!(1), &json!("Ann"))
    );

    assert!(!stands(&world, &invited).await, "it is used up");
    open(&browser, &invited.ticket, &[]).await.sent_back("invalid_request");
    open(&world.browser(), &invited.ticket, &[]).await.sent_back("invalid_request");
    browser.get(&authorize("spa", &[("organization", ACME)])).await.code();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_with_an_account_logs_in_and_keeps_what_they_have() {
    let world = World::start().await;
    let (one, other) = (role(&world, "one").await, role(&world, "other").await);
    let first = invited(&world, "dee@example.test", json!({ "roles": [one] })).await;
    log_in(&world.browser(), &first.ticket, "dee@example.test", "Correct-Horse-4").await.code();
    world.clock.advance_ms(1000);
    let second =
        invited(&world, "dee@example.test", json!({ "roles": [other], "app_metadata": { "a": 1 } })).await;
    let browser = world.browser();
    log_in(&browser, &second.ticket, "dee@example.test", "Correct-Horse-4").await.code();
    let mut roles: Vec<_> =
        membership(&world, "auth0|dee").await.unwrap().roles.iter().map(ToString::to_string).collect();
    roles.sort();
    let mut expected = [one, other];
    expected.sort();
    assert_eq!(roles, expected);
    let dee = world.engine().cached().user(&tenant(&world).id, "auth0|dee").await.unwrap().unwrap();
    assert!(dee.app_metadata.is_empty(), "who was there before is left as they are");
    // Whoever is logged in already need not do it again.
    let third = invited(&world, "dee@example.test", json!({})).await;
    open(&browser, &third.ticket, &[]).await.code();
    assert!(!stands(&world, &third).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_person_is_refused_and_the_right_one_still_comes() {
    let world = World::start().await;
    let invited = invited(&world, "dee@example.test", json!({})).await;
    let browser = world.browser();
    let refused = log_in(&browser, &invited.ticket, "bob@example.test", "Correct-Horse-2").await;
    refused.sent_back("access_denied");
    assert!(refused.parameter("error_description").unwrap().contains("another email address"), "{refused:?}");
    assert!(stands(&world, &invited).await && membership(&world, "auth0|dee").await.is_none());

    // Bob is logged in now: Dee, in the same browser, is asked to log in instead of being refused for him.
    world.clock.advance_ms(1000);
    let asked = open(&browser, &invited.ticket, &[]).await;
    assert!(asked.location().starts_with("/u/login?"), "{asked:?}");
    let page = browser.follow(&asked).await;
    browser.type_in(&page, "dee@example.test", "Correct-Horse-4").await.code();
    assert!(membership(&world, "auth0|dee").await.is_some());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_count_is_refused_and_uses_nothing_up() {
    let world = World::start().await;
    let invited = invited(&world, "dee@example.test", json!({ "ttl_sec": 60 })).await;
    let ticket = invited.ticket.as_str();
    let browser = world.browser();
    let mut flipped = ticket.to_owned();
    let last = flipped.pop().unwrap();
    flipped.push(if last == 'A' { 'B' } else { 'A' });
    for more in [
        &[("organization", "beta")][..],
        &[("organization", "")],
        &[("organization", "nothing")],
        &[("invitation", "nothing")],
        &[("invitation", &flipped)],
        &[("client_id", "spa2")],
    ] {
        open(&browser, ticket, more).await.sent_back("invalid_request");
    }
    open(&world.browser_at("other.localhost"), ticket, &[]).await.sent_back("invalid_request");
    let page = browser.follow(&open(&browser, ticket, &[]).await).await;
    world.clock.advance_ms(59_999);
    assert!(open(&world.browser(), ticket, &[]).await.location().starts_with("/u/login?"));
    world.clock.advance_ms(1);
    let late = browser.type_in(&page, "dee@example.test", "Correct-Horse-4").await;
    late.sent_back("invalid_request");
    assert_eq!(late.parameter("error_description").as_deref(), Some("The invitation has expired"));
    open(&browser, ticket, &[]).await.sent_back("invalid_request");
    assert!(stands(&world, &invited).await && membership(&world, "auth0|dee").await.is_none());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_invitation_lets_nobody_in_who_is_on_the_way() {
    let world = World::start().await;
    let invited = invited(&world, "dee@example.test", json!({})).await;
    let browser = world.browser();
    let page = browser.follow(&open(&browser, &invited.ticket, &[]).await).await;
    let catalog = world.engine().cached().catalog();
    catalog.remove::<Invitation>(&tenant(&world).id, &invited.invitation.id).await.unwrap();
    browser.type_in(&page, "dee@example.test", "Correct-Horse-4").await.sent_back("access_denied");
    open(&browser, &invited.ticket, &[]).await.sent_back("invalid_request");
    assert!(membership(&world, "auth0|dee").await.is_none());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_is_finished_by_the_same_person_only() {
    let world = World::start().await;
    let invited = invited(&world, "dee@example.test", json!({ "ttl_sec": 60 })).await;
    let browser = world.browser();
    let page = browser.follow(&open(&browser, &invited.ticket, &[]).await).await;
    // A process died after it had written who accepts, and before the membership.
    let catalog = world.engine().cached().catalog();
    for (by, answer) in [("auth0|somebody", "invalid_request"), ("auth0|dee", "")] {
        let found =
            catalog.find::<Invitation>(&tenant(&world).id, &invited.invitation.id).await.unwrap().unwrap();
        let begun = Invitation { accepted_by: Some(UserId::from(by)), ..found.record };
        catalog.save(&begun, jeton::store::records::Expect::Version(found.version)).await.unwrap();
        open(&world.browser(), &invited.ticket, &[]).await.sent_back("invalid_request");
        let back = browser.type_in(&page, "dee@example.test", "Correct-Horse-4").await;
        if answer.is_empty() {
            back.code();
        } else {
            back.sent_back(answer);
        }
    }
    assert!(membership(&world, "auth0|dee").await.is_some() && !stands(&world, &invited).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_at_once_make_one_member() {
    let world = World::start().await;
    let invited = invited(&world, "dee@example.test", json!({})).await;
    let tabs = [world.browser(), world.browser(), world.browser(), world.browser()];
    let mut pages = Vec::new();
    for tab in &tabs {
        pages.push(tab.follow(&open(tab, &invited.ticket, &[]).await).await);
    }
    let typed =
        tabs.iter().zip(&pages).map(|(tab, page)| tab.type_in(page, "dee@example.test", "Correct-Horse-4"));
    let answers = futures_util::future::join_all(typed).await;
    assert!(answers.iter().all(|answer| answer.parameter("code").is_some()), "{answers:?}");
    assert!(membership(&world, "auth0|dee").await.is_some() && !stands(&world, &invited).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signup_may_be_open_to_the_invited_only() {
    let world = World::start().await;
    let directory = ConnectionId::from("Username-Password-Authentication");
    let enabled = |signup| jeton::model::organization::EnabledConnection {
        assign_membership_on_login: signup,
        is_signup_enabled: signup,
        ..jeton::model::organization::EnabledConnection::new(directory.clone())
    };
    let invited = invited(&world, NEW, json!({})).await;
    change_acme(&world, |acme| acme.enabled_connections = vec![enabled(false)]).await;
    let at_acme = authorize("spa", &[("organization", ACME)]);
    let browser = world.browser();
    let page = browser.follow(&browser.get(&at_acme).await).await;
    assert!(!page.body.contains("/u/signup"), "newcomers are not welcome: {page:?}");
    let page = browser.follow(&open(&browser, &invited.ticket, &[]).await).await;
    assert!(page.body.contains("/u/signup"), "who is invited is: {page:?}");
    change_acme(&world, |acme| acme.enabled_connections = vec![enabled(true)]).await;
    let page = browser.follow(&browser.get(&at_acme).await).await;
    assert!(page.body.contains("/u/signup"), "everybody is: {page:?}");
    sign_up(&browser, &invited.ticket, NEW).await.code();
    world.stop().await;
}
