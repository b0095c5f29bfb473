//! Access tokens whose signature held a moment ago: a resource server asks about the same one again and again.
//!
//! Only the signature is remembered, with what it covers. Whether the token is live is judged anew each time.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::engine::access_tokens::AccessClaims;
use crate::signing::keyset::KeySet;

/// How long a token that nobody asks about is remembered.
const IDLE: Duration = Duration::from_mins(5);

/// Verified tokens by their SHA-256.
pub struct KnownTokens {
    known: moka::sync::Cache<[u8; 32], Known>,
}

/// What a token said when `keys` verified it.
#[derive(Clone)]
struct Known {
    /// The very set, which stays alive here: another one, in which a key may be revoked, is never at its address.
    keys: Arc<KeySet>,
    claims: Arc<AccessClaims>,
}

impl KnownTokens {
    /// Remembers at most `most` tokens.
    pub fn new(most: u64) -> Self {
        Self { known: moka::sync::Cache::builder().max_capacity(most).time_to_idle(IDLE).build() }
    }

    /// What `token` says, if it was verified by exactly these `keys`.
    pub fn find(&self, keys: &Arc<KeySet>, token: &str) -> Option<Arc<AccessClaims>> {
        let known = self.known.get(&digest(token))?;
        Arc::ptr_eq(&known.keys, keys).then_some(known.claims)
    }

    /// Remembers what `token` says, which `keys` have verified.
    pub fn remember(&self, keys: &Arc<KeySet>, token: &str, claims: &Arc<AccessClaims>) {
        let known = Known { keys: Arc::clone(keys), claims: Arc::clone(claims) };
        self.known.insert(digest(token), known);
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
