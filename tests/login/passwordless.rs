//! Codes and links by mail: good once, for a while, for few tries; and no telling who exists.

use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::world::{World, claims, link_in};

const GRANT: &str = "http://auth0.com/oauth/grant-type/passwordless/otp";
const NEW: &str = "new@example.test";
const PATH: &str = "/passwordless/verify_redirect";

async fn world() -> World {
    let world = World::start().await;
    world.connection(json!({ "name": "email", "strategy": "email" })).await;
    world
        .client(json!({ "client_id": "spa", "grant_types": ["authorization_code", "refresh_token", GRANT] }))
        .await;
    world
}

async fn start(browser: &Browser, email: &str, more: &Value) -> Answer {
    let mut body = json!({ "client_id": "spa", "connection": "email", "email": email, "send": "code" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    browser.post_json("/passwordless/start", &body).await
}

async fn redeem(browser: &Browser, email: &str, code: &str) -> Answer {
    let form = [
        ("grant_type", GRANT),
        ("client_id", "spa"),
        ("realm", "email"),
        ("username", email),
        ("otp", code),
        ("scope", "openid email offline_access"),
        ("audience", "https://api.test/"),
    ];
    browser.post("/oauth/token", &form).await
}

/// Has a link sent to [`NEW`] that leads to `client`.
async fn link_to(world: &World, client: &str) -> String {
    let parameters = json!({ "client_id": client, "send": "link", "authParams": { "redirect_uri": World::CALLBACK,
        "response_type": "code", "scope": "openid", "state": "st",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256" } });
    assert_eq!(start(&world.browser(), NEW, &parameters).await.status, 200);
    link_in(&world.messages(1).await[0]).unwrap()
}

/// Presses the button of the page that a link leads to.
async fn go_on(browser: &Browser, page: &Answer) -> Answer {
    let names = ["state", "connection", "email", "verification_code"];
    let form = names.map(|name| (name, page.hidden(name).unwrap()));
    browser.post(PATH, &form.each_ref().map(|(name, value)| (*name, value.as_str()))).await
}

/// The code in a message.
fn code_in(message: &str) -> String {
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    message.split_whitespace().find(digits).unwrap_or_else(|| panic!("no code: {message}")).to_owned()
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_makes_an_account_logs_in_once_and_proves_the_address() {
    let world = world().await;
    let browser = world.browser();
    let started = start(&browser, "New@Example.test", &json!({})).await;
    assert_eq!((started.status, &started.json()["email"]), (200, &json!(NEW)), "{started:?}");
    let code = code_in(&world.messages(1).await[0]);
    let tokens = redeem(&browser, NEW, &code).await.json();
    let id = claims(&tokens["id_token"]);
    assert!(id["sub"].as_str().unwrap().starts_with("email|"), "{id}");
    assert_eq!((&id["email_verified"], &id["amr"]), (&json!(true), &json!(["otp"])));
    assert_eq!(claims(&tokens["access_token"])["gty"], "passwordless");
    redeem(&browser, NEW, &code).await.refused(400, "invalid_grant");
    start(&browser, NEW, &json!({})).await;
    let code = code_in(&world.messages(2).await[1]);
    let again = redeem(&browser, NEW, &code).await.json();
    assert_eq!(claims(&again["id_token"])["sub"], id["sub"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_codes_kill_the_right_one() {
    let world = world().await;
    let browser = world.browser();
    start(&browser, NEW, &json!({})).await;
    let code = code_in(&world.messages(1).await[0]);
    for _ in 0..3 {
        redeem(&browser, NEW, &wrong(&code)).await.refused(400, "invalid_grant");
    }
    let dead = redeem(&browser, NEW, &code).await;
    dead.refused(400, "invalid_grant");
    assert!(dead.body.contains("maximum number of attempts"), "{dead:?}");
    // So it is told for an address that nobody has and that may have no account.
    world.change(json!({ "settings": { "disable_signup": true } })).await;
    start(&browser, "stranger@example.test", &json!({})).await;
    for _ in 0..3 {
        let answer = redeem(&browser, "stranger@example.test", "000000").await;
        assert!(answer.body.contains("Wrong email or verification code."), "{answer:?}");
    }
    assert_eq!(redeem(&browser, "stranger@example.test", "000000").await.body, dead.body);
    world.messages(1).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_who_bring_the_right_code_at_once_comes_in() {
    let world = world().await;
    let browser = world.browser();
    start(&browser, NEW, &json!({})).await;
    let code = code_in(&world.messages(1).await[0]);
    let answers = futures_util::future::join_all((0..8).map(|_| redeem(&browser, NEW, &code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_with_time_with_a_newer_one_and_elsewhere() {
    let world = world().await;
    let browser = world.browser();
    start(&browser, NEW, &json!({})).await;
    let first = code_in(&world.messages(1).await[0]);
    start(&browser, NEW, &json!({})).await;
    let second = code_in(&world.messages(2).await[1]);
    if first != second {
        redeem(&browser, NEW, &first).await.refused(400, "invalid_grant");
    }
    redeem(&browser, "ann@example.test", &second).await.refused(400, "invalid_grant");
    world.clock.advance_ms(180_000);
    redeem(&browser, NEW, &second).await.refused(400, "invalid_grant");
    redeem(&browser, NEW, "").await.refused(400, "invalid_request");
    redeem(&browser, NEW, &"1".repeat(65)).await.refused(400, "invalid_request");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_get_the_same_answer_and_no_message_where_signup_is_closed() {
    let world = world().await;
    let browser = world.browser();
    world.connection(json!({ "name": "email", "options": { "disable_signup": true } })).await;
    let answer = start(&browser, NEW, &json!({})).await;
    assert_eq!((answer.status, &answer.json()["email_verified"]), (200, &json!(false)));
    assert!(world.messages(0).await.is_empty());
    redeem(&browser, NEW, "123456").await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_account_is_looked_up_after_the_answer() {
    let world = world().await;
    let browser = world.browser();
    let held = world.store.names.write().await;
    let patience = std::time::Duration::from_secs(10);
    let answer = tokio::time::timeout(patience, start(&browser, NEW, &json!({}))).await;
    assert_eq!(answer.expect("the answer waits for nobody's name").status, 200);
    world.messages(0).await;
    drop(held);
    let code = code_in(&world.messages(1).await[0]);
    assert_eq!(redeem(&browser, NEW, &code).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_malformed_is_refused() {
    let world = world().await;
    let browser = world.browser();
    for (more, code) in [
        (json!({ "connection": "nosuch" }), "invalid_request"),
        (json!({ "connection": "Username-Password-Authentication" }), "invalid_request"),
        (json!({ "email": "nowhere" }), "invalid_request"),
        (json!({ "email": "a@b\r\nBcc: c@d" }), "invalid_request"),
        (json!({ "send": "pigeon" }), "invalid_request"),
        (json!({ "authParams": "x" }), "invalid_request"),
        (json!({ "authParams": { "state": "x".repeat(5000) } }), "invalid_request"),
    ] {
        start(&browser, NEW, &more).await.refused(400, code);
    }
    start(&browser, NEW, &json!({ "client_id": "nobody" })).await.refused(401, "invalid_client");
    start(&browser, NEW, &json!({ "client_id": "web" })).await.refused(401, "invalid_client");
    start(&browser, NEW, &json!({ "client_id": "web", "client_secret": "x" }))
        .await
        .refused(401, "invalid_client");
    assert!(world.messages(0).await.is_empty());
    let secret = json!({ "client_id": "web", "client_secret": World::WEB_SECRET });
    assert_eq!(start(&browser, NEW, &secret).await.status, 200);
    let not_allowed =
        [("grant_type", GRANT), ("client_id", "spa2"), ("realm", "email"), ("username", NEW), ("otp", "1")];
    browser.post("/oauth/token", &not_allowed).await.refused(400, "unauthorized_client");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_is_read_as_at_every_other_endpoint() {
    let world = world().await;
    let browser = world.browser();
    let start = async |kind: &str, body: &str| browser.post_text("/passwordless/start", kind, body).await;
    let once = r#"{"client_id":"spa","connection":"email","email":"new@example.test","send":"code"}"#;
    for kind in ["Application/JSON", "application/json;charset=UTF-8", "APPLICATION/json ; charset=utf-8"] {
        assert_eq!(start(kind, once).await.status, 200, "{kind}");
    }
    world.messages(3).await;
    for (more, name) in [
        (r#","email":"ann@example.test""#, "email"),
        (r#","\u0073end":"link""#, "send"),
        (r#","authParams":{"state":"a","state":"b"}"#, "state"),
        (r#","authParams":{},"authParams":{}"#, "authParams"),
    ] {
        let refused =
            start("application/json", &once.replace("\"code\"}", &format!("\"code\"{more}}}"))).await;
        refused.refused(400, "invalid_request");
        assert!(refused.body.contains(&format!("Parameter given more than once: {name}")), "{refused:?}");
    }
    for kind in ["application/jsonp", "text/plain"] {
        assert_eq!(start(kind, once).await.status, 415, "{kind}");
    }
    world.messages(3).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_logs_in_after_a_question_and_goes_on_to_the_application() {
    let world = world().await;
    let browser = world.browser();
    let parameters = json!({ "send": "link", "authParams": { "redirect_uri": World::CALLBACK, "response_type": "code",
        "scope": "openid", "state": "st", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256", "evil": "<script>" } });
    assert_eq!(start(&browser, NEW, &parameters).await.status, 200);
    let link = link_in(&world.messages(1).await[0]).unwrap();
    assert!(link.starts_with("/passwordless/verify_redirect?") && !link.contains("evil"), "{link}");
    // Looked at twice by programs: no harm.
    browser.get(&link).await;
    let page = browser.get(&link).await;
    assert_eq!(page.status, 200, "{page:?}");
    let back = go_on(&browser, &page).await;
    assert_eq!(back.parameter("state").as_deref(), Some("st"));
    let tokens = world.exchange(&browser, &back.code()).await.json();
    assert_eq!(claims(&tokens["id_token"])["amr"], json!(["otp"]));
    go_on(&browser, &page).await.shown(400);
    let elsewhere = link.replace("app.test", "evil.test");
    browser.get(&elsewhere).await.shown(400);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_logs_nobody_in_with_a_link_of_its_own() {
    let world = world().await;
    let link = link_to(&world, "spa").await;
    let victim = world.browser();
    world.ann(&victim, "spa", &[]).await;
    let session = victim.cookie("jeton_session");
    // What the link says, posted by a form of another site.
    let url = url::Url::parse(&format!("http://localhost{link}")).unwrap();
    let form: Vec<_> = url.query_pairs().into_owned().collect();
    victim.post_pairs(PATH, &form).await.shown(400);
    // What the page says, of the attacker's own browser.
    let attacker = world.browser();
    let page = attacker.get(&link).await;
    go_on(&victim, &page).await.shown(400);
    go_on(&world.browser(), &page).await.shown(400);
    assert_eq!(victim.cookie("jeton_session"), session);
    assert!(go_on(&attacker, &page).await.parameter("code").is_some(), "the code was not spent");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_a_browser_that_was_never_here_goes_on_to_what_is_asked_next() {
    let world = world().await;
    world.client(json!({ "client_id": "third", "grant_types": ["authorization_code", GRANT] })).await;
    let link = link_to(&world, "third").await;
    let browser = world.browser();
    let page = browser.get(&link).await;
    let asked = go_on(&browser, &page).await;
    assert!(asked.location().starts_with("/u/consent?"), "{asked:?}");
    let consent = browser.follow(&asked).await;
    assert_eq!(consent.status, 200, "{consent:?}");
    let form = [("state", consent.state()), ("answer", "yes".to_owned())];
    let back = browser.post_pairs("/u/consent", &form.map(|(name, value)| (name.to_owned(), value))).await;
    assert!(back.parameter("code").is_some(), "{back:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_in_the_tenants_words_and_the_readers_language() {
    let world = world().await;
    let browser = world.browser();
    let email = json!({ "from": "Acme <hello@acme.test>", "subject": "{{ code }} for {{ user.email }}",
        "body": "<h1>{{ code }}</h1>{{ friendly_name }}", "syntax": "liquid" });
    world.connection(json!({ "name": "email", "options": { "email": email } })).await;
    start(&browser, NEW, &json!({})).await;
    let message = world.messages(1).await.remove(0);
    assert!(message.contains("From: Acme <hello@acme.test>"), "{message}");
    assert!(message.contains("Subject: ") && message.contains("for new@example.test"), "{message}");
    assert!(
        message.contains("&lt;script&gt;") && !message.contains("<script>"),
        "the tenant's name is escaped"
    );
    world.stop().await;
}
