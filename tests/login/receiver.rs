//! An application that wants to be told of logouts: a real HTTP server on this machine that refuses as often as it is
//! told to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The receiver; ends with the test.
pub(crate) struct Receiver {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What the next requests are answered; 0 hangs up.
    statuses: Vec<u16>,
    received: Vec<(u16, String)>,
}

impl Receiver {
    /// One that answers the first requests with `statuses`, and all others with 200.
    pub(crate) async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            statuses: statuses.iter().rev().copied().collect(),
            received: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/out", self.port)
    }

    /// The logout tokens of all requests, with what each was answered, once there are `count`; and a moment later there
    /// are no more.
    pub(crate) async fn received(&self, count: usize) -> Vec<(u16, String)> {
        for _ in 0..500 {
            if self.state.lock().unwrap().received.len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
        let received = self.state.lock().unwrap().received.clone();
        assert_eq!(received.len(), count, "{received:?}");
        received
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some(form) = read(&mut stream).await else { return };
    let status = {
        let mut state = state.lock().unwrap();
        let status = state.statuses.pop().unwrap_or(200);
        state.received.push((status, form));
        status
    };
    if status != 0 {
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
        let _gone = stream.write_all(answer.as_bytes()).await;
    }
}

/// The logout token of one request.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(count @ 1..) => read.extend_from_slice(&part[..count]),
            _ => return None,
        }
        let text = String::from_utf8(read.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() >= length.parse().unwrap() {
            assert!(head.starts_with("POST /out HTTP/1.1"), "{head}");
            assert!(head.contains("content-type: application/x-www-form-urlencoded"), "{head}");
            return Some(body.strip_prefix("logout_token=").unwrap().to_owned());
        }
    }
}
