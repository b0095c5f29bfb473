//! The byte stream of one connection, watched: it notes when a head begins, says why a head was refused, and lingers.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::pulse::{Order, Phase, Pulse};
use super::refusal::Refusal;
use crate::telemetry::Metrics;

/// Bytes thrown away at most after an answer that left a body unread.
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// A byte stream and its pulse.
pub(super) struct Wire<T> {
    inner: T,
    pulse: Arc<Pulse>,
    metrics: Option<Arc<Metrics>>,
    /// What is still to be written of an answer of our own.
    own: Bytes,
    said_late: bool,
    lingered: usize,
    half_closed: bool,
}

impl<T> Wire<T> {
    pub(super) fn new(inner: T, pulse: Arc<Pulse>, metrics: Option<Arc<Metrics>>) -> Self {
        let own = Bytes::new();
        Self { inner, pulse, metrics, own, said_late: false, lingered: 0, half_closed: false }
    }

    fn refuse(&mut self, refusal: Refusal) {
        if let Some(metrics) = &self.metrics {
            metrics.refused(refusal.label());
        }
        self.pulse.linger_at_close();
        self.own = refusal.bytes();
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Wire<T> {
    fn poll_own(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.own.has_remaining() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.own))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.own.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// The head is late: says so, then fails the connection.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.said_late {
            self.said_late = true;
            if self.pulse.state().1 == Phase::Head {
                self.refuse(Refusal::HeaderTooSlow);
            }
        }
        ready!(self.poll_own(cx))?;
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 4096];
        while self.lingered < LINGER_BYTES {
            let mut buffer = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                break;
            }
            self.lingered += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.pulse.order() == Order::Late {
            return self.poll_late(cx);
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.pulse.received(&buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.own.has_remaining() {
            ready!(self.poll_own(cx))?;
        }
        if self.pulse.state().1 == Phase::Head
            && let Some(refusal) = bare_refusal(bytes)
        {
            self.refuse(refusal);
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.own.has_remaining() {
            ready!(self.poll_own(cx))?;
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(cx))?;
        if !self.half_closed {
            ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
            self.half_closed = true;
        }
        if self.pulse.lingers() { self.poll_linger(cx) } else { Poll::Ready(Ok(())) }
    }
}

/// Hyper answers a head it cannot read by itself, with an empty body, and offers no way to word it: this is such an answer.
fn bare_refusal(bytes: &[u8]) -> Option<Refusal> {
    let status = bytes.strip_prefix(b"HTTP/1.1 4").or_else(|| bytes.strip_prefix(b"HTTP/1.0 4"))?;
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    match status.get(..2)? {
        b"00" => Some(Refusal::Malformed),
        b"14" | b"31" => Some(Refusal::HeaderTooLarge),
        _ => None,
    }
}
