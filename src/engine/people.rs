//! People: found by what they type, checked by what they know; the same answer and the same time for everybody.

use std::net::IpAddr;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::actors::passwords::{HashError, Verdict};
use crate::engine::Engine;
use crate::engine::attempts;
use crate::model::credential::Credential;
use crate::model::user::User;
use crate::protocol::ids::{ConnectionId, TenantId};
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::store::catalog::Saved;
use crate::store::records::Expect;

impl Engine {
    /// The user called `login` (an address or a login name) in `connection`, if `password` is theirs.
    ///
    /// # Errors
    /// `invalid_grant` in one wording whether the user exists or not; `access_denied` when the right password
    /// belongs to a blocked user; `temporarily_unavailable` when there is no capacity to check.
    pub async fn check_password(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        login: &str,
        password: Zeroizing<String>,
    ) -> Result<Arc<User>, OAuthError> {
        let Some((user, credential)) = self.person(tenant, connection, login).await? else {
            self.actors().passwords.verify_nothing(password).await.map_err(not_checked)?;
            return Err(wrong_password());
        };
        let checked = self.actors().passwords.verify(password.clone(), credential.hash.clone()).await;
        let needs_rehash = match checked {
            Ok(Verdict::Match { needs_rehash }) => needs_rehash,
            Ok(Verdict::Mismatch) => return Err(wrong_password()),
            Err(HashError::Malformed) => {
                // A hash that cannot be checked, or costs more than configuration allows, opens to nobody.
                tracing::warn!(user = %user.user_id, "a stored password hash cannot be checked");
                self.actors().passwords.verify_nothing(password).await.map_err(not_checked)?;
                return Err(wrong_password());
            }
            Err(error) => return Err(not_checked(error)),
        };
        if user.blocked {
            return Err(OAuthError::access_denied(Fault::User, "user is blocked"));
        }
        if needs_rehash {
            self.rehash(credential, password).await;
        }
        Ok(Arc::new(user))
    }

    /// As [`Engine::check_password`], for somebody at `address`, who may not guess for long.
    ///
    /// # Errors
    /// Also `too_many_requests`, whether the password is right or not.
    pub async fn check_password_from(
        &self,
        address: IpAddr,
        (tenant, connection): (&TenantId, &ConnectionId),
        login: &str,
        password: Zeroizing<String>,
    ) -> Result<Arc<User>, OAuthError> {
        let attempts = self.attempts();
        if !attempts.begin(tenant, login, address) {
            let description = "Your account has been blocked after multiple consecutive login attempts";
            let error = OAuthError::new(ErrorCode::TooManyRequests, Fault::User, description);
            return Err(error.retry_after(attempts::FORGET_SECS));
        }
        let outcome = self.check_password(tenant, connection, login, password).await;
        match &outcome {
            Ok(_) => attempts.right(tenant, login, address),
            Err(error) if error.code == ErrorCode::InvalidGrant => {}
            Err(_) => attempts.take_back(tenant, login, address),
        }
        outcome
    }

    async fn person(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        login: &str,
    ) -> Result<Option<(User, Credential)>, OAuthError> {
        let catalog = self.cached().catalog();
        let name = if login.contains('@') {
            User::email_identifier(connection, login)
        } else {
            User::username_identifier(connection, login)
        };
        let found = catalog.find_named::<User>(tenant, &name).await?;
        // A connection's name may hold a colon, as the unique name does.
        let Some(user) = found.filter(|found| found.record.connection == *connection) else {
            return Ok(None);
        };
        let credential = catalog.find::<Credential>(tenant, user.record.user_id.as_str()).await?;
        Ok(credential.map(|credential| (user.record, credential.record)))
    }

    /// Replaces a weak hash; a failure is logged and tried again at the next login.
    async fn rehash(&self, credential: Credential, password: Zeroizing<String>) {
        let Ok(hash) = self.actors().passwords.hash(password).await else { return };
        let before = credential.hash.clone();
        let fresh = Credential { hash, ..credential };
        let catalog = self.cached().catalog();
        let found = catalog.find::<Credential>(&fresh.tenant, fresh.user.as_str()).await;
        // Only while the hash that was checked still stands: a password changed meanwhile must not come back.
        let Ok(Some(stored)) = found else { return };
        if stored.record.hash != before {
            return;
        }
        match catalog.save(&fresh, Expect::Version(stored.version)).await {
            Ok(Saved::Saved { .. } | Saved::Conflict | Saved::NameTaken(_)) => {}
            Err(error) => tracing::warn!(%error, "a weak password hash was not replaced"),
        }
    }
}

fn wrong_password() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidGrant, Fault::User, "Wrong email or password.")
}

/// What a caller is told when a password could not be checked at all.
pub fn not_checked(error: HashError) -> OAuthError {
    let text = error.to_string();
    match error {
        HashError::Busy { retry_after_secs } => OAuthError::unavailable(text).retry_after(retry_after_secs),
        HashError::Malformed => OAuthError::server_error(text),
        HashError::Late | HashError::Lost => OAuthError::unavailable(text),
    }
}
