//! Codes by mail. A code is derived from a random mark by a key that only the server has; the store holds the mark and
//! how often it was tried, so that neither a copy of the store nor a guess at leisure finds a code. Addresses that
//! nobody has are treated alike, up to the message.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::accounts::Declined;
use crate::engine::attempts::{Denied, Guess};
use crate::engine::records::Mode;
use crate::engine::records::users::UserDraft;
use crate::engine::registrar;
use crate::model::connection::{Connection, Strategy};
use crate::model::log_event::EventType;
use crate::model::user::User;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::store::counters::{Counted, Limit, Purpose, Subject};
use crate::tenancy::TenantView;

/// Why an address without an account may or may not be sent a code.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Whose address it is, if anybody's.
    pub user: Option<User>,
    /// Whether a message goes there.
    pub is_written_to: bool,
}

impl Engine {
    /// The tenant's passwordless connection called `name`.
    ///
    /// # Errors
    /// `invalid_request` when there is none; `temporarily_unavailable` when the store cannot say.
    pub async fn mail_connection(&self, tenant: &TenantView, name: &str) -> Result<Connection, OAuthError> {
        let found = self.cached().catalog().find::<Connection>(&tenant.tenant.id, name).await?;
        let found = found.map(|found| found.record).filter(|own| own.strategy == Strategy::Email);
        found.ok_or_else(|| OAuthError::invalid_request("There is no passwordless connection of this name"))
    }

    /// Who reads what is sent to `email`, as far as `connection` is concerned.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn reader(
        &self,
        tenant: &TenantView,
        connection: &Connection,
        email: &str,
    ) -> Result<Reader, OAuthError> {
        let name = User::email_identifier(&connection.name, email);
        let found = self.cached().catalog().find_named::<User>(&tenant.tenant.id, &name).await?;
        let user = found.map(|found| found.record).filter(|user| user.connection == connection.name);
        let may_sign_up = !connection.options.disable_signup && !tenant.tenant.settings.disable_signup;
        let is_written_to = user.as_ref().map_or(may_sign_up, |user| !user.blocked);
        Ok(Reader { user, is_written_to })
    }

    /// A new code for `email`; every earlier one is worth nothing from now on.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot; `server_error`.
    pub async fn new_code(
        &self,
        tenant: &TenantView,
        connection: &Connection,
        email: &str,
    ) -> Result<String, OAuthError> {
        let mark = URL_SAFE_NO_PAD.encode(self.random::<16>()?);
        let (name, now) = (name(connection, email), self.now());
        let ends = now.plus_secs(connection.options.totp.time_step);
        let limit = Limit { most: self.tries() + 1, forgotten_at: ends, released_at: ends };
        let subject = subject(tenant, &name);
        self.store().forget(subject, None, now).await?;
        self.store().tally(subject, &mark, now, limit).await?;
        self.derived_code(tenant, connection, email, &mark)
    }

    /// The user to whom `code` was sent; made now if they are new and may be. A code is good once, and for so many
    /// tries only.
    ///
    /// # Errors
    /// `invalid_grant` in one wording whether there is a user, and a code, or not; [`Denied`] as for passwords.
    pub async fn redeem_code(
        &self,
        guess: Guess<'_>,
        connection: &Connection,
        code: &str,
    ) -> Result<Arc<User>, Denied> {
        self.refused_lately(&guess)?;
        let tenant = guess.tenant;
        let reader = self.reader(tenant, connection, guess.login).await?;
        let attempt = self.begin_try(&guess, reader.user.as_ref().map(|user| &user.user_id)).await?;
        match self.judge_code(tenant, connection, guess.login, code).await {
            Ok(()) => {}
            Err(error) if error.code == ErrorCode::InvalidGrant => {
                return Err(Denied { error, event: Some(EventType::Fp) });
            }
            Err(error) => {
                self.take_back(&guess, &attempt).await?;
                return Err(error.into());
            }
        }
        self.was_right(&guess, &attempt).await?;
        match reader.user {
            Some(user) if user.blocked => {
                let error = OAuthError::access_denied(Fault::User, "user is blocked");
                Err(Denied { error, event: Some(EventType::F) })
            }
            Some(user) => Ok(Arc::new(self.proved(tenant, user).await?)),
            None if reader.is_written_to => {
                Ok(Arc::new(self.newcomer(tenant, connection, guess.login).await?))
            }
            None => Err(Denied { error: wrong_code(), event: Some(EventType::Fu) }),
        }
    }

    async fn judge_code(
        &self,
        tenant: &TenantView,
        connection: &Connection,
        email: &str,
        code: &str,
    ) -> Result<(), OAuthError> {
        let (name, now) = (name(connection, email), self.now());
        let subject = subject(tenant, &name);
        let standing = self.store().counts(subject, now).await?;
        // Of two that were asked for at once, the one that ends last was asked for last.
        let standing = standing.into_iter().max_by_key(|count| count.expires_at);
        let mark = standing.as_ref().map_or("", |count| count.mark.as_str());
        let expected = self.derived_code(tenant, connection, email, mark)?;
        if standing.is_none() {
            return Err(wrong_code());
        }
        // A try moves no expiry.
        let limit = Limit { most: self.tries() + 1, forgotten_at: now, released_at: now };
        match self.store().tally(subject, mark, now, limit).await? {
            Counted::Over => return Err(OAuthError::invalid_grant(TOO_OFTEN)),
            // It ended, or was replaced, meanwhile.
            Counted::Now(1) => return Err(wrong_code()),
            Counted::Now(_) => {}
        }
        let right: bool = expected.as_bytes().ct_eq(code.as_bytes()).into();
        // Of many who bring the right one at once, one is told that it stood.
        if right && self.store().forget(subject, Some(mark), now).await? { Ok(()) } else { Err(wrong_code()) }
    }

    fn derived_code(
        &self,
        tenant: &TenantView,
        connection: &Connection,
        email: &str,
        mark: &str,
    ) -> Result<String, OAuthError> {
        let text = format!("otp\n{}\n{mark}", String::from_utf8_lossy(&name(connection, email)));
        let digest = self.sealer().secret_hash(&tenant.tenant.id, text.as_bytes());
        let digest = URL_SAFE_NO_PAD.decode(digest).unwrap_or_default();
        let head = digest.first_chunk::<16>().ok_or_else(|| OAuthError::server_error("a short digest"))?;
        let digits = connection.options.totp.length;
        // 128 bits: that 10 to the power of `digits` does not divide them favours nothing that anybody could notice.
        let number = u128::from_be_bytes(*head) % 10_u128.pow(digits);
        Ok(format!("{number:0width$}", width = digits as usize))
    }

    fn tries(&self) -> u32 {
        self.attempts().settings().otp_attempts
    }

    async fn newcomer(
        &self,
        tenant: &TenantView,
        connection: &Connection,
        email: &str,
    ) -> Result<User, Denied> {
        let draft = UserDraft {
            connection: Some(connection.name.clone()),
            email: Some(email.to_owned()),
            email_verified: Some(true),
            ..UserDraft::default()
        };
        let registrar = registrar::of_tenant(self, &tenant.tenant.id);
        let put = registrar.put_user(&tenant.tenant, draft, Mode::Create).await;
        Ok(put.map(|put| put.record).map_err(|refusal| OAuthError::from(Declined::from(refusal)))?)
    }

    /// Whoever read a code at an address has proved it.
    async fn proved(&self, tenant: &TenantView, user: User) -> Result<User, Denied> {
        if user.email_verified {
            return Ok(user);
        }
        let draft = UserDraft {
            user_id: Some(user.user_id.to_string()),
            email_verified: Some(true),
            ..UserDraft::default()
        };
        let registrar = registrar::of_tenant(self, &tenant.tenant.id);
        let put = registrar.put_user(&tenant.tenant, draft, Mode::Update).await;
        Ok(put.map(|put| put.record).map_err(|refusal| OAuthError::from(Declined::from(refusal)))?)
    }
}

const TOO_OFTEN: &str = "You've reached the maximum number of attempts. Please try to login again.";

fn wrong_code() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidGrant, Fault::User, "Wrong email or verification code.")
}

fn name(connection: &Connection, email: &str) -> Vec<u8> {
    format!("{}\n{}", connection.name, email.to_lowercase()).into_bytes()
}

fn subject<'a>(tenant: &'a TenantView, name: &'a [u8]) -> Subject<'a> {
    Subject { tenant: &tenant.tenant.id, purpose: Purpose::Otp, name }
}
