//! Tickets: what a link in a message says, sealed; good once or for a while, and only as long as it is true.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::model::credential::Credential;
use crate::model::user::User;
use crate::protocol::ids::UserId;
use crate::protocol::oauth_error::OAuthError;
use crate::signing::sealing::Purpose;
use crate::store::spends::{self, Spent, Thing};
use crate::tenancy::TenantView;

/// How long a link to choose a new password is good, in seconds.
const RESET_SECS: u64 = 3600;

/// How long a link to confirm an address is good, in seconds.
const VERIFY_SECS: u64 = 5 * 24 * 3600;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Errand {
    /// To choose a new password.
    Reset,
    /// To confirm an address.
    Verify,
}

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    id: [u8; 16],
    errand: Errand,
    user: UserId,
    /// The address it was sent to: a link to an address that was changed since is worth nothing.
    email: String,
    /// When the password was set that it replaces: each new password ends all earlier links.
    password_set_at: Option<UnixMs>,
    expires_at: UnixMs,
}

impl Errand {
    /// The page that the link leads to.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Reset => "u/reset",
            Self::Verify => "u/verify",
        }
    }

    const fn lifetime_secs(self) -> u64 {
        match self {
            Self::Reset => RESET_SECS,
            Self::Verify => VERIFY_SECS,
        }
    }
}

impl Engine {
    /// A link for `user`, who must have an address.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say; `server_error`.
    pub async fn link(&self, tenant: &TenantView, errand: Errand, user: &User) -> Result<String, OAuthError> {
        let ticket = Ticket {
            id: self.random()?,
            errand,
            user: user.user_id.clone(),
            email: user.email.clone().unwrap_or_default(),
            password_set_at: self.password_set_at(user).await?,
            expires_at: self.now().plus_secs(errand.lifetime_secs()),
        };
        let plain =
            postcard::to_stdvec(&ticket).map_err(|error| OAuthError::server_error(error.to_string()))?;
        let sealed = self.sealer().seal(Purpose::Mail, &tenant.tenant.id, &ticket.id, &plain);
        let sealed = sealed.map_err(|error| OAuthError::server_error(error.to_string()))?;
        Ok(format!("{}{}?ticket={sealed}", tenant.issuer, errand.path()))
    }

    /// The ticket that `text` is, and its user, if it is good for `errand` now. Not consumed.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn ticket(
        &self,
        tenant: &TenantView,
        errand: Errand,
        text: &str,
    ) -> Result<Option<(Ticket, User)>, OAuthError> {
        let id = &tenant.tenant.id;
        let plain = self.sealer().open(Purpose::Mail, id, text);
        let ticket = plain.and_then(|plain| postcard::from_bytes::<Ticket>(&plain).ok());
        let ticket = ticket.filter(|ticket| ticket.errand == errand && ticket.expires_at > self.now());
        let Some(ticket) = ticket else { return Ok(None) };
        let Some(user) = self.cached().catalog().find::<User>(id, ticket.user.as_str()).await? else {
            return Ok(None);
        };
        let user = user.record;
        let is_true = !user.blocked
            && user.email.as_deref() == Some(ticket.email.as_str())
            && (errand == Errand::Verify || self.password_set_at(&user).await? == ticket.password_set_at);
        Ok(is_true.then_some((ticket, user)))
    }

    /// Consumes a ticket; `false` when it was before.
    ///
    /// # Errors
    /// `temporarily_unavailable`; it may be consumed then.
    pub async fn consume_ticket(&self, tenant: &TenantView, ticket: &Ticket) -> Result<bool, OAuthError> {
        let thing = Thing {
            tenant: &tenant.tenant.id,
            purpose: spends::Purpose::Mail,
            name: &ticket.id,
            expires_at: ticket.expires_at,
        };
        Ok(self.store().spend(thing, b"").await? == Spent::First)
    }

    async fn password_set_at(&self, user: &User) -> Result<Option<UnixMs>, OAuthError> {
        let found = self.cached().catalog().find::<Credential>(&user.tenant, user.user_id.as_str()).await?;
        Ok(found.map(|found| found.record.set_at))
    }
}
