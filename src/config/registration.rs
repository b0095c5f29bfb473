//! The `registration` section: bounds on clients that register themselves.

use serde::{Deserialize, Serialize};

use super::error::{ConfigError, within};

/// Bounds on dynamic registration (RFC 7591), which a tenant allows or not.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registration {
    /// Clients that a tenant may have before nobody can register one more; administrators still can.
    pub clients_max: u64,
    /// Registrations from one address in an hour, at one node; one more is answered 429.
    pub per_address_hourly_max: u32,
}

impl Default for Registration {
    fn default() -> Self {
        Self { clients_max: 1000, per_address_hourly_max: 20 }
    }
}

impl Registration {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        within("registration.clients_max", &self.clients_max, &(1..=1_000_000))?;
        within("registration.per_address_hourly_max", &self.per_address_hourly_max, &(1..=1_000_000))
    }
}
