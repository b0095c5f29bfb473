//! One connection: the TLS handshake if there is one, then hyper for as long as requests come, until it ends or is told to.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Service;
use super::intake::{House, Link, answer};
use super::peer::Peer;
use super::pulse::{Order, Pulse};
use super::refusal::Refusal;
use super::roster::Place;
use super::tls::Tls;
use super::wire::{Protocol, Stream, Wire};
use crate::config::limits::Limits;
use crate::telemetry::labels::RefusalLabel;

/// How often a silent HTTP/2 connection is asked whether it lives.
const HTTP2_PING: Duration = Duration::from_secs(20);

/// The most headers that hyper reads of a request of HTTP/1 when nothing else is said.
const HYPER_HEADERS_MAX: usize = 100;

/// A connection that has been accepted and admitted.
pub(super) struct Accepted<S> {
    pub(super) stream: TcpStream,
    pub(super) from: SocketAddr,
    pub(super) place: Place,
    pub(super) house: Arc<House>,
    pub(super) service: S,
}

/// The protocols and their bounds.
pub(super) struct Http {
    one: http1::Builder,
    two: http2::Builder<TokioExecutor>,
}

impl Http {
    pub(super) fn new(limits: &Limits) -> Self {
        let (mut one, mut two) = (http1::Builder::new(), http2::Builder::new(TokioExecutor::new()));
        // The sweep times heads and idleness, so that hyper needs no timer per request. Bodies are small: one flat write.
        // Never `pipeline_flush`: with it, hyper drops an answer when bytes it did not read are left (a refused head or
        // body).
        one.header_read_timeout(None)
            .half_close(true)
            .keep_alive(true)
            .max_buf_size(limits.header_bytes_max)
            .writev(false);
        // Told a bound, hyper lays out that much room for each request, 64 bytes a header; it needs none for its own.
        if limits.headers_max > HYPER_HEADERS_MAX {
            one.max_headers(limits.headers_max);
        }
        two.timer(TokioTimer::new())
            .max_concurrent_streams(limits.http2_streams_max)
            .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX))
            .keep_alive_interval(HTTP2_PING)
            .keep_alive_timeout(HTTP2_PING);
        Self { one, two }
    }
}

/// Serves one connection to its end.
pub(super) async fn run<S: Service>(accepted: Accepted<S>, tls: Option<Arc<Tls>>, http: Arc<Http>) {
    let Accepted { stream, from, place, house, service } = accepted;
    let pulse = Arc::clone(&place.pulse);
    let socket = Peer { address: from.ip().to_canonical(), secure: tls.is_some() };
    let link = Arc::new(Link { house: Arc::clone(&house), service, socket, pulse: Arc::clone(&pulse) });
    let Some(tls) = tls else {
        return drive(Wire::new(stream, pulse, house), link, &http).await;
    };
    let patience = house.limits.header_read_timeout();
    match tokio::time::timeout(patience, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            Box::pin(drive(Wire::new(stream, pulse, house), link, &http)).await;
        }
        Ok(Err(cause)) => refuse_handshake(&house, &cause.to_string()),
        Err(_) => refuse_handshake(&house, "timed out"),
    }
}

/// Tells a caller that there is no room, without reading what it asks.
pub(super) async fn turn_away(mut stream: TcpStream) {
    let telling = async {
        stream.write_all(&Refusal::Connections.bytes()).await?;
        stream.shutdown().await?;
        // A socket closed with bytes unread resets the connection, and the caller would not see the answer.
        let mut scratch = [0; 4096];
        while stream.read(&mut scratch).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    drop(tokio::time::timeout(Duration::from_secs(1), telling).await);
}

fn refuse_handshake(house: &House, cause: &str) {
    tracing::debug!(cause, "TLS handshake failed");
    if let Some(metrics) = &house.metrics {
        metrics.refused(RefusalLabel::TlsHandshake);
    }
}

/// Serves what is asked. Between requests, a connection of HTTP/1 that stays silent from one sweep to the next gives up
/// what hyper holds for it (some 20 KiB of buffers) and keeps its stream alone, until the caller says something.
async fn drive<T, S>(mut wire: Wire<T>, link: Arc<Link<S>>, http: &Http)
where
    T: Stream,
    S: Service,
{
    let mut known = None;
    loop {
        known = hear(&mut wire, known, &link.pulse).await;
        match known {
            None => return close(wire, &link.pulse).await,
            Some(Protocol::Http1) => match speak_http1(wire, &link, http).await {
                Some(resting) => wire = resting,
                None => return,
            },
            Some(Protocol::Http2) => return speak_http2(wire, &link, http).await,
        }
    }
}

/// Waits for the caller to say something; `None` when the connection is over instead.
async fn hear<T>(wire: &mut Wire<T>, known: Option<Protocol>, pulse: &Pulse) -> Option<Protocol>
where
    T: Stream,
{
    pulse.rests(true);
    let heard = poll_fn(|cx| {
        pulse.listen(cx.waker());
        match pulse.order() {
            Order::Cut => Poll::Ready(Ok(None)),
            Order::Close if !pulse.is_coming() => Poll::Ready(Ok(None)),
            // Of being late, the wire tells the caller.
            Order::None | Order::Late | Order::Close => wire.poll_hear(known, cx),
        }
    });
    let heard = heard.await;
    pulse.rests(false);
    heard.unwrap_or_else(|cause| {
        log_end(pulse, &cause);
        None
    })
}

async fn close<T: Stream>(mut wire: Wire<T>, pulse: &Pulse) {
    let closed = poll_fn(|cx| {
        pulse.listen(cx.waker());
        if pulse.order() == Order::Cut { Poll::Ready(Ok(())) } else { Pin::new(&mut wire).poll_shutdown(cx) }
    });
    if let Err(cause) = closed.await {
        log_end(pulse, &cause);
    }
}

/// Serves requests until the connection ends, or has nothing to do and is told to rest: then it is given back.
async fn speak_http1<T, S>(wire: Wire<T>, link: &Arc<Link<S>>, http: &Http) -> Option<Wire<T>>
where
    T: Stream,
    S: Service,
{
    let pulse = &*link.pulse;
    let own = Arc::clone(link);
    let service = service_fn(move |request| answer(Arc::clone(&own), request));
    // Boxed, so that it takes no room while the connection rests.
    let mut connection = Box::new(http.one.serve_connection(TokioIo::new(wire), service));
    let mut obeyed = None;
    let rests = poll_fn(|cx| {
        loop {
            let mut told = false;
            // Waking takes the waker away; it is put back after each order, and the order read again after that.
            if obeyed != Some(pulse.order()) || pulse.is_told_to_rest() {
                pulse.listen(cx.waker());
                told = pulse.take_rest();
                match obey(pulse, &mut obeyed) {
                    // What is coming is answered first.
                    Order::Close if pulse.is_coming() => obeyed = None,
                    Order::Close => Pin::new(&mut *connection).graceful_shutdown(),
                    Order::Cut => return Poll::Ready(Ok(false)),
                    Order::None | Order::Late => {}
                }
            }
            // What has already come is read now, and what was to be written is in the system's hands.
            let polled = Pin::new(&mut *connection).poll(cx).map_ok(|()| false);
            if polled.is_pending() && obeyed.is_none() && !pulse.is_coming() {
                continue;
            }
            return if polled.is_pending() && told && pulse.may_rest() {
                Poll::Ready(Ok(true))
            } else {
                polled
            };
        }
    });
    match rests.await {
        Ok(true) => {
            let parts = connection.into_parts();
            let mut wire = parts.io.into_inner();
            wire.put_back(&parts.read_buf);
            Some(wire)
        }
        Ok(false) => None,
        Err(cause) => {
            log_end(pulse, &cause);
            None
        }
    }
}

async fn speak_http2<T, S>(wire: Wire<T>, link: &Arc<Link<S>>, http: &Http)
where
    T: Stream,
    S: Service,
{
    let pulse = &*link.pulse;
    let own = Arc::clone(link);
    let service = service_fn(move |request| answer(Arc::clone(&own), request));
    let mut connection = Box::new(http.two.serve_connection(TokioIo::new(wire), service));
    let mut obeyed = None;
    let ended = poll_fn(|cx| {
        if obeyed != Some(pulse.order()) {
            pulse.listen(cx.waker());
            match obey(pulse, &mut obeyed) {
                Order::Close => Pin::new(&mut *connection).graceful_shutdown(),
                Order::Cut => return Poll::Ready(Ok(())),
                Order::None | Order::Late => {}
            }
        }
        Pin::new(&mut *connection).poll(cx)
    });
    if let Err(cause) = ended.await {
        log_end(pulse, &cause);
    }
}

/// The order in force, which counts as obeyed from here on.
fn obey(pulse: &Pulse, obeyed: &mut Option<Order>) -> Order {
    let order = pulse.order();
    *obeyed = Some(order);
    order
}

fn log_end(pulse: &Pulse, cause: &dyn Error) {
    tracing::trace!(phase = ?pulse.state().1, %cause, "connection ended");
}
