//! People: found by what they type, checked by what they know; the same answer and the same time for everybody.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::actors::passwords::{HashError, Verdict};
use crate::engine::Engine;
use crate::engine::attempts::{Denied, Guess};
use crate::model::attack_protection::BreachShield;
use crate::model::credential::Credential;
use crate::model::log_event::{EventType, LogEvent};
use crate::model::user::User;
use crate::protocol::ids::{ConnectionId, TenantId};
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::store::catalog::Saved;
use crate::store::records::Expect;
use crate::tenancy::TenantView;

impl Engine {
    /// The user whom `guess` names (by address or login name), if `password` is theirs. Whoever guesses may not do
    /// so for long.
    ///
    /// # Errors
    /// `invalid_grant` in one wording whether the user exists or not; `too_many_attempts` and `too_many_requests`
    /// whether the password is right or not; `access_denied` when the right password belongs to a blocked user, or
    /// has leaked; `temporarily_unavailable` when there is no capacity to check.
    pub async fn check_password(
        &self,
        guess: Guess<'_>,
        password: Zeroizing<String>,
    ) -> Result<Arc<User>, Denied> {
        self.refused_lately(&guess)?;
        let tenant = &guess.tenant.tenant.id;
        let person = self.person(tenant, guess.connection, guess.login).await?;
        let attempt = self.begin_try(&guess, person.as_ref().map(|(user, _)| &user.user_id)).await?;
        let (event, known) = match &person {
            Some((user, credential)) => (EventType::Fp, Some((user.clone(), credential.set_at))),
            None => (EventType::Fu, None),
        };
        match self.judge(tenant, person, password.clone()).await {
            Ok(user) => {
                self.was_right(&guess, &attempt).await?;
                self.admit_leaked(guess.tenant, &user, password).await?;
                Ok(user)
            }
            Err(error) if error.code == ErrorCode::InvalidGrant => {
                if attempt.is_last {
                    self.tell_blocked(&guess, known).await?;
                }
                Err(Denied { error, event: Some(event) })
            }
            Err(error) => {
                self.take_back(&guess, &attempt).await?;
                let event = (error.code == ErrorCode::AccessDenied).then_some(EventType::F);
                Err(Denied { error, event })
            }
        }
    }

    /// The user, if `password` is theirs; as much work for nobody.
    async fn judge(
        &self,
        tenant: &TenantId,
        person: Option<(User, Credential)>,
        password: Zeroizing<String>,
    ) -> Result<Arc<User>, OAuthError> {
        let passwords = self.actors().passwords.of(tenant);
        let Some((user, credential)) = person else {
            passwords.verify_nothing(password).await.map_err(not_checked)?;
            return Err(wrong_password());
        };
        let checked = passwords.verify(password.clone(), credential.hash.clone()).await;
        let needs_rehash = match checked {
            Ok(Verdict::Match { needs_rehash }) => needs_rehash,
            Ok(Verdict::Mismatch) => return Err(wrong_password()),
            Err(HashError::Malformed) => {
                // A hash that cannot be checked, or costs more than configuration allows, opens to nobody.
                tracing::warn!(user = %user.user_id, "a stored password hash cannot be checked");
                passwords.verify_nothing(password).await.map_err(not_checked)?;
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

    /// Looks whether a right password has leaked, if the tenant wants to know.
    async fn admit_leaked(
        &self,
        tenant: &TenantView,
        user: &User,
        password: Zeroizing<String>,
    ) -> Result<(), Denied> {
        let detection = &tenant.tenant.attack_protection.breached_password_detection;
        if !detection.enabled || detection.shields.is_empty() || !self.breaches().has(password).await {
            return Ok(());
        }
        if detection.shields.contains(&BreachShield::Block) {
            let description = "This login has been blocked because your password has been leaked in another website. \
                               Choose a new one.";
            let error = OAuthError::access_denied(Fault::User, description);
            return Err(Denied { error, event: Some(EventType::PwdLeak) });
        }
        self.log(LogEvent {
            tenant: tenant.tenant.id.clone(),
            event: EventType::PwdLeak,
            at: self.now(),
            client: None,
            user: Some(user.user_id.clone()),
            organization: None,
            session: None,
            address: None,
            description: String::new(),
        });
        Ok(())
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
        let Ok(hash) = self.actors().passwords.of(&credential.tenant).hash(password).await else { return };
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
