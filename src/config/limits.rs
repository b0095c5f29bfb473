//! The `limits` section: bounds on what a caller may ask of a listener.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::StoreKind;
use super::error::{ConfigError, within};

/// What `in_flight_max` is for each core when it is not set; on a Redis Cluster it is [`IN_FLIGHT_PER_CORE_ON_CLUSTER`].
const IN_FLIGHT_PER_CORE: usize = 512;

/// Enough for 30,000 requests a second that take 4 ms there each, and few enough that what they hold stays in a core's caches.
const IN_FLIGHT_PER_CORE_ON_CLUSTER: usize = 128;

/// Bounds on connections, requests and time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Largest request body, in bytes; a longer one is answered 413.
    pub body_bytes_max: usize,
    /// Largest request line plus headers, in bytes; more is answered 431.
    pub header_bytes_max: usize,
    /// Most headers of one request; more is answered 431.
    pub headers_max: usize,
    /// Milliseconds that request line and headers may take once begun (and a TLS handshake); then 408.
    pub header_read_timeout_ms: u64,
    /// Milliseconds that a request body may take; then 408.
    pub body_read_timeout_ms: u64,
    /// Milliseconds that a request may take from its headers to its answer; then 503.
    pub request_deadline_ms: u64,
    /// Milliseconds that a connection may lie idle between requests; then it is closed.
    pub keep_alive_idle_ms: u64,
    /// Most connections of one listener; one more is answered 503.
    pub connections_max: usize,
    /// Most requests in work at one listener; one more waits for its turn. 0 is 512 per core, 128 on a Redis
    /// Cluster. As many bodies of more than 8 KiB may be on their way; one more is answered 503.
    pub in_flight_max: usize,
    /// Milliseconds that a request may wait for its turn; then 503. 0 refuses at once. With less than a core needs for all
    /// who wait, it refuses the same callers again and again, and has the less time for answers.
    pub in_flight_wait_ms: u64,
    /// Most requests that wait for their turn at one listener; one more is answered 503 at once. 0 is `connections_max`.
    pub in_flight_waiting_max: usize,
    /// Most concurrent streams of one HTTP/2 connection.
    pub http2_streams_max: u32,
    /// Seconds that requests in work may still take after a stop was asked for.
    pub drain_secs: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 64 * 1024,
            header_bytes_max: 16 * 1024,
            headers_max: 64,
            header_read_timeout_ms: 10_000,
            body_read_timeout_ms: 10_000,
            request_deadline_ms: 10_000,
            keep_alive_idle_ms: 75_000,
            connections_max: 10_000,
            in_flight_max: 0,
            in_flight_wait_ms: 1000,
            in_flight_waiting_max: 0,
            http2_streams_max: 256,
            drain_secs: 30,
        }
    }
}

impl Limits {
    /// Time that a request may take from its headers to its answer.
    pub fn request_deadline(&self) -> Duration {
        Duration::from_millis(self.request_deadline_ms)
    }

    /// Time that a request body may take.
    pub fn body_read_timeout(&self) -> Duration {
        Duration::from_millis(self.body_read_timeout_ms)
    }

    /// Time that headers, or a TLS handshake, may take.
    pub fn header_read_timeout(&self) -> Duration {
        Duration::from_millis(self.header_read_timeout_ms)
    }

    /// Time that a connection may lie idle between requests.
    pub fn keep_alive_idle(&self) -> Duration {
        Duration::from_millis(self.keep_alive_idle_ms)
    }

    /// Time that requests in work may still take after a stop was asked for.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_secs)
    }

    /// Requests that may be in work at one listener at the same time.
    pub fn in_flight(&self) -> usize {
        if self.in_flight_max == 0 { IN_FLIGHT_PER_CORE * super::cores() } else { self.in_flight_max }
    }

    /// These limits, with what was left to the store chosen for `store`.
    #[must_use]
    pub fn on(mut self, store: StoreKind) -> Self {
        if store == StoreKind::Cluster && self.in_flight_max == 0 {
            self.in_flight_max = IN_FLIGHT_PER_CORE_ON_CLUSTER * super::cores();
        }
        self
    }

    /// Requests that may wait for their turn at one listener.
    pub fn in_flight_waiting(&self) -> usize {
        if self.in_flight_waiting_max == 0 { self.connections_max } else { self.in_flight_waiting_max }
    }

    /// Time that a request may wait for its turn.
    pub fn in_flight_wait(&self) -> Duration {
        Duration::from_millis(self.in_flight_wait_ms)
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        within("limits.body_bytes_max", &self.body_bytes_max, &(1024..=16 * 1024 * 1024))?;
        within("limits.header_bytes_max", &self.header_bytes_max, &(8 * 1024..=1024 * 1024))?;
        within("limits.headers_max", &self.headers_max, &(8..=1024))?;
        within("limits.header_read_timeout_ms", &self.header_read_timeout_ms, &(100..=600_000))?;
        within("limits.body_read_timeout_ms", &self.body_read_timeout_ms, &(100..=600_000))?;
        within("limits.request_deadline_ms", &self.request_deadline_ms, &(100..=600_000))?;
        within("limits.keep_alive_idle_ms", &self.keep_alive_idle_ms, &(100..=3_600_000))?;
        within("limits.connections_max", &self.connections_max, &(1..=1_000_000))?;
        within("limits.in_flight_max", &self.in_flight_max, &(0..=1_000_000))?;
        within("limits.in_flight_wait_ms", &self.in_flight_wait_ms, &(0..=10_000))?;
        within("limits.in_flight_waiting_max", &self.in_flight_waiting_max, &(0..=1_000_000))?;
        within("limits.http2_streams_max", &self.http2_streams_max, &(1..=65_535))?;
        within("limits.drain_secs", &self.drain_secs, &(0..=3600))
    }
}
