//! What a tenant and an organization may make of their pages: name, logo, colours; and nothing besides.

use serde_json::{Value, json};

use crate::browser::Answer;
use crate::world::{World, authorize};

/// A tenant with a look of its own, and two organizations, one of which has its own too.
fn branded() -> Value {
    json!({ "tenants": [{ "id": "default", "friendly_name": "Plain & <b>Simple</b>",
        "branding": {
            "colors": { "primary": "#ffe000", "page_background": "#101820" },
            "favicon_url": "https://icons.test/i.png?a=1&b=\"<svg/onload=x>",
            "logo_url": "https://cdn.test/l.png?\"onerror=\"alert(1)",
        },
        "organizations": [
            { "id": "org_acme0000000001", "branding": {
                "logo_url": "https://acme.test/l.svg", "colors": { "primary": "#102030" } } },
            { "id": "org_beta0000000001" },
        ],
        "clients": [{ "client_id": "third", "logo_uri": "https://third.test/\"><script>alert(1)</script>" }],
    }] })
}

async fn page(world: &World, client: &str, more: &[(&str, &str)]) -> Answer {
    let browser = world.browser();
    browser.follow(&browser.get(&authorize(client, more)).await).await
}

fn policy(page: &Answer) -> &str {
    page.headers["content-security-policy"].to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenants_look_is_on_its_pages_and_only_there() {
    let world = World::start().await;
    let plain = page(&world, "spa", &[]).await;
    assert!(policy(&plain).contains("img-src data: ;") && !plain.body.contains("<img"), "{plain:?}");
    world.import(&branded()).await;
    let login = page(&world, "spa", &[]).await;
    assert!(login.body.contains("--accent:#ffe000;--on:#000000;"), "{login:?}");
    assert!(login.body.contains("--ground:#101820;"), "{login:?}");
    assert!(policy(&login).contains("img-src data: https://cdn.test https://icons.test;"), "{login:?}");
    assert_eq!(policy(&login).matches("'sha256-").count(), 2, "a hash for each style sheet: {login:?}");
    assert!(!policy(&login).contains("unsafe"), "{login:?}");
    let error = world.browser().get("/u/nothing").await;
    assert!(error.body.contains("--accent:#ffe000;") && error.body.contains("https://cdn.test/l.png"));
    let browser = world.browser_at("other.localhost");
    let elsewhere = browser.follow(&browser.get(&authorize("spa", &[])).await).await;
    assert!(!elsewhere.body.contains("ffe000") && !policy(&elsewhere).contains("cdn.test"), "{elsewhere:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organizations_name_and_look_go_before_the_tenants() {
    let world = World::start().await;
    world.import(&branded()).await;
    let acme = page(&world, "spa", &[("organization", "acme")]).await;
    assert!(acme.body.contains("<p class=\"tenant\">Acme &lt;i&gt;Inc&lt;/i&gt;</p>"), "{acme:?}");
    assert!(acme.body.contains("--accent:#102030;--on:#ffffff;"), "{acme:?}");
    assert!(acme.body.contains("--ground:#101820;"), "what it leaves open is the tenant's: {acme:?}");
    assert!(policy(&acme).contains("img-src data: https://acme.test https://icons.test;"), "{acme:?}");
    let beta = page(&world, "spa", &[("organization", "beta")]).await;
    assert!(
        beta.body.contains("<p class=\"tenant\">Beta</p>") && beta.body.contains("https://cdn.test/l.png")
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_cannot_break_out_of_their_attribute() {
    let world = World::start().await;
    world.import(&branded()).await;
    let browser = world.browser();
    let login = browser.follow(&browser.get(&authorize("third", &[])).await).await;
    let asked = browser.type_in(&login, "ann@example.test", "Correct-Horse-1").await;
    let consent = browser.follow(&asked).await;
    assert!(policy(&consent).contains("https://third.test"), "{consent:?}");
    assert!(!policy(&login).contains("https://third.test"), "only where it is shown: {login:?}");
    for page in [login, consent] {
        assert!(page.body.contains("Plain &amp; &lt;b&gt;Simple&lt;/b&gt;"), "{page:?}");
        for attack in ["<svg", "<script", "\"onerror", "<b>"] {
            assert!(!page.body.contains(attack), "{attack}: {page:?}");
        }
    }
    world.stop().await;
}
