//! Clients that register themselves (RFC 7591): how many, and the sealed token with which each manages itself
//! (RFC 7592). The token is not stored and not replaced: it is as good as the client is old, and worth nothing once
//! the client is gone or an administrator has made it the tenant's own.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::config::registration::Registration as Settings;
use crate::engine::Engine;
use crate::model::attack_protection::origin;
use crate::model::client::Client;
use crate::model::record::Kind;
use crate::protocol::ids::TenantId;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::signing::sealing::Purpose;

/// How long a registration counts against its address, in seconds.
const HOUR_SECS: u64 = 3600;

/// Addresses remembered; whoever has more addresses than this meets the bound on clients.
const REMEMBERED_MAX: u64 = 100_000;

/// Registrations, counted per address. The counts are this node's own.
pub struct Registrations {
    settings: Settings,
    counts: Cache<String, Arc<AtomicU32>>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    client: String,
    created_at: UnixMs,
}

impl Registrations {
    /// No registrations so far.
    pub fn new(settings: Settings) -> Self {
        let counts =
            Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(Duration::from_secs(HOUR_SECS));
        Self { settings, counts: counts.build() }
    }

    fn count(&self, tenant: &TenantId, address: IpAddr) -> bool {
        let count = self.counts.get_with(format!("{tenant}\n{}", origin(address)), Arc::default);
        count.fetch_add(1, Ordering::Relaxed) < self.settings.per_address_hourly_max
    }
}

impl Engine {
    /// Whether somebody at `address` may register one more client; it counts from now on.
    ///
    /// # Errors
    /// `too_many_requests` for this address, `access_denied` when the tenant takes no more;
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn admit_registration(&self, tenant: &TenantId, address: IpAddr) -> Result<(), OAuthError> {
        if !self.registrations().count(tenant, address) {
            let description = "Too many registrations from this address";
            let error = OAuthError::new(ErrorCode::TooManyRequests, Fault::Client, description);
            return Err(error.retry_after(HOUR_SECS));
        }
        let standing = self.store().count(tenant, Kind::Client).await?;
        if standing >= self.registrations().settings.clients_max {
            return Err(OAuthError::access_denied(Fault::Tenant, "No more clients can be registered here"));
        }
        Ok(())
    }

    /// The token with which `client` manages itself.
    ///
    /// # Errors
    /// `server_error`.
    pub fn registration_token(&self, client: &Client) -> Result<String, OAuthError> {
        let sealed = Sealed { client: client.client_id.to_string(), created_at: client.created_at };
        let seed = format!("{}\n{}", sealed.client, sealed.created_at.0);
        let sealed =
            self.sealer().seal_facts(Purpose::Registration, &client.tenant, seed.as_bytes(), &sealed);
        sealed.map_err(|error| OAuthError::server_error(error.to_string()))
    }

    /// The client called `id`, if `token` is the one with which it manages itself.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn registered(
        &self,
        tenant: &TenantId,
        id: &str,
        token: &str,
    ) -> Result<Option<Client>, OAuthError> {
        let plain = self.sealer().open(Purpose::Registration, tenant, token);
        let sealed = plain.and_then(|plain| postcard::from_bytes::<Sealed>(&plain).ok());
        let Some(sealed) = sealed.filter(|sealed| sealed.client == id) else { return Ok(None) };
        let found = self.cached().catalog().find::<Client>(tenant, id).await?.map(|found| found.record);
        Ok(found.filter(|client| client.created_at == sealed.created_at && !client.is_first_party))
    }
}
