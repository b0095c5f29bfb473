//! The byte stream of one connection, watched: it hears which protocol is spoken, notes when a head begins, says why a
//! head was refused, lingers, and leaves what cannot be begun yet to the system.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::intake::House;
use super::pulse::{Order, Phase, Pulse};
use super::refusal::Refusal;
use super::turns::Turn;

/// Bytes thrown away at most after an answer that left a body unread.
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// What every connection of HTTP/2 begins with (RFC 9113 §3.4), and no request of HTTP/1 does.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The protocol of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// What a connection is made of.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The socket, where what comes on it is all there is to read.
    fn socket(&self) -> Option<&TcpStream>;
}

impl Stream for TcpStream {
    fn socket(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl Stream for TlsStream<TcpStream> {
    /// None: it may hold what has come already.
    fn socket(&self) -> Option<&TcpStream> {
        None
    }
}

/// A wait for a turn.
type Waiting = Pin<Box<dyn Future<Output = Result<Turn, Refusal>> + Send>>;

/// A byte stream and its pulse.
pub(super) struct Wire<T> {
    inner: T,
    pulse: Arc<Pulse>,
    house: Arc<House>,
    /// For the request that has begun to come.
    waiting: Option<Waiting>,
    /// Whether an early turn may be left when nothing more has come.
    early: bool,
    /// What has been read and is to be read again.
    ahead: Bytes,
    /// What is still to be written of an answer of our own.
    own: Bytes,
    said_late: bool,
    lingered: usize,
    half_closed: bool,
}

impl<T> Wire<T> {
    pub(super) fn new(inner: T, pulse: Arc<Pulse>, house: Arc<House>) -> Self {
        Self {
            inner,
            pulse,
            house,
            waiting: None,
            early: false,
            ahead: Bytes::new(),
            own: Bytes::new(),
            said_late: false,
            lingered: 0,
            half_closed: false,
        }
    }

    /// Puts bytes back that were read and not used; they are copied, so that the buffer they are in can go.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        self.ahead = [bytes, &self.ahead].concat().into();
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.house.note(refusal);
        self.pulse.linger_at_close();
        self.own = refusal.bytes();
    }
}

impl<T: Stream> Wire<T> {
    /// Waits for the caller to say something; `None` when it hangs up instead. `known` is the protocol so far.
    ///
    /// # Errors
    /// What the stream says, or that nothing has come for too long.
    pub(super) fn poll_hear(
        &mut self,
        known: Option<Protocol>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Protocol>>> {
        let protocol = loop {
            match known.or_else(|| spoken(&self.ahead)) {
                Some(protocol) if !self.ahead.is_empty() => break protocol,
                _ => {}
            }
            let mut bytes = [0; PREFACE.len()];
            let room = bytes.get_mut(self.ahead.len()..).unwrap_or_default();
            let mut buffer = ReadBuf::new(room);
            ready!(self.poll_more(cx, &mut buffer))?;
            match buffer.filled() {
                [] if self.ahead.is_empty() => return Poll::Ready(Ok(None)),
                [] => break Protocol::Http1,
                more => self.ahead = [&self.ahead, more].concat().into(),
            }
        };
        match protocol {
            Protocol::Http1 => self.pulse.received(),
            Protocol::Http2 => self.pulse.speaks_http2(),
        }
        Poll::Ready(Ok(Some(protocol)))
    }

    fn poll_more(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.pulse.order() == Order::Late {
            return self.poll_late(cx);
        }
        ready!(self.poll_turn(cx))?;
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if read.is_pending() {
            // A request that is not here yet does not keep a turn.
            self.leave_turn();
        }
        read
    }

    fn leave_turn(&mut self) {
        self.waiting = None;
        if std::mem::take(&mut self.early) {
            drop(self.pulse.early.take());
        }
    }

    /// Waits for a turn before a request is read, if it would have to wait after that: its bytes wait in the system, and are
    /// touched once. When the wait has been too long it is read without one, to be refused.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waiting.is_none() {
            if self.early || self.house.turns.any() || !self.pulse.awaits_request() {
                return Poll::Ready(Ok(()));
            }
            let Some(socket) = self.inner.socket() else { return Poll::Ready(Ok(())) };
            ready!(socket.poll_read_ready(cx))?;
            self.pulse.queues(true);
        }
        let waiting = self.waiting.get_or_insert_with(|| {
            let house = Arc::clone(&self.house);
            Box::pin(async move { house.turns.turn().await })
        });
        let turn = ready!(waiting.as_mut().poll(cx));
        self.waiting = None;
        self.pulse.queues(false);
        self.early = true;
        self.pulse.early.put(turn);
        Poll::Ready(Ok(()))
    }

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

impl<T: Stream> AsyncRead for Wire<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.has_remaining() {
            let room = buffer.remaining().min(self.ahead.len());
            buffer.put_slice(&self.ahead.split_to(room));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(self.poll_more(cx, buffer))?;
        if buffer.filled().len() > before {
            self.pulse.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: Stream> AsyncWrite for Wire<T> {
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
        self.pulse.sends(true);
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.own.has_remaining() {
            ready!(self.poll_own(cx))?;
        }
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.pulse.sends(false);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.leave_turn();
        ready!(self.poll_own(cx))?;
        if !self.half_closed {
            ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
            self.half_closed = true;
        }
        if self.pulse.lingers() { self.poll_linger(cx) } else { Poll::Ready(Ok(())) }
    }
}

/// The protocol that a connection begins in with these bytes; `None` when it takes more of them to tell.
fn spoken(bytes: &[u8]) -> Option<Protocol> {
    match PREFACE.strip_prefix(bytes) {
        Some([]) => Some(Protocol::Http2),
        Some(_) => None,
        None => Some(Protocol::Http1),
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
