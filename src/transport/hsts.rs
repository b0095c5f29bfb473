//! HTTP Strict Transport Security (RFC 6797): who came over TLS comes over TLS from then on.

use http::header::{HeaderValue, STRICT_TRANSPORT_SECURITY};
use http::request::Parts;

use super::exchange::host;
use super::peer::Peer;
use super::reply::Reply;
use crate::tenancy::without_port;

/// What a listener says of it, if anything.
#[derive(Clone, Debug, Default)]
pub(super) struct Hsts(Option<HeaderValue>);

impl Hsts {
    /// Said for `max_age_secs`; not at all with 0.
    pub(super) fn new(max_age_secs: u64) -> Self {
        let said = (max_age_secs > 0).then(|| format!("max-age={max_age_secs}"));
        Self(said.and_then(|said| HeaderValue::try_from(said).ok()))
    }

    /// What is to be said to who asked with `head`. It holds for every port of a host, so that `localhost`, which is
    /// everybody's, is not told.
    pub(super) fn to(&self, peer: Peer, head: &Parts) -> Option<HeaderValue> {
        if !peer.secure || is_local(head) { None } else { self.0.clone() }
    }
}

/// Says it.
pub(super) fn say(said: Option<HeaderValue>, reply: &mut Reply) {
    if let Some(said) = said {
        reply.headers_mut().insert(STRICT_TRANSPORT_SECURITY, said);
    }
}

fn is_local(head: &Parts) -> bool {
    without_port(host(head)).rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
}

#[cfg(test)]
mod tests {
    use http::header::HOST;

    use super::*;

    fn said(max_age_secs: u64, secure: bool, host: &str) -> Option<HeaderValue> {
        let (head, ()) = http::Request::builder().header(HOST, host).body(()).unwrap().into_parts();
        Hsts::new(max_age_secs).to(Peer { address: [127, 0, 0, 1].into(), secure }, &head)
    }

    #[test]
    fn those_who_came_over_tls_are_told_and_nobody_else() {
        assert_eq!(said(60, true, "id.example.com:8443").unwrap(), "max-age=60");
        assert_eq!(said(60, false, "id.example.com"), None);
        assert_eq!(said(0, true, "id.example.com"), None);
        assert_eq!(said(60, true, "localhost:8443"), None);
        assert_eq!(said(60, true, "acme.LOCALHOST"), None);
        assert_eq!(said(60, true, "localhost.:8443"), None);
    }
}
