//! The connections: one pool for what must run once, one for reads, one for writes that wait, one that listens.

use std::sync::Arc;
use std::time::Duration;

use fred::clients::{Client, Pool};
use fred::interfaces::{ClientLike as _, ClusterInterface as _};
use fred::types::RespVersion;
use fred::types::config::{
    ClusterDiscoveryPolicy, Config, ConnectionConfig, PerformanceConfig, ReconnectPolicy, Server,
    ServerConfig, TcpConfig, TlsConfig, TlsConnector, UnresponsiveConfig,
};

use tokio::sync::Mutex;

use super::refusal::Refusal;
use crate::config::cluster::Cluster as Settings;
use crate::store::StoreError;

/// Connections by what they are for.
#[derive(Debug)]
pub(super) struct Connections {
    /// Blocked most of the time, waiting for entries of the change feed; the lock keeps one listener at it.
    pub(super) feed: Mutex<Client>,
    /// A listener's events, without the lock.
    pub(super) feed_events: Client,
    /// A command whose connection is lost is not sent again: it may have run.
    pub(super) hot: Pool,
    /// As hot; each write is followed by a `WAIT`, which blocks its connection.
    pub(super) careful: Pool,
    /// A command whose connection is lost is sent again.
    pub(super) reading: Pool,
}

/// Attempts of a command that must not run twice. The vendor's default of three would run it again when the
/// connection is lost between execution and answer.
const ONCE: u32 = 1;
const AGAIN: u32 = 3;

/// The longest that a look at the cluster is believed to be under way: a client that has come to an end never looks.
const LOOK_MAX: Duration = Duration::from_secs(30);

impl Connections {
    /// Connects to every primary.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub(super) async fn open(settings: &Settings) -> Result<Self, StoreError> {
        let config = config(settings)?;
        let timeout = Duration::from_millis(settings.command_timeout_ms);
        let patient = timeout + Duration::from_millis(settings.wait_timeout_ms);
        let pool = |connection, timeout, size: usize| {
            Pool::new(
                config.clone(),
                Some(performance(timeout)),
                Some(connection),
                Some(policy()),
                size.max(1),
            )
        };
        let hot = pool(connection(settings, ONCE), timeout, settings.hot_connections).map_err(unavailable)?;
        let reading =
            pool(connection(settings, AGAIN), timeout, settings.reading_connections).map_err(unavailable)?;
        // The vendor writes each command of a convoy by itself. Without `TCP_NODELAY` the first goes at once, and the others
        // together when it is answered: fewer packets, and Redis reads less often. A convoy waits for an answer anyway.
        let mut convoys = connection(settings, ONCE);
        convoys.tcp.nodelay = Some(false);
        let careful = pool(convoys, patient, settings.careful_connections).map_err(unavailable)?;
        let feed = Client::new(
            config.clone(),
            Some(performance(timeout)),
            Some(connection(settings, ONCE)),
            Some(policy()),
        );
        for pool in [&hot, &reading, &careful] {
            pool.init().await.map_err(unavailable)?;
        }
        feed.init().await.map_err(unavailable)?;
        Ok(Self { feed_events: feed.clone(), feed: Mutex::new(feed), hot, reading, careful })
    }

    /// Every client.
    pub(super) fn clients(&self) -> impl Iterator<Item = &Client> {
        let pools = [&self.hot, &self.reading, &self.careful];
        pools.into_iter().flat_map(Pool::clients).chain([&self.feed_events])
    }

    /// Says goodbye on every connection.
    pub(super) async fn close(&self) {
        for pool in [&self.hot, &self.reading, &self.careful] {
            // A connection that is lost already needs no goodbye.
            let _left = pool.quit().await;
        }
        let _left = self.feed_events.quit().await;
    }
}

fn config(settings: &Settings) -> Result<Config, StoreError> {
    let hosts: Result<Vec<_>, _> =
        settings.nodes.iter().map(|node| Server::try_from(node.as_str())).collect();
    let hosts = hosts.map_err(|error| StoreError::Unavailable(format!("cluster.nodes: {error}")))?;
    if hosts.is_empty() {
        return Err(StoreError::Unavailable("cluster.nodes names no node".to_owned()));
    }
    let password = match &settings.password_file {
        Some(file) => Some(std::fs::read_to_string(file).map_err(|error| {
            StoreError::Unavailable(format!("cluster.password_file {}: {error}", file.display()))
        })?),
        None => None,
    };
    let tls = if settings.tls { Some(TlsConfig::from(trusting_the_system()?)) } else { None };
    Ok(Config {
        server: ServerConfig::Clustered { hosts, policy: ClusterDiscoveryPolicy::default() },
        version: RespVersion::RESP3,
        username: settings.username.clone(),
        password: password.map(|password| password.trim_end().to_owned()),
        tls,
        ..Config::default()
    })
}

fn trusting_the_system() -> Result<TlsConnector, StoreError> {
    TlsConnector::default_rustls().map_err(unavailable)
}

fn connection(settings: &Settings, attempts: u32) -> ConnectionConfig {
    ConnectionConfig {
        connection_timeout: Duration::from_millis(settings.connect_timeout_ms),
        // Looking around must not take long: the client does nothing else meanwhile.
        internal_command_timeout: Duration::from_millis(settings.command_timeout_ms.saturating_mul(2)),
        max_command_attempts: attempts,
        // The vendor follows an `ASK` while others wait for answers on the same connection, takes the first of those for
        // its own, and so gives everybody the answer of somebody else. Whoever asked asks again (`calls.rs`).
        max_redirections: 0,
        max_command_buffer_len: settings.queued_commands,
        tcp: TcpConfig { nodelay: Some(true), ..TcpConfig::default() },
        unresponsive: UnresponsiveConfig {
            max_timeout: Some(Duration::from_millis(settings.unresponsive_ms)),
            interval: Duration::from_millis((settings.unresponsive_ms / 4).max(1)),
        },
        ..ConnectionConfig::default()
    }
}

/// How long a look at the cluster may take: one node is asked in vain, and another one answers.
pub(super) fn patience(settings: &Settings) -> Duration {
    let asked = settings.command_timeout_ms.saturating_mul(2);
    Duration::from_millis(settings.connect_timeout_ms.saturating_add(asked))
}

/// How a client looks at the cluster again: once at a time, however many ask.
#[derive(Clone, Debug)]
pub(super) struct Lookout {
    client: Client,
    looking: Arc<Mutex<()>>,
}

impl Lookout {
    pub(super) fn of(client: &Client) -> Self {
        Self { client: client.clone(), looking: Arc::default() }
    }

    pub(super) fn is_of(&self, client: &Client) -> bool {
        self.client.id() == client.id()
    }

    /// Returns when the client has looked, or after `patience`. It goes on looking then, and is not told to look again
    /// meanwhile: one that asks a silent node takes seconds, and with more such orders waiting than it gets done it would do
    /// nothing else any more.
    pub(super) async fn look(&self, patience: Duration) {
        if let Ok(begun) = Arc::clone(&self.looking).try_lock_owned() {
            let client = self.client.clone();
            tokio::spawn(async move {
                // Whoever cannot look now is busy connecting again, which is looking.
                let _looked = tokio::time::timeout(LOOK_MAX, client.sync_cluster()).await;
                drop(begun);
            });
        }
        let _ended = tokio::time::timeout(patience, self.looking.lock()).await;
    }
}

fn performance(timeout: Duration) -> PerformanceConfig {
    PerformanceConfig { default_command_timeout: timeout, ..PerformanceConfig::default() }
}

/// For ever, first after 50 ms, then up to a second apart. The vendor's default is not to reconnect at all.
fn policy() -> ReconnectPolicy {
    ReconnectPolicy::new_exponential(0, 50, 1000, 2)
}

fn unavailable(error: fred::error::Error) -> StoreError {
    StoreError::Unavailable(Refusal::from(error).to_string())
}
