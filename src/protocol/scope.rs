//! Scope: a space-separated set of case-sensitive tokens (RFC 6749 §3.3).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A set of scope tokens in the order they were first named, kept as the string that goes on the wire.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(Arc<str>);

/// The text holds a character that no scope token may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scope holds a character outside RFC 6749 §3.3")]
pub struct BadScope;

impl Scope {
    /// The empty set.
    pub fn empty() -> Self {
        Self(Arc::from(""))
    }

    /// Reads a `scope` parameter; repeated tokens and repeated spaces are folded.
    ///
    /// # Errors
    /// [`BadScope`] when a character is not in `%x21 / %x23-5B / %x5D-7E` (RFC 6749 §3.3).
    pub fn parse(text: &str) -> Result<Self, BadScope> {
        let legal = |byte: u8| matches!(byte, b' ' | 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if !text.bytes().all(legal) {
            return Err(BadScope);
        }
        if is_canonical(text) {
            return Ok(Self(Arc::from(text)));
        }
        Ok(text.split(' ').filter(|token| !token.is_empty()).collect())
    }

    /// The tokens, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|token| !token.is_empty())
    }

    /// Whether `token` is in the set.
    pub fn contains(&self, token: &str) -> bool {
        !token.is_empty() && self.iter().any(|own| own == token)
    }

    /// Whether every token of this set is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0 == other.0 || self.iter().all(|token| other.contains(token))
    }

    /// Whether the set has no token.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The set as it travels on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tokens of this set that `keep` accepts, in order; no allocation when all of them are.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        if self.iter().all(&keep) {
            return self.clone();
        }
        self.iter().filter(|token| keep(token)).collect()
    }
}

/// One space between tokens, none around, no token twice.
fn is_canonical(text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    let mut rest = text;
    while let Some((token, tail)) = rest.split_once(' ') {
        if token.is_empty() || tail.split(' ').any(|later| later == token) {
            return false;
        }
        rest = tail;
    }
    !rest.is_empty()
}

impl<'a> FromIterator<&'a str> for Scope {
    fn from_iter<I: IntoIterator<Item = &'a str>>(tokens: I) -> Self {
        let mut seen: Vec<&str> = Vec::new();
        for token in tokens {
            if !token.is_empty() && !seen.contains(&token) {
                seen.push(token);
            }
        }
        Self(Arc::from(seen.join(" ")))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_and_spaces_fold_and_order_stays() {
        let scope = Scope::parse("  b a  b c ").unwrap();
        assert_eq!(scope.as_str(), "b a c");
        assert!(scope.contains("a") && !scope.contains("") && !scope.contains("ab"));
        assert_eq!(Scope::parse("a b a").unwrap().as_str(), "a b");
    }

    #[test]
    fn illegal_characters_are_refused() {
        for bad in ["a\tb", "a\"b", "a\\b", "é", "a\nb"] {
            assert_eq!(Scope::parse(bad), Err(BadScope), "{bad:?}");
        }
    }

    #[test]
    fn subset_and_filter() {
        let all = Scope::parse("read write admin").unwrap();
        let some = Scope::parse("write read").unwrap();
        assert!(some.is_subset(&all) && !all.is_subset(&some) && Scope::empty().is_subset(&some));
        assert_eq!(all.filtered(|token| token != "write").as_str(), "read admin");
    }
}
