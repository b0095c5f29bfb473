//! A session that ends at two processes at once is told of once, by the one that the store names.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::caller::Caller;
use crate::world::{PATIENT, World};

const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_at_both_processes_is_told_of_once() {
    let ours = [
        ("BOOTSTRAP__CLIENT_ID", "administrator"),
        ("BOOTSTRAP__CLIENT_SECRET", SECRET),
        ("OUTGOING__LOOPBACK_HTTP", "true"),
        ("TENANTS__DEFAULT_TENANT", "demo"),
    ];
    let world = World::with(&[&PATIENT[..], &ours].concat()).await;
    let (url, mut told) = receiver().await;
    let client = json!({
        "client_id": "told", "client_secret": SECRET, "name": "Told", "app_type": "regular_web",
        "token_endpoint_auth_method": "client_secret_post", "grant_types": ["password", "refresh_token"],
        "oidc_logout": { "backchannel_logout_urls": [url] },
    });
    world.import(&json!({ "tenants": [{ "id": "demo", "clients": [client] }] }));
    let (a, b) = (world.a(), world.b());
    let admin = token(
        &b,
        &[
            ("grant_type", "client_credentials"),
            ("client_id", "administrator"),
            ("client_secret", SECRET),
            ("audience", "urn:jeton:management"),
        ],
    )
    .await;
    let login = [
        ("grant_type", "password"),
        ("client_id", "told"),
        ("client_secret", SECRET),
        ("username", "ada@demo.example"),
        ("password", "ada-demo-password"),
        ("scope", "openid"),
    ];
    for round in 0..10 {
        token(&a, &login).await;
        let sessions = b.manage(&admin, ("GET", "users/auth0%7Cdemo-ada/sessions"), &json!({})).await;
        let sid = sessions.body[0]["id"].as_str().unwrap_or_else(|| panic!("{sessions:?}")).to_owned();
        let path = format!("sessions/{sid}");
        let nothing = json!({});
        let (one, two) = tokio::join!(
            a.manage(&admin, ("DELETE", &path), &nothing),
            b.manage(&admin, ("DELETE", &path), &nothing),
        );
        assert!([one.status, two.status].contains(&202), "{one:?} {two:?}");
        let notice = tokio::time::timeout(std::time::Duration::from_secs(20), told.recv()).await;
        assert!(notice.unwrap().unwrap().contains("logout_token="), "round {round}");
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(told.try_recv().is_err(), "each end is told of once");
    world.stop();
}

async fn token(caller: &Caller, form: &[(&str, &str)]) -> String {
    caller.try_post("/oauth/token", form).await.unwrap().text("access_token")
}

/// Where to tell, and what was told.
async fn receiver() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/out", listener.local_addr().unwrap());
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let tell = tell.clone();
            tokio::spawn(async move {
                let (mut read, mut part) = (String::new(), [0; 8192]);
                while !read.contains("logout_token=") {
                    let count = stream.read(&mut part).await.unwrap();
                    assert!(count > 0, "{read}");
                    read.push_str(&String::from_utf8_lossy(&part[..count]));
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                let _ = tell.send(read);
            });
        }
    });
    (url, told)
}
