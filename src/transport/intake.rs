//! One request: admitted, its body read, the service called, all within its deadline.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use tokio::time::Instant;

use super::hsts::{self, Hsts};
use super::peer::Peer;
use super::pulse::Pulse;
use super::refusal::Refusal;
use super::request_id::{RequestId, RequestIds, X_REQUEST_ID};
use super::turns::Turns;
use super::{Arrival, Service, body};
use crate::config::limits::Limits;
use crate::config::listeners::Network;
use crate::telemetry::Metrics;

/// What all connections of a listener have in common.
#[derive(Debug)]
pub(super) struct House {
    pub(super) limits: Arc<Limits>,
    pub(super) proxies: Vec<Network>,
    pub(super) hsts: Hsts,
    pub(super) metrics: Option<Arc<Metrics>>,
    pub(super) ids: RequestIds,
    pub(super) turns: Turns,
}

/// What all requests of a connection have in common.
pub(super) struct Link<S> {
    pub(super) house: Arc<House>,
    pub(super) service: S,
    pub(super) socket: Peer,
    pub(super) pulse: Arc<Pulse>,
}

/// A request that has arrived and is not answered; dropping this ends it, however it ended.
struct Stay<'a>(&'a Pulse);

impl House {
    /// Counts a refusal, and says so when it is a fault of ours.
    pub(super) fn note(&self, refusal: Refusal) {
        if let Some(metrics) = &self.metrics {
            metrics.refused(refusal.label());
        }
    }
}

impl<'a> Stay<'a> {
    fn begin(pulse: &'a Pulse) -> Self {
        pulse.begin();
        Self(pulse)
    }
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The answer to `request`, whatever happens.
pub(super) async fn answer<S: Service>(
    link: Arc<Link<S>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let _stay = Stay::begin(&link.pulse);
    let id = link.house.ids.identify(request.headers());
    let version = request.version();
    let id_header = id.to_header();
    let answered = if request.headers().len() > link.house.limits.headers_max {
        Err(Refusal::HeaderTooLarge)
    } else {
        attempt(&link, request, id).await
    };
    let mut response = answered.unwrap_or_else(|refusal| {
        tracing::debug!(?refusal, request_id = ?id_header, "refused by transport");
        link.house.note(refusal);
        if refusal.leaves_body() {
            link.pulse.linger_at_close();
        }
        refusal.response(version)
    });
    response.headers_mut().insert(X_REQUEST_ID, id_header);
    Ok(response.map(Full::new))
}

async fn attempt<S: Service>(
    link: &Link<S>,
    request: Request<Incoming>,
    request_id: RequestId,
) -> Result<Response<Bytes>, Refusal> {
    let limits = &*link.house.limits;
    let now = Instant::now();
    let deadline = now + limits.request_deadline();
    let (head, incoming) = request.into_parts();
    let most = link.service.body_bytes_max(&head).unwrap_or(limits.body_bytes_max);
    let body_deadline = deadline.min(now + limits.body_read_timeout());
    let turns = &link.house.turns;
    let load = turns.load(incoming.size_hint().upper(), most)?;
    // Before its turn: a body that does not come holds up nobody else.
    let reading = body::read(incoming, most);
    let body = within(body_deadline, pin!(reading)).await.unwrap_or(Err(Refusal::BodyTooSlow))?;
    let _turn = match link.pulse.early.take() {
        Some(turn) => turn?,
        None => turns.turn().await?,
    };
    drop(load);
    let peer = Peer::of(link.socket, &head.headers, &link.house.proxies);
    let said = link.house.hsts.to(peer, &head);
    let calling = async { link.service.call(Arrival { head, body, peer, request_id, deadline }).await };
    let calling = AssertUnwindSafe(calling).catch_unwind();
    match within(deadline, pin!(calling)).await {
        None => Err(Refusal::Deadline),
        Some(Err(_)) => Err(Refusal::Panic),
        Some(Ok(mut response)) => {
            hsts::say(said, &mut response);
            Ok(response)
        }
    }
}

/// The output of `work`, or `None` at `deadline`. Work that is done when first looked at costs no timer.
async fn within<F: Future>(deadline: Instant, mut work: Pin<&mut F>) -> Option<F::Output> {
    if let Poll::Ready(output) = poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
        return Some(output);
    }
    tokio::time::timeout_at(deadline, work).await.ok()
}
