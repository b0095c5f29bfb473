//! The ceiling: bare hyper that answers the bytes of a token response with freshly signed JWTs, and nothing else.
//!
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
    /// JWTs signed for each answer: 1 as for `client_credentials`, 2 as for a refresh with an ID token, 0 as for an
    /// introspection, whose answer is as long as the claims.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(..=2))]
    jwts: u8,
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
    /// `{"alg":…}` in base64url, with the dot behind it.
    header: String,
    jwts: u8,
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
        let header = format!("{}.", URL_SAFE_NO_PAD.encode(HEADER));
        let clock = arguments.clock.then(|| Histogram::new_with_bounds(1, 60_000_000, 3).map(Mutex::new));
        let clock = clock.transpose().map_err(io::Error::other)?;
        Ok(Self { redis, journal, key, header, jwts: arguments.jwts, issued: AtomicU64::new(0), clock })
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
        let nth = self.issued.fetch_add(u64::from(self.jwts), Ordering::Relaxed);
        if self.jwts == 0 {
            return format!("{CLAIMS}{nth:020}\"}}");
        }
        let mut body = String::with_capacity(2_560);
        body.push_str(r#"{"access_token":""#);
        self.push_jwt(&mut body, nth);
        body.push('"');
        if self.jwts == 2 {
            body.push_str(r#","id_token":""#);
            self.push_jwt(&mut body, nth + 1);
            body.push_str(r#"","refresh_token":""#);
            body.push_str(REFRESH_TOKEN);
            body.push_str(r#"","scope":"openid profile email offline_access""#);
        }
        body.push_str(r#","token_type":"Bearer","expires_in":86400}"#);
        body
    }

    /// Appends a JWT of about 500 bytes of claims, of which `nth` makes each its own.
    fn push_jwt(&self, body: &mut String, nth: u64) {
        let start = body.len();
        body.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(format!("{CLAIMS}{nth:020}\"}}"), body);
        let signature = self.key.sign(&body.as_bytes()[start..]);
        body.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_ref(), body);
    }
}

const HEADER: &str = r#"{"alg":"EdDSA","kid":"dSlUOhA0wBfXmVRzWo0jtlcCJNrZqdkDoEgAD4nTs4Q","typ":"at+jwt"}"#;

/// As long as a user's access token is: two audiences, an organization, five permissions.
const CLAIMS: &str = concat!(
    r#"{"iss":"http://localhost:8080/","sub":"auth0|01JD3V5W2Q8ZK4T7M9X0C1B6RA","#,
    r#""aud":["https://api.example/orders","http://localhost:8080/userinfo"],"azp":"demo-application","#,
    r#""iat":1764000000,"exp":1764086400,"scope":"openid profile email read:orders write:orders offline_access","#,
    r#""org_id":"org_01JD3V5W2Q8ZK4T7","org_name":"acme","sid":"01JD3V5W2Q8ZK4T7M9X0C1B6RA","gty":"refresh_token","#,
    r#""permissions":["read:orders","write:orders","delete:orders","read:reports"],"client_id":"demo-application","jti":""#,
);

/// As long as a sealed refresh token is.
const REFRESH_TOKEN: &str = concat!(
    "rt_AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
);
