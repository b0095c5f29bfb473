//! What is asked, what is not, and what becomes of the answer.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

fn outgoing(loopback_http: bool, own: &[&str]) -> Outgoing {
    let private_networks = own.iter().map(|network| network.parse().unwrap()).collect();
    Outgoing::new(Settings { private_networks, loopback_http })
}

/// A server that reads one request and answers with `answer`; gives its address and what was read.
async fn server(answer: &'static str) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reading = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"a=b") {
            let mut part = [0; 1024];
            let count = stream.read(&mut part).await.unwrap();
            assert!(count > 0, "{}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&part[..count]);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(read).unwrap()
    });
    (address, reading)
}

async fn post(outgoing: &Outgoing, url: &str) -> Result<(), Undelivered> {
    outgoing.post_form(url, "a=b".to_owned()).await
}

#[tokio::test]
async fn a_form_is_posted_and_the_status_judged() {
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n", Ok(())),
        ("HTTP/1.1 204 No Content\r\n\r\n", Ok(())),
        ("HTTP/1.1 503 No\r\n\r\n", Err(Undelivered::Passing("answered 503".into()))),
        ("HTTP/1.1 429 No\r\n\r\n", Err(Undelivered::Passing("answered 429".into()))),
        ("HTTP/1.1 400 No\r\n\r\n", Err(Undelivered::Lasting("answered 400".into()))),
        ("HTTP/1.1 302 Found\r\nlocation: /x\r\n\r\n", Err(Undelivered::Lasting("answered 302".into()))),
    ] {
        let (address, reading) = server(answer).await;
        let told = post(&outgoing(true, &[]), &format!("http://{address}/out?x=%20#f")).await;
        assert_eq!(told, expected);
        let read = reading.await.unwrap();
        assert!(read.starts_with("POST /out?x=%20 HTTP/1.1\r\n"), "{read}");
        assert!(read.contains(&format!("host: {address}\r\n")), "{read}");
        assert!(read.contains("content-type: application/x-www-form-urlencoded\r\n"), "{read}");
    }
}

#[tokio::test]
async fn addresses_of_our_own_network_are_not_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for (url, loopback_http) in [
        (format!("http://127.0.0.1:{port}/"), false),
        (format!("https://127.0.0.1:{port}/"), false),
        (format!("https://localhost:{port}/"), true),
        (format!("https://[::ffff:127.0.0.1]:{port}/"), true),
        ("http://169.254.169.254/latest/meta-data".to_owned(), true),
        ("http://10.0.0.1/".to_owned(), true),
        (format!("https://u:p@127.0.0.1:{port}/"), true),
        ("ftp://127.0.0.1/".to_owned(), true),
        ("nonsense".to_owned(), true),
    ] {
        let told = post(&outgoing(loopback_http, &[]), &url).await;
        assert!(matches!(told, Err(Undelivered::Lasting(_))), "{url}: {told:?}");
    }
    let knocked = tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await;
    assert!(knocked.is_err(), "nobody may have connected");
}

#[tokio::test]
async fn a_certificate_that_the_machine_does_not_trust_is_refused() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        acceptor.accept(stream).await.is_err()
    });
    let told = post(&outgoing(false, &["127.0.0.0/8"]), &format!("https://localhost:{port}/")).await;
    assert!(matches!(&told, Err(Undelivered::Passing(why)) if why.contains("TLS")), "{told:?}");
    assert!(serving.await.unwrap(), "no request was read");
}
