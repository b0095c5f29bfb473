//! A tenant's attack protection: Auth0's shapes, within bounds.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::config::listeners::Network;
use crate::engine::records::Refusal;
use crate::engine::records::flaws::{Flaws, read_value};
use crate::model::attack_protection::{AttackProtection, Throttle};

/// The most addresses and networks of a list, as at Auth0.
const LISTED_MAX: usize = 100;

/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// The protection inside its field, so that an error's path begins with it.
#[derive(Deserialize)]
struct Only {
    attack_protection: AttackProtection,
}

/// What stands, with the members that are named in each part laid over it.
pub(super) fn merged(
    standing: &AttackProtection,
    parts: Map<String, Value>,
) -> Result<AttackProtection, Refusal> {
    let mut all = serde_json::to_value(standing).map_err(|error| Refusal::Ours(error.to_string()))?;
    for (name, part) in parts {
        match (all.get_mut(&name).and_then(Value::as_object_mut), part) {
            (Some(own), Value::Object(part)) => lay_over(own, part),
            (_, part) => all[name] = part,
        }
    }
    read_value(json!({ "attack_protection": all })).map(|read: Only| read.attack_protection)
}

/// Members are replaced; stages, which are objects, one by one.
fn lay_over(own: &mut Map<String, Value>, part: Map<String, Value>) {
    for (name, value) in part {
        match (own.get_mut(&name).and_then(Value::as_object_mut), value) {
            (Some(inner), Value::Object(value)) => inner.extend(value),
            (_, value) => {
                own.insert(name, value);
            }
        }
    }
}

pub(super) fn check(protection: &AttackProtection, flaws: &mut Flaws) {
    let brute_force = &protection.brute_force_protection;
    let path = "attack_protection.brute_force_protection";
    flaws.within(format_args!("{path}.max_attempts"), u64::from(brute_force.max_attempts), 1..=100);
    flaws.unique(&format!("{path}.shields"), brute_force.shields.iter(), 2);
    check_list(path, &brute_force.allowlist, flaws);
    let addresses = &protection.suspicious_ip_throttling;
    let path = "attack_protection.suspicious_ip_throttling";
    flaws.unique(&format!("{path}.shields"), addresses.shields.iter(), 2);
    check_list(path, &addresses.allowlist, flaws);
    let stage = addresses.stage;
    for (name, throttle) in
        [("pre-login", stage.pre_login), ("pre-user-registration", stage.pre_user_registration)]
    {
        let Throttle { max_attempts, rate } = throttle;
        flaws.within(format_args!("{path}.stage.{name}.max_attempts"), u64::from(max_attempts), 1..=100_000);
        flaws.within(format_args!("{path}.stage.{name}.rate"), rate, 1..=DAY_MS);
    }
}

fn check_list(path: &str, list: &[String], flaws: &mut Flaws) {
    flaws.unique(&format!("{path}.allowlist"), list.iter(), LISTED_MAX);
    for (at, text) in list.iter().enumerate() {
        let expected = "expected an address or a network such as 10.0.0.0/8";
        flaws.require(text.parse::<Network>().is_ok(), format_args!("{path}.allowlist[{at}]"), expected);
    }
}
