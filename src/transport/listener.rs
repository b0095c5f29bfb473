//! A listening socket, and serving it until it is drained.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval};

use super::connection::{self, Accepted, Http};
use super::hsts::Hsts;
use super::intake::House;
use super::pulse::Order;
use super::refusal::Refusal;
use super::request_id::RequestIds;
use super::roster::Roster;
use super::tls::{Tls, TlsError};
use super::turns::Turns;
use super::{Drain, Drained, Service};
use crate::clock::{Entropy, EntropyError};
use crate::config::limits::Limits;
use crate::config::listeners::{Listener, Network};
use crate::telemetry::Metrics;

/// A socket that listens and does not accept yet: connections wait in the kernel until [`serve`].
pub struct Bound {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
    proxies: Vec<Network>,
    hsts: Hsts,
    ids: RequestIds,
    metrics: Option<Arc<Metrics>>,
}

/// A listener that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Address {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// No randomness for request ids.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The certificate or its key.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Bound {
    /// Listens as `listener` says.
    ///
    /// # Errors
    /// An address in use or not ours, or a certificate that cannot be used.
    #[expect(
        clippy::unused_async,
        reason = "sockets must be made inside the runtime, and callers should see that"
    )]
    pub async fn bind(listener: &Listener) -> Result<Self, BindError> {
        let tls = Tls::open(listener)?;
        let ids = RequestIds::new(&Entropy::System)?;
        let at = |cause| BindError::Address { address: listener.address, cause };
        let socket = listen(listener).map_err(at)?;
        let address = socket.local_addr().map_err(at)?;
        let proxies = listener.trusted_proxies.clone();
        let hsts = Hsts::new(listener.hsts_max_age_secs);
        Ok(Self { socket, address, tls, proxies, hsts, ids, metrics: None })
    }

    /// This listener, counting in `metrics`; without this call it counts nowhere.
    #[must_use]
    pub fn counting(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// The address listened on, with the port that the system chose if port 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Whether this listener speaks TLS.
    pub fn has_tls(&self) -> bool {
        self.tls.is_some()
    }
}

/// Serves until `drain` is started and then until every request in work is answered, `limits.drain_secs` at most.
pub async fn serve(bound: Bound, service: impl Service, limits: Arc<Limits>, drain: Drain) -> Drained {
    let Bound { socket, tls, proxies, hsts, ids, metrics, .. } = bound;
    let turns = Turns::new(&limits);
    let house = House { limits, proxies, hsts, metrics, ids, turns };
    let porch = Porch {
        roster: Roster::new(&house.limits),
        http: Arc::new(Http::new(&house.limits)),
        turned_away: Arc::new(Semaphore::new(TURNED_AWAY)),
        house: Arc::new(house),
        tls,
        service,
    };
    let reporting = porch.accept_until(&socket, drain.started()).await;
    drop(socket);
    porch.finish(reporting).await
}

/// Where connections are let in or turned away.
struct Porch<S> {
    roster: Arc<Roster>,
    http: Arc<Http>,
    turned_away: Arc<Semaphore>,
    house: Arc<House>,
    tls: Option<Arc<Tls>>,
    service: S,
}

impl<S: Service> Porch<S> {
    async fn accept_until(&self, socket: &TcpListener, stop: impl Future<Output = ()>) -> Reported {
        let mut stop = std::pin::pin!(stop);
        let mut sweep = interval(self.roster.sweep_every());
        sweep.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut certificate = interval(CERTIFICATE);
        let mut reported = Reported::default();
        loop {
            tokio::select! {
                () = &mut stop => return reported,
                _ = sweep.tick() => {
                    self.roster.sweep();
                    reported.report(&self.house);
                }
                _ = certificate.tick() => {
                    if let Some(tls) = &self.tls {
                        tls.refresh();
                    }
                }
                accepted = socket.accept() => match accepted {
                    Ok((stream, from)) => self.admit(stream, from),
                    Err(cause) => recover(&cause).await,
                },
            }
        }
    }

    fn admit(&self, stream: TcpStream, from: SocketAddr) {
        if let Err(cause) = stream.set_nodelay(true) {
            tracing::debug!(%cause, "TCP_NODELAY cannot be set");
        }
        let Some(place) = self.roster.enter(self.house.limits.connections_max) else {
            return self.turn_away(stream);
        };
        let house = Arc::clone(&self.house);
        let accepted = Accepted { stream, from, place, house, service: self.service.clone() };
        let (tls, http) = (self.tls.clone(), Arc::clone(&self.http));
        let counted = Counted::new(self.house.metrics.clone());
        tokio::spawn(async move {
            connection::run(accepted, tls, http).await;
            drop(counted);
        });
    }

    fn turn_away(&self, stream: TcpStream) {
        self.house.note(Refusal::Connections);
        if self.tls.is_some() {
            return;
        }
        if let Ok(permit) = Arc::clone(&self.turned_away).try_acquire_owned() {
            tokio::spawn(async move {
                connection::turn_away(stream).await;
                drop(permit);
            });
        }
    }

    async fn finish(&self, mut reported: Reported) -> Drained {
        self.roster.command(Order::Close);
        let mut sweep = interval(self.roster.sweep_every());
        let finishing = async {
            loop {
                tokio::select! {
                    () = self.roster.empty() => return,
                    _ = sweep.tick() => self.roster.sweep(),
                }
            }
        };
        let in_time = tokio::time::timeout(self.house.limits.drain(), finishing).await.is_ok();
        let cut = if in_time { 0 } else { self.roster.command(Order::Cut) };
        if cut > 0 {
            tracing::warn!(cut, "connections outlived the drain period and are cut");
            drop(tokio::time::timeout(CUTTING, self.roster.empty()).await);
        }
        if let Some(metrics) = &self.house.metrics {
            metrics.connections_cut(cut as u64);
        }
        reported.report(&self.house);
        Drained { cut }
    }
}

/// The requests in work and those that wait, as far as the gauges know: told at each sweep, so that a request does not touch them.
#[derive(Default)]
struct Reported {
    in_flight: i64,
    waiting: i64,
}

impl Reported {
    fn report(&mut self, house: &House) {
        let Some(metrics) = &house.metrics else { return };
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let now = Self { in_flight: number(house.turns.in_flight()), waiting: number(house.turns.waiting()) };
        metrics.in_flight(now.in_flight - self.in_flight);
        metrics.in_flight_waiting(now.waiting - self.waiting);
        *self = now;
    }
}

/// One open connection in the gauge.
struct Counted(Option<Arc<Metrics>>);

impl Counted {
    fn new(metrics: Option<Arc<Metrics>>) -> Self {
        if let Some(metrics) = &metrics {
            metrics.connections(1);
        }
        Self(metrics)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(metrics) = &self.0 {
            metrics.connections(-1);
        }
    }
}

fn listen(listener: &Listener) -> std::io::Result<TcpListener> {
    let socket = if listener.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for the old connections' TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(listener.address)?;
    socket.listen(listener.backlog)
}

/// A caller that hung up is none of our business; out of file descriptors, waiting is all one can do.
async fn recover(cause: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if matches!(cause.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        return;
    }
    tracing::error!(%cause, "cannot accept connections");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// How often to look whether the certificate's files were written.
const CERTIFICATE: Duration = Duration::from_secs(10);
/// How long connections that were cut may take to go.
const CUTTING: Duration = Duration::from_millis(500);
/// Callers that are being told at one time that there is no room; more are just dropped.
const TURNED_AWAY: usize = 128;
