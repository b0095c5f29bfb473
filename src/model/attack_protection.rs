//! How a tenant defends its accounts against guessing; names, shapes and defaults are Auth0's.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::config::listeners::Network;

/// Everything of a tenant's attack protection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttackProtection {
    /// Wrong passwords for one account.
    pub brute_force_protection: BruteForce,
    /// Wrong passwords, and signups, from one address.
    pub suspicious_ip_throttling: SuspiciousAddresses,
    /// Passwords that are known to have leaked.
    pub breached_password_detection: BreachedPasswords,
}

/// Wrong passwords for one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BruteForce {
    /// Whether they are counted at all.
    pub enabled: bool,
    /// What happens when there were too many.
    pub shields: Vec<BruteForceShield>,
    /// Addresses, or networks such as `10.0.0.0/8`, whose tries do not count.
    pub allowlist: Vec<String>,
    /// What is counted together.
    pub mode: CountMode,
    /// How many are too many; 1 to 100.
    pub max_attempts: u32,
}

/// What happens when there were too many wrong passwords for one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BruteForceShield {
    /// No further password is looked at.
    Block,
    /// The user is told by mail, with a link that unblocks.
    UserNotification,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountMode {
    /// All tries for one account: whoever guesses can lock its owner out.
    CountPerIdentifier,
    /// Tries for one account from one address.
    #[default]
    CountPerIdentifierAndIp,
}

/// Wrong passwords, and signups, from one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SuspiciousAddresses {
    /// Whether they are counted at all.
    pub enabled: bool,
    /// What happens when there were too many.
    pub shields: Vec<AddressShield>,
    /// Addresses, or networks, that are never throttled.
    pub allowlist: Vec<String>,
    /// How many are too many.
    pub stage: Stages,
}

/// What happens when there was too much from one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressShield {
    /// The tenant's log says so. It always does.
    AdminNotification,
    /// Nothing more is looked at.
    Block,
}

/// How much from one address is too much, by what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stages {
    /// Wrong passwords.
    #[serde(rename = "pre-login")]
    pub pre_login: Throttle,
    /// Signups, and messages asked for.
    #[serde(rename = "pre-user-registration")]
    pub pre_user_registration: Throttle,
}

/// So many at once, and then one per interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// How many at once; 1 to 100000.
    pub max_attempts: u32,
    /// How long one more takes, in milliseconds; 1 to a day.
    pub rate: u64,
}

/// Passwords that are known to have leaked; which those are, the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreachedPasswords {
    /// Whether anybody looks.
    pub enabled: bool,
    /// What happens when one is used to log in.
    pub shields: Vec<BreachShield>,
    /// Auth0's word for its data; there is one kind here.
    pub method: BreachMethod,
    /// What happens when one is chosen.
    pub stage: BreachStages,
}

/// What happens when a leaked password is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreachShield {
    /// The tenant's log says so. It always does.
    AdminNotification,
    /// It is refused.
    Block,
}

/// Auth0's `method`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreachMethod {
    /// The only one.
    #[default]
    Standard,
}

/// What happens when a leaked password is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreachStages {
    /// By somebody new.
    #[serde(rename = "pre-user-registration")]
    pub pre_user_registration: BreachStage,
    /// By somebody who had another.
    #[serde(rename = "pre-change-password")]
    pub pre_change_password: BreachStage,
}

/// What happens at one stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreachStage {
    /// What is done.
    pub shields: Vec<BreachShield>,
}

impl BruteForce {
    /// Whether tries from `address` are counted.
    pub fn counts(&self, address: IpAddr) -> bool {
        self.enabled && !self.shields.is_empty() && !names(&self.allowlist, address)
    }

    /// Whether `shield` is up.
    pub fn has(&self, shield: BruteForceShield) -> bool {
        self.shields.contains(&shield)
    }

    /// What a try from `address` is counted under.
    pub fn mark(&self, address: IpAddr) -> String {
        match self.mode {
            CountMode::CountPerIdentifier => String::new(),
            CountMode::CountPerIdentifierAndIp => origin(address),
        }
    }
}

impl SuspiciousAddresses {
    /// Whether what comes from `address` is counted.
    pub fn counts(&self, address: IpAddr) -> bool {
        self.enabled && self.shields.contains(&AddressShield::Block) && !names(&self.allowlist, address)
    }
}

/// What everybody who can use `address` is counted under: for IPv6 its /64, for a subscriber has at least all of that.
pub fn origin(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            format!("{}/64", Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
    }
}

/// Whether `list` names `address` or a network around it.
fn names(list: &[String], address: IpAddr) -> bool {
    list.iter().filter_map(|text| text.parse::<Network>().ok()).any(|network| network.contains(address))
}

impl Default for BruteForce {
    fn default() -> Self {
        Self {
            enabled: true,
            shields: vec![BruteForceShield::Block, BruteForceShield::UserNotification],
            allowlist: Vec::new(),
            mode: CountMode::default(),
            max_attempts: 10,
        }
    }
}

impl Default for SuspiciousAddresses {
    fn default() -> Self {
        Self {
            enabled: true,
            shields: vec![AddressShield::AdminNotification, AddressShield::Block],
            allowlist: Vec::new(),
            stage: Stages::default(),
        }
    }
}

impl Default for Stages {
    fn default() -> Self {
        Self {
            pre_login: Throttle { max_attempts: 100, rate: 864_000 },
            pre_user_registration: Throttle { max_attempts: 50, rate: 1_200 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_listed_does_not_count() {
        let here: IpAddr = "10.1.2.3".parse().unwrap();
        let mut brute_force = BruteForce::default();
        assert!(brute_force.counts(here));
        brute_force.allowlist = vec!["nonsense".into(), "10.0.0.0/8".into()];
        assert!(!brute_force.counts(here) && brute_force.counts("11.0.0.1".parse().unwrap()));
        brute_force = BruteForce { enabled: false, ..BruteForce::default() };
        assert!(!brute_force.counts(here));
    }

    #[test]
    fn a_subscriber_is_one_however_many_addresses_they_have() {
        let of = |text: &str| origin(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(
            (of("192.0.2.7"), of("::ffff:192.0.2.7")),
            ("192.0.2.7".to_owned(), "192.0.2.7".to_owned())
        );
    }

    #[test]
    fn the_shapes_are_auth0s() {
        let json = serde_json::to_value(AttackProtection::default()).unwrap();
        assert_eq!(json["brute_force_protection"]["mode"], "count_per_identifier_and_ip");
        assert_eq!(
            json["brute_force_protection"]["shields"],
            serde_json::json!(["block", "user_notification"])
        );
        assert_eq!(json["suspicious_ip_throttling"]["stage"]["pre-login"]["rate"], 864_000);
        assert_eq!(json["breached_password_detection"]["method"], "standard");
    }
}
