//! HTTP: listeners, TLS, limits, peers; knows no endpoint.
//!
//! ```text
//! listener   accepts, and turns away what is over the limit
//! tls        shakes hands
//! wire       the byte stream, watched: which phase is this connection in?
//! connection hyper while requests come; told by `roster` when to rest, to finish, that it is late, that it is cut
//! intake     one request: admitted, body read, service called, within its deadline
//! ```
//! No connection owns a timer. One sweep per listener looks at the phases of all connections once a second, and a request
//! pays a few relaxed stores for it.

mod body;
mod connection;
pub mod cookies;
pub mod drain;
pub mod exchange;
mod hsts;
pub mod html;
mod intake;
pub mod listener;
pub mod outgoing;
pub mod peer;
mod pulse;
pub mod refusal;
pub mod reply;
pub mod request_id;
mod roster;
pub mod tls;
mod turns;
mod wire;

use std::future::Future;

use bytes::Bytes;

pub use drain::{Drain, Drained};
pub use listener::{BindError, Bound, serve};
pub use peer::Peer;
pub use request_id::RequestId;

/// A request that has arrived whole.
///
/// There is no `Debug`: headers and body carry credentials.
pub struct Arrival {
    /// Method, target and headers.
    pub head: http::request::Parts,
    /// The body, which is no longer than `limits.body_bytes_max` or what the service allows.
    pub body: Bytes,
    /// Who sent it.
    pub peer: Peer,
    /// What logs call it; the answer carries it as `x-request-id`.
    pub request_id: RequestId,
    /// When transport gives up and answers 503.
    pub deadline: tokio::time::Instant,
}

/// Whoever answers requests.
pub trait Service: Clone + Send + Sync + 'static {
    /// The most bytes that the body of this request may have; `limits.body_bytes_max` when absent.
    fn body_bytes_max(&self, _: &http::request::Parts) -> Option<usize> {
        None
    }

    /// The answer to `arrival`. The future is dropped at the arrival's deadline; a panic in it is answered 500.
    fn call(&self, arrival: Arrival) -> impl Future<Output = http::Response<Bytes>> + Send;
}
