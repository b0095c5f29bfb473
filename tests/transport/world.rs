//! A listener with a small service behind it, and a caller that speaks bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jeton::config::limits::Limits;
use jeton::config::listeners::Listener;
use jeton::telemetry::Metrics;
use jeton::transport::{Arrival, Bound, Drain, Drained, Service, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Answers by path: `/echo`, `/peer`, `/sleep` (100 ms), `/hang`, `/panic`.
#[derive(Clone)]
struct Answers;

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) drain: Drain,
    pub(crate) metrics: Arc<Metrics>,
    serving: JoinHandle<Drained>,
}

/// A connection of a caller.
pub(crate) struct Caller(pub(crate) TcpStream);

impl Service for Answers {
    async fn call(&self, arrival: Arrival) -> http::Response<Bytes> {
        match arrival.head.uri.path() {
            "/echo" => http::Response::new(arrival.body),
            "/hang" => std::future::pending().await,
            "/panic" => panic!("asked for"),
            "/peer" => {
                let text = format!("{} {}", arrival.peer.address, arrival.peer.secure);
                http::Response::new(Bytes::from(text))
            }
            "/sleep" => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                http::Response::new(Bytes::from_static(b"slept"))
            }
            _ => {
                let mut response = http::Response::new(Bytes::from_static(b"nothing here"));
                *response.status_mut() = http::StatusCode::NOT_FOUND;
                response
            }
        }
    }
}

impl World {
    /// A plain listener with short limits, changed by `adjust`.
    pub(crate) async fn start(adjust: impl FnOnce(&mut Limits)) -> Self {
        Self::start_at(&Listener::local(0), adjust).await
    }

    pub(crate) async fn start_at(listener: &Listener, adjust: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits {
            body_bytes_max: 64 * 1024,
            header_read_timeout_ms: 200,
            body_read_timeout_ms: 200,
            request_deadline_ms: 400,
            keep_alive_idle_ms: 60_000,
            drain_secs: 1,
            ..Limits::default()
        };
        adjust(&mut limits);
        let metrics = Metrics::new();
        let bound = Bound::bind(listener).await.unwrap().counting(Arc::clone(&metrics));
        let (address, drain) = (bound.local_addr(), Drain::new());
        let serving = tokio::spawn(serve(bound, Answers, Arc::new(limits), drain.clone()));
        Self { address, drain, metrics, serving }
    }

    pub(crate) async fn connect(&self) -> Caller {
        Caller(TcpStream::connect(self.address).await.unwrap())
    }

    /// Everything that comes back for these bytes, until the server closes.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut caller = self.connect().await;
        caller.send(bytes).await;
        caller.rest().await
    }

    pub(crate) async fn stopped(self) -> Drained {
        self.drain.start();
        tokio::time::timeout(PATIENCE, self.serving).await.unwrap().unwrap()
    }

    /// The value of a series in the exposition.
    pub(crate) fn count(&self, series: &str) -> u64 {
        let text = self.metrics.render();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{series} "))).unwrap();
        line.parse().unwrap()
    }

    pub(crate) fn refused(&self, reason: &str) -> u64 {
        self.count(&format!("jeton_refusals_total{{reason=\"{reason}\"}}"))
    }
}

impl Caller {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// One answer with a `content-length`, head and body.
    pub(crate) async fn answer(&mut self) -> String {
        let mut bytes = Vec::new();
        let reading = async {
            loop {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n")
                    && body.len() >= header(head, "content-length").unwrap().parse().unwrap()
                {
                    return text;
                }
                assert!(self.0.read_buf(&mut bytes).await.unwrap() > 0, "closed within an answer: {text:?}");
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap()
    }

    /// Everything until the server closes.
    pub(crate) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.unwrap().unwrap();
        String::from_utf8(bytes).unwrap()
    }
}

/// A header of an answer.
pub(crate) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
}

/// Asserts that `answer` is an OAuth error with this status and code.
pub(crate) fn assert_refused(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer:?}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let document: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(document["error"], code, "{answer}");
    assert!(document["error_description"].is_string(), "{answer}");
    assert_eq!(header(answer, "cache-control"), Some("no-store"), "{answer}");
    assert_eq!(header(answer, "content-type"), Some("application/json"), "{answer}");
    assert_eq!(header(answer, "retry-after").is_some(), status == 503, "{answer}");
}

/// A whole request without a body.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")
}

/// A whole request with a body.
pub(crate) fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

const PATIENCE: Duration = Duration::from_secs(8);
