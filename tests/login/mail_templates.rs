//! Messages in the tenant's own words: filled in, escaped, bounded, and never in the way of the message itself.

use jeton::engine::records::{Mode, Refusal};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::world::{World, authorize, link_in};

async fn template(world: &World, draft: Value) -> Result<(), Refusal> {
    let view = world.engine().tenancy().by_id(&"default".into()).unwrap();
    let registrar = jeton::engine::registrar::registrar(world.engine());
    let draft = serde_json::from_value(draft).unwrap();
    registrar.put_email_template(&view.tenant, draft, Mode::Import).await.map(drop)
}

async fn forgot(browser: &Browser) {
    let page = browser.follow(&browser.get(&authorize("spa", &[])).await).await;
    browser.post("/u/forgot", &[("state", &page.state()), ("email", "ann@example.test")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_in_the_tenants_words() {
    let world = World::start().await;
    let draft = json!({ "template": "reset_email", "enabled": true, "syntax": "liquid",
        "from": "{{ application.name }} <reset@acme.test>", "subject": "Hello {{ user.name }}",
        "body": "<p>{% if user.email_verified %}{{ friendly_name }}{% endif %}</p><a href=\"{{ url }}\">go</a>",
        "urlLifetimeInSeconds": 120 });
    template(&world, draft).await.unwrap();
    let browser = world.browser();
    forgot(&browser).await;
    let message = world.messages(1).await.remove(0);
    assert!(message.contains("Subject: Hello Ann Example"), "{message}");
    assert!(message.contains("text/plain") && message.contains("text/html"), "{message}");
    assert!(message.contains("Acme &lt;script&gt;") && !message.contains("<script>"), "{message}");
    let link = link_in(&message).unwrap();
    assert_eq!(browser.get(&link).await.status, 200);
    world.clock.advance_ms(120_000);
    browser.get(&link).await.shown(400);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_is_off_or_fails_leaves_our_own_words() {
    let world = World::start().await;
    let browser = world.browser();
    let draft = |enabled: bool, body: &str| json!({ "template": "reset_email", "enabled": enabled, "subject": "Own words", "body": body, "syntax": "liquid" });
    template(&world, draft(false, "x")).await.unwrap();
    forgot(&browser).await;
    // Reads well, and runs too long.
    let endless = "{% for a in user.name %}".repeat(6) + "y" + &"{% endfor %}".repeat(6);
    template(&world, draft(true, &endless)).await.unwrap();
    forgot(&browser).await;
    for message in world.messages(2).await {
        assert!(message.contains("Subject: Change your password"), "{message}");
        assert!(link_in(&message).is_some());
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_read_is_not_saved() {
    let world = World::start().await;
    for (wrong, path) in [
        (json!({ "template": "nonsense" }), "template"),
        (json!({ "body": "{% set x = 1 %}" }), "body"),
        (json!({ "body": "{{ user.name" }), "body"),
        (json!({ "subject": "{{ user.name | nosuch }}" }), "subject"),
        (json!({ "from": "nobody" }), "from"),
        (json!({ "syntax": "handlebars" }), "syntax"),
        (json!({ "resultUrl": "javascript:alert(1)" }), "resultUrl"),
        (json!({ "urlLifetimeInSeconds": 1 }), "urlLifetimeInSeconds"),
    ] {
        let mut draft = json!({ "template": "verify_email" });
        draft.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let refusal = template(&world, draft).await.unwrap_err();
        assert!(refusal.flaws().iter().any(|flaw| flaw.path == path), "{path}: {refusal}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_proved_an_address_is_welcomed_where_the_tenant_has_words_for_it() {
    let world = World::start().await;
    let draft = json!({ "template": "welcome_email", "enabled": true, "subject": "Welcome", "body": "Hi {{ user.email }}" });
    template(&world, draft).await.unwrap();
    let browser = world.browser();
    let form = [
        ("client_id", "spa"),
        ("connection", "Username-Password-Authentication"),
        ("email", "new@example.test"),
        ("password", "Battery-Staple-9"),
    ];
    browser.post("/dbconnections/signup", &form).await;
    let link = world.links(1).await.remove(0);
    for _ in 0..2 {
        browser.get(&link).await;
    }
    let messages = world.messages(2).await;
    assert!(
        messages[1].contains("Subject: Welcome") && messages[1].contains("Hi new@example.test"),
        "{messages:?}"
    );
    world.stop().await;
}
