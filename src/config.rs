//! Configuration: defaults ← file ← environment; one section per file; unknown keys are refused.

pub mod attacks;
pub mod audit;
pub mod breaches;
pub mod cache;
pub mod cluster;
pub mod custom_domains;
pub mod deliveries;
pub mod embedded;
pub mod error;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod listeners;
pub mod logging;
pub mod mail;
pub mod management;
mod optional;
pub mod outgoing;
mod overlay;
pub mod passwords;
mod ranges;
pub mod registration;
pub mod ring;
pub mod secrets;
pub mod sessions;
pub mod tenants;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use error::ConfigError;

/// The whole effective configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which store holds everything.
    pub store: StoreKind,
    /// The key under which everything is sealed; see [`secrets::Secret::key_bytes`].
    pub master_key: secrets::Secret,
    /// The number of the master key, sealed into every artifact so that the key can be replaced.
    pub master_key_epoch: u8,
    /// Retired master keys that still open what they sealed, each as `epoch:base64`.
    pub previous_master_keys: Vec<secrets::PreviousKey>,
    /// The management client ensured at start.
    pub bootstrap: secrets::Bootstrap,
    /// The listener for applications and browsers.
    pub public: listeners::Listener,
    /// The listener for health, metrics and version.
    pub operations: listeners::Listener,
    /// Bounds on what a caller may ask of a listener.
    pub limits: limits::Limits,
    /// Names and addresses of tenants.
    pub tenants: tenants::Tenants,
    /// Logs.
    pub logging: logging::Logging,
    /// The embedded store.
    pub embedded: embedded::Embedded,
    /// The Redis Cluster.
    pub cluster: cluster::Cluster,
    /// Signing keys.
    pub keys: keys::Keys,
    /// Password hashing.
    pub passwords: passwords::Passwords,
    /// Rotations on this node.
    pub ring: ring::Ring,
    /// What this node remembers of the store.
    pub cache: cache::Cache,
    /// Log events on their way to the store.
    pub audit: audit::Audit,
    /// Logins of people.
    pub sessions: sessions::Sessions,
    /// Messages to people.
    pub mail: mail::Mail,
    /// Clients that register themselves.
    pub registration: registration::Registration,
    /// Guessing passwords.
    pub attacks: attacks::Attacks,
    /// Leaked passwords.
    pub breaches: breaches::Breaches,
    /// The proof of custom domains.
    pub custom_domains: custom_domains::CustomDomains,
    /// The callers of the management API.
    pub management: management::Management,
    /// What must reach somebody outside.
    pub deliveries: deliveries::Deliveries,
    /// Requests of this server's own.
    pub outgoing: outgoing::Outgoing,
    /// Background jobs.
    pub jobs: jobs::Jobs,
}

/// Which store holds everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// Redis Cluster, section `cluster`.
    Cluster,
    /// Files of this process, section `embedded`.
    Embedded,
}

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

impl Default for Config {
    fn default() -> Self {
        Self {
            store: StoreKind::Embedded,
            master_key: secrets::Secret::default(),
            master_key_epoch: 1,
            previous_master_keys: Vec::new(),
            bootstrap: secrets::Bootstrap::default(),
            public: listeners::Listener::public(),
            operations: listeners::Listener::operations(),
            limits: limits::Limits::default(),
            tenants: tenants::Tenants::default(),
            logging: logging::Logging::default(),
            embedded: embedded::Embedded::default(),
            cluster: cluster::Cluster::default(),
            keys: keys::Keys::default(),
            passwords: passwords::Passwords::default(),
            ring: ring::Ring::default(),
            cache: cache::Cache::default(),
            audit: audit::Audit::default(),
            sessions: sessions::Sessions::default(),
            mail: mail::Mail::default(),
            registration: registration::Registration::default(),
            attacks: attacks::Attacks::default(),
            breaches: breaches::Breaches::default(),
            custom_domains: custom_domains::CustomDomains::default(),
            management: management::Management::default(),
            deliveries: deliveries::Deliveries::default(),
            outgoing: outgoing::Outgoing::default(),
            jobs: jobs::Jobs::default(),
        }
    }
}

impl Config {
    /// Reads the file at `path` over the defaults, and `env` over both. Of `env`, only names that start with
    /// `JETON__`, and the few short ones of [`secrets`], are looked at.
    ///
    /// # Errors
    /// An unreadable file, a syntax error, an unknown key, a wrong type or a value out of range; each names its key.
    pub fn load(
        path: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = overlay::table_of(&Self::default())?;
        if let Some(path) = path {
            overlay::lay_file(&mut table, path)?;
        }
        let named = overlay::lay_env(&mut table, env)?;
        let config: Self = serde_path_to_error::deserialize(toml::Value::Table(table)).map_err(|error| {
            let key = error.path().to_string();
            let source = named.get(&key).cloned();
            ConfigError::Key { key, named_by: source, problem: error.into_inner().message().to_owned() }
        })?;
        config.validate()?;
        Ok(config)
    }

    /// The configuration in effect as TOML, every secret shown as `…`.
    pub fn redacted(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_else(|cause| format!("# cannot be printed: {cause}\n"))
    }

    fn validate(&self) -> Result<(), ConfigError> {
        secrets::validate(self)?;
        self.public.validate("public")?;
        self.operations.validate("operations")?;
        self.limits.validate()?;
        self.tenants.validate()?;
        self.logging.validate()?;
        self.mail.validate()?;
        self.registration.validate()?;
        self.breaches.validate()?;
        ranges::validate(self)
    }
}

#[cfg(test)]
mod tests;
