//! The registrar over a running engine: password hashing by its actor, secrets by its sealer.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::actors::passwords::{HashError, Objection, Passwords, Verdict};
use crate::engine::Engine;
use crate::engine::breaches::Breaches;
use crate::engine::records::Registrar;
use crate::engine::records::secrets::{Hashing, HashingError};
use crate::protocol::ids::TenantId;

/// A registrar that saves into the engine's store.
pub fn registrar(engine: &Engine) -> Registrar {
    over(engine, engine.actors().passwords.clone())
}

/// As [`registrar`], whose hashes wait in the line of `tenant`.
pub fn of_tenant(engine: &Engine, tenant: &TenantId) -> Registrar {
    over(engine, engine.actors().passwords.of(tenant))
}

fn over(engine: &Engine, passwords: Passwords) -> Registrar {
    Registrar::new(
        engine.cached().catalog().clone(),
        engine.clock().clone(),
        engine.entropy().clone(),
        engine.sealer().clone(),
        Arc::new(Hashed { passwords, breaches: engine.breaches().clone() }),
    )
    .with_abreast(engine.yard().file_import_abreast())
}

struct Hashed {
    passwords: Passwords,
    breaches: Breaches,
}

#[async_trait::async_trait]
impl Hashing for Hashed {
    async fn hash(&self, password: Zeroizing<String>) -> Result<String, HashingError> {
        self.passwords.hash(password).await.map_err(failed)
    }

    async fn verify(&self, password: Zeroizing<String>, hash: String) -> Result<bool, HashingError> {
        let verdict = self.passwords.verify(password, hash).await.map_err(failed)?;
        Ok(matches!(verdict, Verdict::Match { .. }))
    }

    async fn score(&self, password: Zeroizing<String>, facts: Vec<String>) -> Result<u8, HashingError> {
        self.passwords.score(password, facts).await.map_err(failed)
    }

    async fn has_leaked(&self, password: Zeroizing<String>) -> bool {
        self.breaches.has(password).await
    }

    fn objection(&self, hash: &str) -> Option<Objection> {
        self.passwords.objection(hash)
    }
}

fn failed(error: HashError) -> HashingError {
    match error {
        HashError::Busy { retry_after_secs } => HashingError::Busy { retry_after_secs },
        HashError::Late | HashError::Lost | HashError::Malformed => HashingError::Failed(error.to_string()),
    }
}
