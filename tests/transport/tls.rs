//! TLS: both protocols, a certificate that changes, and callers that do not speak it.

use std::path::Path;
use std::time::Duration;

use jeton::config::listeners::Listener;
use jeton::transport::Bound;
use tempfile::TempDir;

use crate::world::World;

/// A certificate for `localhost`, written where the listener looks; the answer is its PEM.
fn write_certificate(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.pem()
}

fn listener(folder: &TempDir) -> Listener {
    let mut listener = Listener::local(0);
    listener.tls_certificate = folder.path().join("cert.pem");
    listener.tls_key = folder.path().join("key.pem");
    listener
}

fn client(certificate: &str) -> reqwest::ClientBuilder {
    let root = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    reqwest::Client::builder().tls_certs_only([root]).no_proxy().timeout(Duration::from_secs(5))
}

#[tokio::test]
async fn both_protocols_are_spoken_over_tls() {
    let folder = TempDir::new().unwrap();
    let certificate = write_certificate(folder.path());
    let world = World::start_at(&listener(&folder), |_| ()).await;
    let url = format!("https://localhost:{}", world.address.port());
    for (client, version) in [
        (client(&certificate), http::Version::HTTP_2),
        (client(&certificate).http1_only(), http::Version::HTTP_11),
    ] {
        let client = client.build().unwrap();
        let echoed = client.post(format!("{url}/echo")).body("hello").send().await.unwrap();
        assert_eq!(echoed.version(), version);
        assert!(echoed.headers().contains_key("x-request-id"));
        assert_eq!(echoed.text().await.unwrap(), "hello");
        let peer = client.get(format!("{url}/peer")).send().await.unwrap();
        assert_eq!(peer.text().await.unwrap(), "127.0.0.1 true");
    }
}

#[tokio::test]
async fn a_connection_that_rests_keeps_its_tls_session() {
    let folder = TempDir::new().unwrap();
    let certificate = write_certificate(folder.path());
    let world = World::start_at(&listener(&folder), |_| ()).await;
    let url = format!("https://localhost:{}", world.address.port());
    let client = client(&certificate).http1_only().build().unwrap();
    for text in ["before", "after", "and once more"] {
        let echoed = client.post(format!("{url}/echo")).body(text).send().await.unwrap();
        assert_eq!(echoed.text().await.unwrap(), text);
        tokio::time::sleep(Duration::from_millis(350)).await;
    }
    assert_eq!(world.count("jeton_connections"), 1, "it is one connection all the time");
    assert_eq!(world.stopped().await.cut, 0);
}

#[tokio::test]
async fn http2_multiplexes_refuses_and_outlives_a_panic() {
    let folder = TempDir::new().unwrap();
    let certificate = write_certificate(folder.path());
    let world = World::start_at(&listener(&folder), |limits| limits.drain_secs = 5).await;
    let url = format!("https://localhost:{}", world.address.port());
    let client = client(&certificate).build().unwrap();
    let long = client.post(format!("{url}/echo")).body(vec![b'x'; 100_000]).send().await.unwrap();
    assert_eq!((long.status().as_u16(), long.version()), (413, http::Version::HTTP_2));
    let many =
        (0..64).fold(client.get(format!("{url}/echo")), |asked, nth| asked.header(format!("x-{nth}"), "y"));
    assert_eq!(many.send().await.unwrap().status(), 431);
    let (panicked, hung, slept) = tokio::join!(
        client.get(format!("{url}/panic")).send(),
        client.get(format!("{url}/hang")).send(),
        client.get(format!("{url}/sleep")).send(),
    );
    assert_eq!(panicked.unwrap().status(), 500);
    assert_eq!(hung.unwrap().status(), 503);
    assert_eq!(slept.unwrap().text().await.unwrap(), "slept");
    let last = tokio::spawn(client.get(format!("{url}/sleep")).send());
    tokio::time::sleep(Duration::from_millis(40)).await;
    let drained = world.stopped().await;
    assert_eq!(last.await.unwrap().unwrap().text().await.unwrap(), "slept");
    assert_eq!(drained.cut, 0);
}

#[tokio::test]
async fn a_caller_without_tls_is_dropped_and_counted() {
    let folder = TempDir::new().unwrap();
    write_certificate(folder.path());
    let world = World::start_at(&listener(&folder), |_| ()).await;
    let mut caller = world.connect().await;
    caller.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut scratch = Vec::new();
    drop(tokio::io::AsyncReadExt::read_to_end(&mut caller.0, &mut scratch).await);
    assert!(!scratch.starts_with(b"HTTP"));
    let silent = world.connect().await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(world.refused("tls_handshake"), 2);
    drop(silent);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_names_its_file() {
    let folder = TempDir::new().unwrap();
    let refusal = async || Bound::bind(&listener(&folder)).await.err().unwrap().to_string();
    assert!(refusal().await.contains("cert.pem"));
    write_certificate(folder.path());
    std::fs::write(folder.path().join("cert.pem"), "no certificate").unwrap();
    assert!(refusal().await.contains("cert.pem: holds no certificate"));
    let other = TempDir::new().unwrap();
    write_certificate(folder.path());
    write_certificate(other.path());
    std::fs::copy(other.path().join("key.pem"), folder.path().join("key.pem")).unwrap();
    assert!(refusal().await.contains("key.pem"), "a key of another certificate was accepted");
}
