//! The registrar over a running engine: password hashing by its actor, secrets by its sealer.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::actors::passwords::{HashError, Objection, Passwords, Verdict};
use crate::engine::Engine;
use crate::engine::records::Registrar;
use crate::engine::records::secrets::{Hashing, HashingError};

/// A registrar that saves into the engine's store.
pub fn registrar(engine: &Engine) -> Registrar {
    Registrar::new(
        engine.cached().catalog().clone(),
        engine.clock().clone(),
        engine.entropy().clone(),
        engine.sealer().clone(),
        Arc::new(Hashed(engine.actors().passwords.clone())),
    )
}

struct Hashed(Passwords);

#[async_trait::async_trait]
impl Hashing for Hashed {
    async fn hash(&self, password: Zeroizing<String>) -> Result<String, HashingError> {
        self.0.hash(password).await.map_err(failed)
    }

    async fn verify(&self, password: Zeroizing<String>, hash: String) -> Result<bool, HashingError> {
        let verdict = self.0.verify(password, hash).await.map_err(failed)?;
        Ok(matches!(verdict, Verdict::Match { .. }))
    }

    fn objection(&self, hash: &str) -> Option<Objection> {
        self.0.objection(hash)
    }
}

fn failed(error: HashError) -> HashingError {
    match error {
        HashError::Busy { retry_after_secs } => HashingError::Busy { retry_after_secs },
        HashError::Late | HashError::Lost | HashError::Malformed => HashingError::Failed(error.to_string()),
    }
}
