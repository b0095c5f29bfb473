//! The ceiling: bare hyper that answers the bytes of a token response with freshly signed JWTs, and nothing else.
//!
//! It imitates an answer that Jeton gave: as many JWTs, each with the same claims, and everything around them.
//! What Jeton reaches of this server's rate is what its protocol, its actors and its store cost. Same allocator, same
//! runtime, same HTTP library, same signatures: no routing, no form, no client, no cache, no store. With `--cluster`, one
//! bare command of the same Redis library goes before each answer, over as many connections as Jeton's hot path has; with
//! `--journal`, one bare durable write of the embedded database, whose `fdatasync` all that wait share, as Jeton's do.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use clap::Parser;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use fred::clients::Pool;
use fred::interfaces::{ClientLike as _, KeysInterface as _};
use fred::types::RespVersion;
use fred::types::config::{
    ClusterDiscoveryPolicy, Config, ConnectionConfig, Server, ServerConfig, TcpConfig,
};
use hdrhistogram::Histogram;
use http::Method;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PRAGMA};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Answers every request like a token endpoint, from 127.0.0.1.
#[derive(Parser)]
struct Arguments {
    /// Port; 0 lets the system choose. The address is printed when it is bound.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Worker threads of the runtime.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// A file with the answer to imitate, in JSON: every JWT in it is signed anew for each request, by a key of its own.
    #[arg(long)]
    like: PathBuf,
    /// Nodes of a Redis Cluster, `host:port`: a counter there is raised before each answer, one of ten thousand.
    #[arg(long, value_delimiter = ',')]
    cluster: Vec<String>,
    /// A new folder for a database of the embedded store's library: 23 bytes with a value of 16 are durable there before
    /// each answer.
    #[arg(long)]
    journal: Option<PathBuf>,
    /// Times every answer from its whole request on; whoever asks by GET is told `p50_us` and `p99_us` since that was last
    /// asked.
    #[arg(long)]
    clock: bool,
}

/// What every answer is made from.
struct Issuer {
    redis: Option<Pool>,
    journal: Option<SyncSender<Written>>,
    key: Ed25519KeyPair,
    answer: Vec<Part>,
    /// Of the answer.
    length: usize,
    issued: AtomicU64,
    /// Microseconds.
    clock: Option<Mutex<Histogram<u64>>>,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(arguments.threads).enable_all().build()?.block_on(serve(&arguments))
}

async fn serve(arguments: &Arguments) -> io::Result<()> {
    let redis = connect(&arguments.cluster).await?;
    let journal = arguments.journal.as_deref().map(open_journal).transpose()?;
    let issuer = Arc::new(Issuer::new(arguments, redis, journal)?);
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port))).await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let issuer = Arc::clone(&issuer);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &issuer));
            let mut http = hyper::server::conn::http1::Builder::new();
            // A connection that ends with an error has nobody left to hear of it.
            let _ = http.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// One connection to each primary, as Jeton's hot path has them by default.
async fn connect(nodes: &[String]) -> io::Result<Option<Pool>> {
    if nodes.is_empty() {
        return Ok(None);
    }
    let hosts: Result<Vec<_>, _> = nodes.iter().map(|node| Server::try_from(node.as_str())).collect();
    let hosts = hosts.map_err(io::Error::other)?;
    let server = ServerConfig::Clustered { hosts, policy: ClusterDiscoveryPolicy::default() };
    let config = Config { server, version: RespVersion::RESP3, ..Config::default() };
    let tcp = TcpConfig { nodelay: Some(true), ..TcpConfig::default() };
    let connection = ConnectionConfig { tcp, ..ConnectionConfig::default() };
    let pool = Pool::new(config, None, Some(connection), None, 1).map_err(io::Error::other)?;
    pool.init().await.map_err(io::Error::other)?;
    Ok(Some(pool))
}

/// The number that is to be durable, and who waits for that.
type Written = (u64, oneshot::Sender<()>);

/// One thread writes, as in Jeton: everything that waits goes into one commit.
fn open_journal(folder: &Path) -> io::Result<SyncSender<Written>> {
    let database = Database::builder(folder).open().map_err(io::Error::other)?;
    let keyspace = database.keyspace("bare", KeyspaceCreateOptions::default).map_err(io::Error::other)?;
    let (sender, asked) = sync_channel(8_192);
    std::thread::Builder::new().name("journal".to_owned()).spawn(move || {
        if let Err(cause) = write_journal(&database, &keyspace, &asked) {
            // Whoever waits finds nobody there, and says so in the answer.
            let _ = writeln!(io::stderr(), "the journal ended: {cause}");
        }
    })?;
    Ok(sender)
}

fn write_journal(database: &Database, keyspace: &Keyspace, asked: &Receiver<Written>) -> fjall::Result<()> {
    while let Ok(first) = asked.recv() {
        // On a busy machine others are about to ask too.
        std::thread::yield_now();
        let mut waiting = vec![first];
        waiting.extend(asked.try_iter());
        let mut batch = database.batch().durability(Some(PersistMode::SyncData));
        for (nth, _) in &waiting {
            batch.insert(keyspace, format!("bare:{:018}", nth % 10_000), nth.to_be_bytes().repeat(2));
        }
        batch.commit()?;
        for (_, written) in waiting {
            let _ = written.send(());
        }
    }
    Ok(())
}

/// Reads the whole body, as a server must before it can authenticate a client, and answers.
async fn answer(request: Request<Incoming>, issuer: &Issuer) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let asks_for_times = request.method() == Method::GET;
    let _form = request.into_body().collect().await?.to_bytes();
    let answer = match &issuer.clock {
        None => issuer.answer().await,
        Some(clock) if asks_for_times => times(clock),
        Some(clock) => {
            let began = Instant::now();
            let answer = issuer.answer().await;
            let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            clock.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(micros);
            answer
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(answer)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// What `clock` told until now; it begins anew.
fn times(clock: &Mutex<Histogram<u64>>) -> String {
    let mut clock = clock.lock().unwrap_or_else(PoisonError::into_inner);
    let [p50, p99] = [0.5, 0.99].map(|quantile| clock.value_at_quantile(quantile));
    clock.reset();
    format!(r#"{{"p50_us":{p50},"p99_us":{p99}}}"#)
}

impl Issuer {
    fn new(
        arguments: &Arguments,
        redis: Option<Pool>,
        journal: Option<SyncSender<Written>>,
    ) -> io::Result<Self> {
        let key = Ed25519KeyPair::generate().map_err(io::Error::other)?;
        let answer = std::fs::read_to_string(&arguments.like)?;
        let (answer, length) = (parts(answer.trim_end())?, answer.len());
        let clock = arguments.clock.then(|| Histogram::new_with_bounds(1, 60_000_000, 3).map(Mutex::new));
        let clock = clock.transpose().map_err(io::Error::other)?;
        Ok(Self { redis, journal, key, answer, length, issued: AtomicU64::new(0), clock })
    }

    async fn answer(&self) -> String {
        match self.store().await {
            Ok(()) => self.token_response(),
            Err(error) => error.to_string(),
        }
    }

    /// The one bare call of a store that goes before the answer, if there is one.
    async fn store(&self) -> io::Result<()> {
        let nth = self.issued.load(Ordering::Relaxed);
        if let Some(redis) = &self.redis {
            let name = format!("bare:{}", nth % 10_000);
            redis.next_connected().incr::<i64, _>(name).await.map_err(io::Error::other)?;
        }
        if let Some(journal) = &self.journal {
            let (written, durable) = oneshot::channel();
            journal.try_send((nth, written)).map_err(io::Error::other)?;
            durable.await.map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn token_response(&self) -> String {
        // A second of its own makes each JWT its own.
        let nth = self.issued.fetch_add(1, Ordering::Relaxed) % 1_000_000_000;
        let mut body = String::with_capacity(self.length);
        for part in &self.answer {
            match part {
                Part::Text(text) => body.push_str(text),
                Part::Jwt { header, before, after } => {
                    let start = body.len();
                    body.push_str(header);
                    URL_SAFE_NO_PAD.encode_string(format!("{before}1{nth:09}{after}"), &mut body);
                    // By reference: a signature of this library is 4.6 KiB to move.
                    if let Ok(signature) = &self.key.try_sign(&body.as_bytes()[start..]) {
                        body.push('.');
                        URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut body);
                    }
                }
            }
        }
        body
    }
}

/// A piece of an answer.
#[derive(Debug)]
enum Part {
    /// As it is.
    Text(String),
    /// Signed anew.
    Jwt {
        /// `{"alg":…}` in base64url, with the dot behind it.
        header: String,
        /// The claims before the ten digits of `iat`.
        before: String,
        /// The claims behind them.
        after: String,
    },
}

/// Takes an answer apart at the JWTs among its strings.
fn parts(answer: &str) -> io::Result<Vec<Part>> {
    let (mut parts, mut text) = (Vec::new(), String::new());
    for (nth, piece) in answer.split('"').enumerate() {
        if nth > 0 {
            text.push('"');
        }
        if !piece.starts_with("eyJ") || piece.split('.').count() != 3 {
            text.push_str(piece);
            continue;
        }
        parts.push(Part::Text(std::mem::take(&mut text)));
        parts.push(jwt(piece)?);
    }
    parts.push(Part::Text(text));
    Ok(parts)
}

/// What a JWT is made anew from.
fn jwt(jwt: &str) -> io::Result<Part> {
    const IAT: &str = r#""iat":"#;
    let no_iat = || io::Error::other(format!("expected a JWT with ten digits of iat, found {jwt:?}"));
    let (header, rest) = jwt.split_once('.').ok_or_else(no_iat)?;
    let (claims, _) = rest.split_once('.').ok_or_else(no_iat)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).map_err(io::Error::other)?;
    let claims = String::from_utf8(claims).map_err(io::Error::other)?;
    let at = claims.find(IAT).ok_or_else(no_iat)? + IAT.len();
    let (before, rest) = claims.split_at(at);
    let (_, after) = rest.split_at_checked(10).ok_or_else(no_iat)?;
    Ok(Part::Jwt { header: format!("{header}."), before: before.to_owned(), after: after.to_owned() })
}
