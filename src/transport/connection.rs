//! One connection: the TLS handshake if there is one, then hyper until it ends or is told to.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Service;
use super::intake::{House, Link, answer};
use super::peer::Peer;
use super::pulse::{Order, Pulse};
use super::refusal::Refusal;
use super::roster::Place;
use super::tls::Tls;
use super::wire::Wire;
use crate::config::limits::Limits;
use crate::telemetry::labels::RefusalLabel;

/// How often a silent HTTP/2 connection is asked whether it lives.
const HTTP2_PING: Duration = Duration::from_secs(20);

/// A connection that has been accepted and admitted.
pub(super) struct Accepted<S> {
    pub(super) stream: TcpStream,
    pub(super) from: SocketAddr,
    pub(super) place: Place,
    pub(super) house: Arc<House>,
    pub(super) service: S,
}

/// The protocols and their bounds.
pub(super) fn http(limits: &Limits) -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    // The sweep times heads and idleness, so that hyper needs no timer per request. Bodies are small: one flat write.
    // Never `pipeline_flush`: with it, hyper drops an answer when bytes it did not read are left (a refused head or body).
    http.http1()
        .header_read_timeout(None)
        .half_close(true)
        .keep_alive(true)
        .max_headers(limits.headers_max)
        .max_buf_size(limits.header_bytes_max)
        .writev(false);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams_max)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(HTTP2_PING)
        .keep_alive_timeout(HTTP2_PING);
    http
}

/// Serves one connection to its end.
pub(super) async fn run<S: Service>(
    accepted: Accepted<S>,
    tls: Option<Arc<Tls>>,
    http: Arc<Builder<TokioExecutor>>,
) {
    let Accepted { stream, from, place, house, service } = accepted;
    let pulse = Arc::clone(&place.pulse);
    let socket = Peer { address: from.ip().to_canonical(), secure: tls.is_some() };
    let link = Arc::new(Link { house: Arc::clone(&house), service, socket, pulse: Arc::clone(&pulse) });
    let Some(tls) = tls else {
        return drive(Wire::new(stream, pulse, house.metrics.clone()), link, &http).await;
    };
    let patience = house.limits.header_read_timeout();
    match tokio::time::timeout(patience, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            Box::pin(drive(Wire::new(stream, pulse, house.metrics.clone()), link, &http)).await;
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

async fn drive<T, S>(wire: Wire<T>, link: Arc<Link<S>>, http: &Builder<TokioExecutor>)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service,
{
    let pulse = Arc::clone(&link.pulse);
    let service = service_fn(move |request| answer(Arc::clone(&link), request));
    let mut connection = pin!(http.serve_connection(TokioIo::new(wire), service));
    let mut obeyed = None;
    let ended = poll_fn(|cx| {
        // Waking takes the waker away; it is put back after each order, and the order read again after that.
        if obeyed != Some(pulse.order()) {
            pulse.listen(cx.waker());
            let order = pulse.order();
            if order == Order::Close {
                connection.as_mut().graceful_shutdown();
            }
            obeyed = Some(order);
            if order == Order::Cut {
                return Poll::Ready(Ok(()));
            }
        }
        connection.as_mut().poll(cx)
    });
    if let Err(cause) = ended.await {
        log_end(&pulse, &*cause);
    }
}

fn log_end(pulse: &Pulse, cause: &(dyn Error + Send + Sync)) {
    tracing::trace!(phase = ?pulse.state().1, %cause, "connection ended");
}
