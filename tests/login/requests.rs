//! The check matrix of the authorization endpoint, line by line: what is refused, how, and to whom it is told.

use crate::world::{World, authorize};

/// Parameters over the usual ones, and the error that the application is told.
const SENT_BACK: [(&[(&str, &str)], &str); 21] = [
    (&[("response_type", "")], "invalid_request"),
    (&[("response_type", "none")], "unsupported_response_type"),
    (&[("response_type", "code code")], "unsupported_response_type"),
    (&[("response_mode", "teleport")], "invalid_request"),
    (&[("code_challenge", "")], "invalid_request"),
    (&[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
    (&[("code_challenge_method", "plain")], "invalid_request"),
    (&[("code_challenge_method", "")], "invalid_request"),
    (&[("code_challenge", "tooshort")], "invalid_request"),
    (&[("scope", "openid \"quoted\"")], "invalid_scope"),
    (&[("prompt", "none login")], "invalid_request"),
    (&[("prompt", "dance")], "invalid_request"),
    (&[("max_age", "-1")], "invalid_request"),
    (&[("audience", "https://nosuch.test/")], "access_denied"),
    (&[("organization", "nosuch")], "invalid_request"),
    (&[("request", "ey.ey.x")], "invalid_request_object"),
    (&[("request_uri", "https://app.test/object")], "request_uri_not_supported"),
    (&[("request_uri", "urn:ietf:params:oauth:request_uri:pr_x")], "invalid_request_uri"),
    (&[("request_uri", "https://app.test/object"), ("request", "ey.ey.x")], "invalid_request"),
    (&[("claims", "[]")], "invalid_request"),
    (&[("id_token_hint", "ey.ey.x")], "invalid_request"),
];

#[tokio::test(flavor = "multi_thread")]
async fn once_the_redirect_uri_is_trusted_the_application_is_told() {
    let world = World::start().await;
    let browser = world.browser();
    for (parameters, code) in SENT_BACK {
        let answer = browser.get(&authorize("spa", parameters)).await;
        assert!(answer.location().starts_with("https://app.test/cb?"), "{parameters:?}");
        answer.sent_back(code);
        assert_eq!(answer.parameter("state").as_deref(), Some("st"), "{parameters:?}");
    }
    browser.get(&authorize("machine", &[])).await.sent_back("unauthorized_client");
    browser.get(&authorize("no-orgs", &[("organization", "acme")])).await.sent_back("invalid_request");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_carried_is_refused() {
    let world = World::start().await;
    let long = "x".repeat(5000);
    let answer = world.browser().get(&authorize("spa", &[("nonce", &long)])).await;
    answer.shown(400);
    let doubled = format!("{}&state=other", authorize("spa", &[]));
    world.browser().get(&doubled).await.shown(400);
    world.browser().get("/authorize?client_id=%zz").await.shown(400);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_response_mode_carries_the_answer_its_own_way() {
    let world = World::start().await;
    let browser = world.browser();
    let fragment = world.ann(&browser, "spa", &[("response_mode", "fragment")]).await;
    assert!(fragment.location().starts_with("https://app.test/cb#code=ac_"), "{fragment:?}");
    let form = browser.get(&authorize("spa", &[("response_mode", "form_post"), ("state", "\"><b>")])).await;
    assert_eq!(form.status, 200);
    assert!(form.body.contains("action=\"https://app.test/cb\""), "{form:?}");
    assert!(form.body.contains("name=\"state\" value=\"&quot;&gt;&lt;b&gt;\""), "{form:?}");
    let code = form.hidden("code").unwrap();
    assert_eq!(world.exchange(&browser, &code).await.status, 200);
    let own_query =
        browser.get(&authorize("spa2", &[("redirect_uri", "https://second.test/cb?own=1")])).await;
    assert!(own_query.location().starts_with("https://second.test/cb?own=1&code=ac_"), "{own_query:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_posted_request_goes_the_way_of_a_linked_one() {
    let world = World::start().await;
    let browser = world.browser();
    let path = authorize("spa", &[]);
    let pairs: Vec<_> = url::form_urlencoded::parse(path.split_once('?').unwrap().1.as_bytes()).collect();
    let form: Vec<_> = pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
    let posted = browser.post("/authorize", &form).await;
    let page = browser.follow(&browser.follow(&posted).await).await;
    assert!(browser.type_in(&page, "ann", "Correct-Horse-1").await.parameter("code").is_some());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_says_what_there_is() {
    let world = World::start().await;
    let document = world.browser().get("/.well-known/openid-configuration").await.json();
    assert_eq!(document["authorization_endpoint"], "http://localhost:8080/authorize");
    let kinds = document["response_types_supported"].as_array().unwrap();
    for kind in ["code", "id_token", "token", "code id_token", "code token", "code id_token token"] {
        assert!(kinds.contains(&kind.into()), "{kind}: {kinds:?}");
    }
    let modes = serde_json::json!(["form_post", "fragment", "query", "web_message"]);
    assert_eq!(document["response_modes_supported"], modes);
    assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert_eq!(document["claims_parameter_supported"], true);
    assert_eq!(document["request_parameter_supported"], true);
    assert_eq!(document["request_uri_parameter_supported"], false);
    assert_eq!(
        document["acr_values_supported"],
        serde_json::json!(["urn:jeton:acr:otp", "urn:jeton:acr:pwd"])
    );
    assert!(document["grant_types_supported"].as_array().unwrap().contains(&"implicit".into()));
    for (name, address) in
        document.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint"))
    {
        let path = address.as_str().unwrap().strip_prefix("http://localhost:8080").unwrap();
        assert_ne!(world.browser().get(path).await.status, 404, "{name}: {path}");
    }
    let grants = document["grant_types_supported"].as_array().unwrap();
    assert!(grants.contains(&"authorization_code".into()));
    world.stop().await;
}
