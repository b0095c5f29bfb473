//! One login across processes: begun at one, finished at the other, exchanged at either, over for both.

use crate::browser::Browser;
use crate::world::World;

const CALLBACK: &str = "http://localhost:3000/callback";
const CLIENT: [(&str, &str); 2] =
    [("client_id", "demo-web"), ("client_secret", "demo_hGhGGsusVeIiLSk5ghQS5R0l3ZkElRmf6aZ6juJrrWs")];

/// The address of an authorization request of the demo's confidential application.
fn authorize(more: &[(&str, &str)]) -> String {
    let usual = [
        ("client_id", "demo-web"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid offline_access"),
        ("audience", "https://orders.demo.example/"),
        ("state", "st"),
    ];
    let pairs = usual.iter().chain(more);
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("/authorize?{query}")
}

fn exchange(code: &str) -> Vec<(&'static str, &str)> {
    let own = [("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code", code)];
    [&own[..], &CLIENT].concat()
}

fn refresh(token: &str) -> Vec<(&'static str, &str)> {
    [&[("grant_type", "refresh_token"), ("refresh_token", token)][..], &CLIENT].concat()
}

/// The same browser, asking the other process from now on.
fn moves(from: &Browser, to: &Browser) {
    for name in ["jeton_browser", "jeton_session"] {
        if let Some(value) = from.cookie(name) {
            to.set_cookie(name, &value);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_moves_between_processes() {
    let world = World::start().await;
    let (a, b) = world.browsers();
    let page = a.follow(&a.get(&authorize(&[])).await).await;
    moves(&a, &b);
    let code = b.type_in(&page, "ada@demo.example", "ada-demo-password").await.code();
    let tokens = a.post("/oauth/token", &exchange(&code)).await.json();
    let first = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(b.post("/oauth/token", &refresh(first)).await.status, 200);
    b.post("/oauth/token", &exchange(&code)).await.refused(400, "invalid_grant");
    a.post("/oauth/token", &refresh(first)).await.refused(400, "invalid_grant");

    moves(&b, &a);
    let silent = a.get(&authorize(&[("prompt", "none")])).await.code();
    let tokens = b.post("/oauth/token", &exchange(&silent)).await.json();
    let second = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(a.get("/v2/logout").await.status, 303);
    b.post("/oauth/token", &refresh(second)).await.refused(400, "invalid_grant");
    b.get(&authorize(&[("prompt", "none")])).await.sent_back("login_required");
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_presented_to_both_at_once_is_taken_by_one() {
    let world = World::start().await;
    let (a, b) = world.browsers();
    let page = a.follow(&a.get(&authorize(&[])).await).await;
    a.type_in(&page, "ada@demo.example", "ada-demo-password").await.code();
    for _ in 0..10 {
        let code = a.get(&authorize(&[])).await.code();
        let form = exchange(&code);
        let (one, other) = tokio::join!(a.post("/oauth/token", &form), b.post("/oauth/token", &form));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400], "{one:?} {other:?}");
    }
    world.stop();
}
