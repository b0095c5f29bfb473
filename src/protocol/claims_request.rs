//! The `claims` parameter (OpenID Connect Core §5.5): what an application wants to find in the ID token and at
//! userinfo beside what its scope releases. Claims that are not known here are ignored, as §5.5 has it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::protocol::oauth_error::OAuthError;

/// The longest `claims` parameter that is read, in bytes.
pub const BYTES_MAX: usize = 4096;

/// The standard claims, and the scope that releases each (OpenID Connect Core §5.4).
const STANDARD: [(&str, &str); 19] = [
    ("address", "address"),
    ("birthdate", "profile"),
    ("email", "email"),
    ("email_verified", "email"),
    ("family_name", "profile"),
    ("gender", "profile"),
    ("given_name", "profile"),
    ("locale", "profile"),
    ("middle_name", "profile"),
    ("name", "profile"),
    ("nickname", "profile"),
    ("phone_number", "phone"),
    ("phone_number_verified", "phone"),
    ("picture", "profile"),
    ("preferred_username", "profile"),
    ("profile", "profile"),
    ("updated_at", "profile"),
    ("website", "profile"),
    ("zoneinfo", "profile"),
];

/// Some of the standard claims, as a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClaimSet(u32);

/// What tokens shall carry, small enough to be sealed into codes and refresh tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// In the ID token.
    pub id_token: ClaimSet,
    /// At userinfo.
    pub userinfo: ClaimSet,
    /// Whether the ID token shall say how the person proved who they are (`acr`).
    pub acr: bool,
}

/// A `claims` parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// What tokens shall carry.
    pub wanted: Wanted,
    /// The only users who may answer; anybody when empty (§5.5.1: `sub` with a value).
    pub subjects: Vec<String>,
    /// The only values of `acr` that will do, when one of them is essential (§5.5.1.1).
    pub essential_acrs: Vec<String>,
}

impl ClaimSet {
    /// The set of these names; unknown ones are left out.
    pub fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut set = Self::default();
        names.for_each(|name| set.insert(name));
        set
    }

    /// Whether `name` is in the set.
    pub fn contains(self, name: &str) -> bool {
        position(name).is_some_and(|at| self.0 & 1 << at != 0)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names in the set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        STANDARD.into_iter().map(|(name, _)| name).filter(move |name| self.contains(name))
    }

    fn insert(&mut self, name: &str) {
        if let Some(at) = position(name) {
            self.0 |= 1 << at;
        }
    }
}

impl Wanted {
    /// Whether tokens carry no more than without a request.
    pub const fn is_empty(self) -> bool {
        self.id_token.is_empty() && self.userinfo.is_empty() && !self.acr
    }

    /// The scopes that would release what is wanted: what a person is told when asked to consent.
    pub fn scopes(self) -> Vec<&'static str> {
        let both = ClaimSet(self.id_token.0 | self.userinfo.0);
        let mut scopes: Vec<_> = both.names().filter_map(scope_of).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }
}

impl ClaimsRequest {
    /// Reads a `claims` parameter.
    ///
    /// # Errors
    /// `invalid_request` when it is too long, no JSON object, or not of the form of §5.5.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        if text.len() > BYTES_MAX {
            return Err(OAuthError::invalid_request("The claims parameter is too long"));
        }
        let request: Map<String, Value> = serde_json::from_str(text).map_err(|_| malformed())?;
        let mut read = Self::default();
        for (place, members) in &request {
            let set = match place.as_str() {
                "id_token" => &mut read.wanted.id_token,
                "userinfo" => &mut read.wanted.userinfo,
                _ => continue,
            };
            if members.is_null() {
                continue;
            }
            let members = members.as_object().ok_or_else(malformed)?;
            for name in members.keys() {
                set.insert(name);
            }
            for (name, details) in members {
                let details = Details::read(details)?;
                match name.as_str() {
                    "sub" => read.demand_subjects(details.values)?,
                    "acr" => {
                        read.wanted.acr = true;
                        if details.essential {
                            read.essential_acrs = details.values;
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(read)
    }

    fn demand_subjects(&mut self, values: Vec<String>) -> Result<(), OAuthError> {
        if !self.subjects.is_empty() && !values.is_empty() && self.subjects != values {
            return Err(OAuthError::invalid_request("The claims parameter demands two subjects"));
        }
        self.subjects.extend(values);
        self.subjects.dedup();
        Ok(())
    }
}

/// The scope that releases the standard claim called `name`.
pub fn scope_of(name: &str) -> Option<&'static str> {
    position(name).map(|at| STANDARD[at].1)
}

/// How a claim is wanted.
struct Details {
    essential: bool,
    values: Vec<String>,
}

impl Details {
    /// `null`, or an object with `essential`, `value` and `values`; other members are ignored.
    fn read(value: &Value) -> Result<Self, OAuthError> {
        let Value::Object(members) = value else {
            return if value.is_null() {
                Ok(Self { essential: false, values: Vec::new() })
            } else {
                Err(malformed())
            };
        };
        let essential = match members.get("essential") {
            None => false,
            Some(flag) => flag.as_bool().ok_or_else(malformed)?,
        };
        let one = members.get("value").into_iter();
        let many = match members.get("values") {
            None => [].as_slice(),
            Some(values) => values.as_array().ok_or_else(malformed)?.as_slice(),
        };
        let values = one.chain(many).filter_map(|value| value.as_str().map(str::to_owned)).collect();
        Ok(Self { essential, values })
    }
}

fn position(name: &str) -> Option<usize> {
    STANDARD.iter().position(|(own, _)| *own == name)
}

fn malformed() -> OAuthError {
    OAuthError::invalid_request(
        "The claims parameter is not a JSON object as section 5.5 of OpenID Connect Core describes it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_reads() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo": {"given_name": {"essential": true}, "nickname": null, "email": {"essential": true},
                "http://example.info/claims/groups": null},
                "id_token": {"auth_time": {"essential": true}, "acr": {"values": ["urn:mace:incommon:iap:silver"]}}}"#,
        )
        .unwrap();
        let names: Vec<_> = request.wanted.userinfo.names().collect();
        assert_eq!(names, ["email", "given_name", "nickname"]);
        assert!(request.wanted.id_token.is_empty() && request.wanted.acr);
        assert!(request.essential_acrs.is_empty(), "a voluntary one");
        assert_eq!(request.wanted.scopes(), ["email", "profile"]);
    }

    #[test]
    fn whatever_has_another_form_is_refused() {
        let long = format!("{{\"x\":\"{}\"}}", "y".repeat(BYTES_MAX));
        for bad in [
            "",
            "[]",
            "{",
            "1",
            r#"{"userinfo":1}"#,
            r#"{"userinfo":{"email":true}}"#,
            r#"{"id_token":{"email":{"essential":"yes"}}}"#,
            r#"{"id_token":{"acr":{"values":"one"}}}"#,
            r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}"#,
            &long,
        ] {
            assert!(ClaimsRequest::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn subjects_and_essential_classes_are_demands() {
        let text = r#"{"id_token":{"sub":{"value":"a"},"acr":{"essential":true,"values":["x","y"]}},"userinfo":null}"#;
        let request = ClaimsRequest::parse(text).unwrap();
        assert_eq!(
            (request.subjects, request.essential_acrs),
            (vec!["a".to_owned()], vec!["x".to_owned(), "y".to_owned()])
        );
        let both = r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"a"}}}"#;
        assert_eq!(ClaimsRequest::parse(both).unwrap().subjects, ["a"]);
    }

    #[test]
    fn a_set_fits_its_bits() {
        let all = ClaimSet::of(STANDARD.into_iter().map(|(name, _)| name));
        assert_eq!(all.names().count(), STANDARD.len());
        assert!(STANDARD.len() <= 32 && !ClaimSet::of(["nonsense"].into_iter()).contains("nonsense"));
    }
}
