//! The one context that handlers get: time, dice, keys, caches and the atomic verbs behind narrow methods.

use std::sync::Arc;

use crate::actors::Actors;
use crate::actors::deliveries::Web;
use crate::clock::{Clock, Entropy, UnixMs};
use crate::config;
use crate::model::log_event::LogEvent;
use crate::model::signing_key::Algorithm;
use crate::protocol::ids::TenantId;
use crate::protocol::oauth_error::OAuthError;
use crate::signing::keyset::KeySet;
use crate::signing::sealing::Sealer;
use crate::store::SharedStore;
use crate::store::cached::Cached;
use crate::telemetry::metrics::Metrics;
use crate::tenancy::Tenancy;

pub mod access_tokens;
pub mod accounts;
pub mod attempts;
pub mod authorization;
pub mod breaches;
pub mod consents;
pub mod cross_origin;
pub mod custom_domains;
pub mod dns;
pub mod endings;
pub mod hints;
pub mod invitations;
pub mod jobs;
pub mod known_tokens;
pub mod letters;
pub mod logout;
mod logout_notice;
pub mod mail;
pub mod management_api;
pub mod organizations;
pub mod own_account;
pub mod particulars;
pub mod passwordless;
pub mod people;
pub mod presence;
pub mod quotas;
pub mod records;
pub mod refresh_tokens;
pub mod registrar;
pub mod registrations;
pub mod secret_memo;
pub mod serial;
pub mod sessions;
pub mod signups;
pub mod targets;
pub mod tenants;
pub mod tickets;

use attempts::Attempts;
use breaches::Breaches;
use dns::Dns;
use endings::Endings;
use jobs::Yard;
use known_tokens::KnownTokens;
use mail::Mailer;
use quotas::Quotas;
use quotas::log_events::LogQuota;
use registrations::Registrations;
use secret_memo::SecretMemo;
use serial::Serial;
use tenants::Demolitions;

/// What the engine is made of; boot makes it.
pub struct Parts {
    /// The supervised actors.
    pub actors: Actors,
    /// How long guesses are held against somebody.
    pub attacks: config::attacks::Attacks,
    /// Leaked passwords.
    pub breaches: Breaches,
    /// The time.
    pub clock: Clock,
    /// The dice.
    pub entropy: Entropy,
    /// How custom domains are proved.
    pub custom_domains: config::custom_domains::CustomDomains,
    /// What sends messages to people.
    pub mailer: Mailer,
    /// How much of the management API one client may use.
    pub management: config::management::Management,
    /// What makes requests to other servers.
    pub web: Arc<dyn Web>,
    /// How much may be done in the background.
    pub jobs: config::jobs::Jobs,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// Bounds on clients that register themselves.
    pub registration: crate::config::registration::Registration,
    /// What seals and opens.
    pub sealer: Sealer,
    /// The store.
    pub store: SharedStore,
    /// The tenants.
    pub tenancy: Arc<Tenancy>,
    /// How many verified access tokens are remembered.
    pub access_tokens_known: u64,
    /// For how long clients may keep the key set and discovery documents, in seconds.
    pub documents_max_age_secs: u64,
    /// How long the note of a session's last use may be old before a new use is noted, in seconds.
    pub session_touch_secs: u64,
    /// About how many families one session may have.
    pub families_max: u16,
    /// What is written to a tenant's log.
    pub audit: config::audit::Audit,
}

/// The engine. Handlers hold it behind an `Arc`.
pub struct Engine {
    parts: Parts,
    yard: Yard,
    attempts: Attempts,
    demolitions: Demolitions,
    dns: Dns,
    quotas: Quotas,
    registrations: Registrations,
    /// Held while the tenants are read and taken over.
    reloading: tokio::sync::Mutex<()>,
    endings: Arc<Endings>,
    known_tokens: KnownTokens,
    log_quota: LogQuota,
    secret_memo: SecretMemo,
    serial: Serial,
}

impl Engine {
    /// An engine made of `parts`.
    ///
    /// # Errors
    /// `server_error` when there is no randomness.
    pub fn new(parts: Parts) -> Result<Self, OAuthError> {
        let serial = Serial::new(&parts.entropy)?;
        let secret_memo = SecretMemo::new(&parts.entropy)?;
        let surroundings = endings::Surroundings {
            clock: parts.clock.clone(),
            entropy: parts.entropy.clone(),
            store: Arc::clone(&parts.store),
            tenancy: Arc::clone(&parts.tenancy),
            web: Arc::clone(&parts.web),
        };
        let endings = Endings::new(&parts.actors, surroundings);
        let registrations = Registrations::new(parts.registration.clone());
        let quotas = Quotas::new(&parts.management, parts.clock.clone());
        let (attempts, demolitions) = (Attempts::new(parts.attacks.clone()), Demolitions::default());
        let (dns, reloading) = (Dns::new(&parts.custom_domains), tokio::sync::Mutex::default());
        let yard = Yard::new(&parts.jobs);
        let known_tokens = KnownTokens::new(parts.access_tokens_known);
        let log_quota = LogQuota::new(&parts.audit, parts.clock.clone());
        Ok(Self {
            parts,
            yard,
            attempts,
            demolitions,
            dns,
            quotas,
            registrations,
            reloading,
            endings,
            known_tokens,
            log_quota,
            secret_memo,
            serial,
        })
    }

    /// The present instant.
    pub fn now(&self) -> UnixMs {
        self.parts.clock.now()
    }

    /// The clock itself, for parts that outlive a request.
    pub fn clock(&self) -> &Clock {
        &self.parts.clock
    }

    /// The dice.
    pub fn entropy(&self) -> &Entropy {
        &self.parts.entropy
    }

    /// The counters.
    pub fn metrics(&self) -> &Metrics {
        &self.parts.metrics
    }

    /// The counters, for parts that outlive a request.
    pub fn shared_metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.parts.metrics)
    }

    /// The tenants.
    pub fn tenancy(&self) -> &Tenancy {
        &self.parts.tenancy
    }

    /// Documents by way of their caches.
    pub fn cached(&self) -> &Cached {
        &self.parts.actors.cached
    }

    /// The supervised actors.
    pub fn actors(&self) -> &Actors {
        &self.parts.actors
    }

    /// The store, for verbs that no cache or actor stands before.
    pub fn store(&self) -> &SharedStore {
        &self.parts.store
    }

    /// What seals and opens.
    pub fn sealer(&self) -> &Sealer {
        &self.parts.sealer
    }

    /// What sends messages to people.
    pub fn mailer(&self) -> &Mailer {
        &self.parts.mailer
    }

    /// What ends sessions.
    pub fn endings(&self) -> &Arc<Endings> {
        &self.endings
    }

    /// Wrong passwords, counted.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// Registrations, counted.
    pub fn registrations(&self) -> &Registrations {
        &self.registrations
    }

    /// Passwords that are known to have leaked.
    pub fn breaches(&self) -> &Breaches {
        &self.parts.breaches
    }

    /// How often each client may ask the management API.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// The DNS.
    pub fn dns(&self) -> &Dns {
        &self.dns
    }

    /// How custom domains are proved.
    pub fn custom_domain_settings(&self) -> &config::custom_domains::CustomDomains {
        &self.parts.custom_domains
    }

    /// Where background jobs wait and run.
    pub(crate) fn yard(&self) -> &Yard {
        &self.yard
    }

    /// The access tokens whose signature held lately.
    pub fn known_tokens(&self) -> &KnownTokens {
        &self.known_tokens
    }

    /// Chosen client secrets that were right not long ago.
    pub fn secret_memo(&self) -> &SecretMemo {
        &self.secret_memo
    }

    /// For how long clients may keep the key set and discovery documents, in seconds.
    pub fn documents_max_age_secs(&self) -> u64 {
        self.parts.documents_max_age_secs
    }

    /// How long the note of a session's last use may be old, in seconds.
    pub fn session_touch_secs(&self) -> u64 {
        self.parts.session_touch_secs
    }

    /// About how many families one session may have.
    pub fn families_max(&self) -> u16 {
        self.parts.families_max
    }

    /// A token id that no other token has (`jti`, RFC 7519 §4.1.7).
    pub fn next_serial(&self) -> serial::Jti {
        self.serial.next()
    }

    /// Writes to the tenant's log, unless its address has had too many failures written; never waits.
    pub fn log(&self, event: LogEvent) {
        if !self.log_quota.takes(&event) {
            return self.metrics().audit_withheld();
        }
        self.parts.actors.audit.record(event);
    }

    /// Whether successful token requests are written to the tenant's log.
    pub fn logs_token_successes(&self) -> bool {
        self.parts.audit.token_successes
    }

    /// The tenant's keys, with an active one for each of `algorithms`; made now if there was none.
    ///
    /// # Errors
    /// `temporarily_unavailable` when a first key cannot be made.
    pub async fn keys(&self, tenant: &TenantId, algorithms: &[Algorithm]) -> Result<Arc<KeySet>, OAuthError> {
        let keyring = &self.parts.actors.keyring;
        if let Some(keys) = keyring.keys(tenant)
            && algorithms.iter().all(|algorithm| keys.signer(*algorithm).is_some())
        {
            return Ok(keys);
        }
        let mut keys = None;
        for algorithm in algorithms {
            keys = Some(
                keyring
                    .ensure(tenant, *algorithm)
                    .await
                    .map_err(|error| OAuthError::unavailable(format!("no signing key: {error}")))?,
            );
        }
        keys.ok_or_else(|| OAuthError::server_error("no signing algorithm was asked for"))
    }

    /// Whatever keys the tenant has, to verify with; nothing is made.
    ///
    /// # Errors
    /// `temporarily_unavailable` when they are not known yet and cannot be read.
    pub async fn published_keys(&self, tenant: &TenantId) -> Result<Arc<KeySet>, OAuthError> {
        let keyring = &self.parts.actors.keyring;
        match keyring.keys(tenant) {
            Some(keys) => Ok(keys),
            None => keyring.reload(tenant).await.map_err(|error| OAuthError::unavailable(error.to_string())),
        }
    }
}
