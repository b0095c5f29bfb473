//! A server with its listener, one connection to it, and what allocates in between, counted.

use std::net::SocketAddr;
use std::sync::Arc;

use allocation_counter::measure;
use jeton::config::limits::Limits;
use jeton::config::listeners::Listener;
use jeton::routes::Public;
use jeton::transport::{Bound, Drain, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

use crate::browser::{self, Browser};
use crate::world::World;

/// Requests of which the median is taken; odd.
const REQUESTS: usize = 101;

/// Requests before those: caches, buffers and tables get their size.
const WARMING: usize = 64;

/// Allocations and their bytes.
pub(crate) type Counted = (u64, u64);

/// The server and its only caller.
pub(crate) struct Stage {
    world: World,
    wire: Wire,
}

/// A keep-alive connection that reads into a buffer made once.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Box<[u8]>,
}

impl Stage {
    pub(crate) fn start() -> Self {
        let world = World::start(Builder::new_current_thread().enable_all().build().unwrap());
        let wire = world.runtime.block_on(async {
            let bound = Bound::bind(&Listener::local(0)).await.unwrap();
            let (address, metrics) = (bound.local_addr(), world.engine.shared_metrics());
            let service = Public::new(Arc::clone(&world.engine));
            tokio::spawn(serve(bound.counting(metrics), service, Arc::new(Limits::default()), Drain::new()));
            Wire::to(address).await
        });
        Self { world, wire }
    }

    pub(crate) fn client_credentials(&mut self, organization: Option<&str>) -> Counted {
        let organization = organization.map(|name| format!("&organization={name}")).unwrap_or_default();
        let request = post(&format!("{}{organization}", World::client_credentials()));
        self.median(|stage| stage.count(&request).0)
    }

    /// Each presents what the answer before it gave.
    pub(crate) fn refreshes(&mut self, organization: Option<&str>) -> Counted {
        let login = self.world.runtime.block_on(self.world.ask(&World::login()));
        let mut token = World::refresh_token(&login);
        self.median(|stage| {
            let (counted, body) = stage.count(&post(&World::refresh(&token, organization)));
            token = World::refresh_token(&body);
            counted
        })
    }

    /// Each of a code of its own, with its PKCE verifier.
    pub(crate) fn exchanges(&mut self) -> Counted {
        let mut browser = Browser::default();
        self.world.runtime.block_on(browser.log_in(&mut self.wire));
        self.median(|stage| {
            let code = stage.world.runtime.block_on(browser.code(&mut stage.wire));
            stage.count(&post(&browser::exchange(&code))).0
        })
    }

    fn median(&mut self, mut ask: impl FnMut(&mut Self) -> Counted) -> Counted {
        for _ in 0..WARMING {
            ask(self);
        }
        let (mut allocations, mut bytes): (Vec<_>, Vec<_>) = (0..REQUESTS).map(|_| ask(self)).unzip();
        allocations.sort_unstable();
        bytes.sort_unstable();
        (allocations[REQUESTS / 2], bytes[REQUESTS / 2])
    }

    /// What one request takes, and the body of its answer.
    fn count(&mut self, request: &str) -> (Counted, Vec<u8>) {
        let Self { world, wire } = self;
        let mut end = (0, 0);
        let counted = measure(|| end = world.runtime.block_on(wire.ask(request)));
        let (head, body) = wire.buffer[..end.1].split_at(end.0);
        assert!(head.starts_with(b"HTTP/1.1 200"), "{:?}", String::from_utf8_lossy(&wire.buffer[..end.1]));
        ((counted.count_total, counted.bytes_total), body.to_vec())
    }
}

impl Wire {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: vec![0; 1 << 18].into() }
    }

    /// The head of the answer to `request`; its body is read and left.
    pub(crate) async fn head(&mut self, request: &str) -> String {
        let (head, _) = self.ask(request).await;
        String::from_utf8(self.buffer[..head].to_vec()).unwrap()
    }

    /// Where head and body of the answer end in the buffer. Allocates nothing.
    async fn ask(&mut self, request: &str) -> (usize, usize) {
        self.stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = 0;
        loop {
            let more = self.stream.read(&mut self.buffer[read..]).await.unwrap();
            assert!(more > 0, "the connection was closed");
            read += more;
            let Some(head) = end_of_head(&self.buffer[..read]) else { continue };
            if read >= head + content_length(&self.buffer[..head]) {
                return (head, read);
            }
        }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn content_length(head: &[u8]) -> usize {
    let head = str::from_utf8(head).unwrap();
    let value = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    value.map_or(0, |digits| digits.parse().unwrap())
}

fn post(form: &str) -> String {
    browser::request("POST /oauth/token", "", form)
}
