//! What one of each thing costs: as measured (`loadtests/README.md`), or from a file of one's own.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// Unit costs, and how full things may be.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Units {
    /// Engine CPU of one `client_credentials` token, in microseconds.
    pub client_credentials_us: f64,
    /// Engine CPU of one refresh with two tokens on a Redis Cluster, in microseconds.
    pub refresh_us: f64,
    /// Engine CPU of one introspection of a token that was introspected before, in microseconds.
    pub introspection_us: f64,
    /// Engine CPU of one password login, in microseconds: argon2id at 19 MiB, t = 2, p = 1.
    pub login_us: f64,
    /// CPU of one refresh at its primary, in microseconds: the whole process at capacity, of which the function is half,
    /// for a rotation that goes by itself; of ten that go together each takes 11.
    /// Its replica takes a third as much, on a core of its own.
    pub redis_refresh_us: f64,
    /// CPU of one introspection at a primary, in microseconds: whether the session is still there.
    pub redis_introspection_us: f64,
    /// CPU of one password login at the primaries, in microseconds: attack protection, session, family, index of the user,
    /// log event. Their replicas take a third as much.
    pub redis_login_us: f64,
    /// Redis memory of one session with one family and its entry in the user's index, in bytes.
    pub session_bytes: f64,
    /// Redis memory of one user with credential, identifiers and indices, in bytes.
    pub user_bytes: f64,
    /// Memory of one engine, in bytes.
    pub engine_bytes: f64,
    /// Share of an engine core that may be busy; the rest is for bursts and for a node that is away.
    pub engine_busy: f64,
    /// Share of a primary's one core that may be busy.
    pub redis_busy: f64,
    /// What fragmentation, the replication buffer and copy-on-write during a rewrite add to Redis memory.
    pub redis_overhead: f64,
    /// Cores of one engine.
    pub engine_cores: f64,
    /// Connections of one engine to each primary (`cluster.hot_connections` + reading + careful).
    pub connections: f64,
}

impl Default for Units {
    /// As measured on an AMD EPYC (Zen 5) core.
    fn default() -> Self {
        Self {
            client_credentials_us: 18.4,
            refresh_us: 43.8,
            introspection_us: 23.3,
            login_us: 17_500.0,
            redis_refresh_us: 17.6,
            redis_introspection_us: 7.4,
            redis_login_us: 195.0,
            session_bytes: 280.0,
            user_bytes: 2_500.0,
            engine_bytes: 150.0 * 1024.0 * 1024.0,
            engine_busy: 0.5,
            redis_busy: 0.5,
            redis_overhead: 1.4,
            engine_cores: 8.0,
            connections: 5.0,
        }
    }
}

impl Units {
    /// The units in a TOML file; what it leaves out is as measured here.
    ///
    /// # Errors
    /// What is wrong with the file, by name: every value must be above zero, and the shares at most one.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let units: Self = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        units.check().map_err(|fault| format!("{}: {fault}", path.display()))
    }

    fn check(self) -> Result<Self, String> {
        let values = serde_json::to_value(self).map_err(|error| error.to_string())?;
        for (name, value) in values.as_object().into_iter().flatten() {
            if !value.as_f64().is_some_and(|value| value > 0.0) {
                return Err(format!("{name}: expected a number above 0"));
            }
        }
        for (name, share) in [("engine_busy", self.engine_busy), ("redis_busy", self.redis_busy)] {
            if share > 1.0 {
                return Err(format!("{name}: expected a share of at most 1"));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_leaves_out_is_as_measured() {
        let units: Units = toml::from_str("refresh_us = 50.0").unwrap();
        assert_eq!(units, Units { refresh_us: 50.0, ..Units::default() });
        assert!(Units::default().check().is_ok());
    }

    #[test]
    fn the_manual_names_every_unit_with_its_value() {
        let manual = include_str!("../../../loadtests/README.md");
        let (_, block) = manual.split_once("--units FILE`").unwrap();
        let block = block.split("```").nth(1).unwrap().trim_start_matches("toml");
        assert_eq!(toml::from_str::<Units>(block).unwrap(), Units::default());
        let values = serde_json::to_value(Units::default()).unwrap();
        assert!(values.as_object().unwrap().keys().all(|name| block.contains(&format!("\n{name} = "))));
    }

    #[test]
    fn nonsense_is_named() {
        let none = Units { login_us: 0.0, ..Units::default() };
        assert_eq!(none.check(), Err("login_us: expected a number above 0".to_owned()));
        let nan = Units { refresh_us: f64::NAN, ..Units::default() };
        assert_eq!(nan.check(), Err("refresh_us: expected a number above 0".to_owned()));
        let full = Units { redis_busy: 1.5, ..Units::default() };
        assert_eq!(full.check(), Err("redis_busy: expected a share of at most 1".to_owned()));
    }
}
