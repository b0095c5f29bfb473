//! Scope: a space-separated set of case-sensitive tokens (RFC 6749 §3.3).

use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A set of scope tokens in the order they were first named, kept as the string that goes on the wire.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(Arc<str>);

/// The most tokens of one `scope` parameter; as many as a resource server may know, and OpenID Connect's own.
pub const TOKENS_MAX: usize = 1_024;

/// Up to so many tokens are compared with each other; more are hashed, or strangers would choose our cost.
const FEW: usize = 16;

/// Scope tokens as a record lists them, beside the set of them, which is made once and not for every token issued.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct ScopeList {
    tokens: Vec<String>,
    set: Scope,
}

/// The text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadScope {
    /// It holds a character that no scope token may hold.
    #[error("scope holds a character outside section 3.3 of RFC 6749")]
    Character,
    /// It holds more than [`TOKENS_MAX`] tokens.
    #[error("scope holds too many tokens")]
    TooMany,
}

impl Scope {
    /// The empty set.
    pub fn empty() -> Self {
        Self(Arc::from(""))
    }

    /// Reads a `scope` parameter; repeated tokens and repeated spaces are folded.
    ///
    /// # Errors
    /// [`BadScope`] when a character is not in `%x21 / %x23-5B / %x5D-7E` (RFC 6749 §3.3), or there are more than
    /// [`TOKENS_MAX`] tokens.
    pub fn parse(text: &str) -> Result<Self, BadScope> {
        let legal = |byte: u8| matches!(byte, b' ' | 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if !text.bytes().all(legal) {
            return Err(BadScope::Character);
        }
        if text.bytes().filter(|byte| *byte == b' ').count() >= TOKENS_MAX {
            return Err(BadScope::TooMany);
        }
        if is_canonical(text) {
            return Ok(Self(Arc::from(text)));
        }
        Ok(text.split(' ').filter(|token| !token.is_empty()).collect())
    }

    /// The tokens, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace()
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

impl ScopeList {
    /// The set of them.
    pub fn set(&self) -> &Scope {
        &self.set
    }
}

impl From<Vec<String>> for ScopeList {
    fn from(tokens: Vec<String>) -> Self {
        let set = tokens.iter().map(String::as_str).collect();
        Self { tokens, set }
    }
}

impl From<ScopeList> for Vec<String> {
    fn from(list: ScopeList) -> Self {
        list.tokens
    }
}

impl Default for ScopeList {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl Deref for ScopeList {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.tokens
    }
}

impl fmt::Debug for ScopeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens.fmt(f)
    }
}

/// One space between tokens, none around, no token twice.
fn is_canonical(text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    // Byte by byte: tokens are too short for a search to pay.
    let tokens = || text.as_bytes().split(|byte| *byte == b' ');
    let mut few = [&b""[..]; FEW];
    for (nth, token) in tokens().enumerate() {
        let Some(room) = few.get_mut(nth) else {
            let mut seen = HashSet::new();
            return tokens().all(|token| !token.is_empty() && seen.insert(token));
        };
        *room = token;
        if token.is_empty() || few.iter().take(nth).any(|earlier| *earlier == token) {
            return false;
        }
    }
    true
}

impl<'a> FromIterator<&'a str> for Scope {
    fn from_iter<I: IntoIterator<Item = &'a str>>(tokens: I) -> Self {
        let mut kept: Vec<&str> = Vec::new();
        let mut hashed: HashSet<&str> = HashSet::new();
        for token in tokens.into_iter().filter(|token| !token.is_empty()) {
            if kept.len() == FEW && hashed.is_empty() {
                hashed.extend(&kept);
            }
            let is_new = if hashed.is_empty() { !kept.contains(&token) } else { hashed.insert(token) };
            if is_new {
                kept.push(token);
            }
        }
        Self(Arc::from(kept.join(" ")))
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
            assert_eq!(Scope::parse(bad), Err(BadScope::Character), "{bad:?}");
        }
    }

    #[test]
    fn many_tokens_fold_like_few_and_too_many_are_refused() {
        let of = |count: usize| (0..count).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
        for count in [1, FEW - 1, FEW, FEW + 1, 4 * FEW, TOKENS_MAX] {
            let plain = of(count);
            assert_eq!(Scope::parse(&plain).unwrap().as_str(), plain);
            let twice = plain.split(' ').chain(plain.split(' ')).collect::<Scope>();
            assert_eq!(twice.as_str(), plain);
            let last = format!("s{}", count - 1);
            assert_eq!(Scope::parse(&format!("{last} {}", of(count - 1))).unwrap().iter().count(), count);
        }
        assert_eq!(Scope::parse(&of(TOKENS_MAX + 1)), Err(BadScope::TooMany));
        assert_eq!(Scope::parse(&" ".repeat(60_000)), Err(BadScope::TooMany));
    }

    #[test]
    fn a_list_is_stored_as_it_is_and_has_its_set_at_hand() {
        let list: ScopeList = serde_json::from_str(r#"["b","a","b"]"#).unwrap();
        assert_eq!((list.set().as_str(), list.len()), ("b a", 3));
        assert_eq!(serde_json::to_string(&list).unwrap(), r#"["b","a","b"]"#);
        assert!(ScopeList::default().set().is_empty());
    }

    #[test]
    fn subset_and_filter() {
        let all = Scope::parse("read write admin").unwrap();
        let some = Scope::parse("write read").unwrap();
        assert!(some.is_subset(&all) && !all.is_subset(&some) && Scope::empty().is_subset(&some));
        assert_eq!(all.filtered(|token| token != "write").as_str(), "read admin");
    }
}
