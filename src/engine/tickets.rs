//! Tickets: what a link in a message says, sealed; good once or for a while, and only as long as it is true.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::engine::letters::Occasion;
use crate::engine::particulars::Particulars;
use crate::model::credential::Credential;
use crate::model::user::User;
use crate::protocol::ids::UserId;
use crate::protocol::oauth_error::OAuthError;
use crate::signing::sealing::Purpose;
use crate::store::spends::{self, Spent, Thing};
use crate::tenancy::TenantView;

/// How long a link to choose a new password is good, in seconds.
const RESET_SECS: u64 = 3600;

/// How long a link to unblock an account is good, in seconds.
const UNBLOCK_SECS: u64 = 5 * 24 * 3600;

/// How long a link to confirm an address is good, in seconds.
const VERIFY_SECS: u64 = 5 * 24 * 3600;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Errand {
    /// To choose a new password.
    Reset,
    /// To make an account, whose address is proved by that.
    Signup,
    /// To open a blocked account.
    Unblock,
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
    /// The account that is to be made: nothing of it is stored before.
    newcomer: Option<Pending>,
    expires_at: UnixMs,
}

/// An account that is not made yet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The hash of its password.
    pub hash: String,
    /// The login name.
    pub username: Option<String>,
    /// What they said about themselves.
    pub particulars: Particulars,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pending(…)")
    }
}

impl Errand {
    /// The page that the link leads to.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Reset => "u/reset",
            Self::Signup => "u/welcome",
            Self::Unblock => "u/unblock",
            Self::Verify => "u/verify",
        }
    }

    /// The message that carries it.
    pub const fn occasion(self) -> Occasion {
        match self {
            Self::Reset => Occasion::Reset,
            Self::Signup => Occasion::Signup,
            Self::Unblock => Occasion::Blocked,
            Self::Verify => Occasion::Verify,
        }
    }

    const fn lifetime_secs(self) -> u64 {
        match self {
            Self::Reset => RESET_SECS,
            Self::Unblock => UNBLOCK_SECS,
            Self::Signup | Self::Verify => VERIFY_SECS,
        }
    }

    /// Whether a new password ends it.
    const fn depends_on_password(self) -> bool {
        matches!(self, Self::Reset | Self::Unblock)
    }
}

impl Ticket {
    /// Whose it is, or will be.
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The address that it was sent to.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The account that it makes.
    pub fn newcomer(&self) -> Option<&Pending> {
        self.newcomer.as_ref()
    }
}

impl Engine {
    /// A link for `user`, who must have an address; good for `lifetime_secs`, or for the errand's own time.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say; `server_error`.
    pub async fn link(
        &self,
        tenant: &TenantView,
        errand: Errand,
        user: &User,
        lifetime_secs: Option<u64>,
    ) -> Result<String, OAuthError> {
        let set_at = self.password_set_at(user).await?;
        self.link_for(tenant, errand, (user, set_at), lifetime_secs)
    }

    /// As [`Engine::link`], when it is known since when the password stands.
    pub(crate) fn link_for(
        &self,
        tenant: &TenantView,
        errand: Errand,
        (user, password_set_at): (&User, Option<UnixMs>),
        lifetime_secs: Option<u64>,
    ) -> Result<String, OAuthError> {
        let ticket = Ticket {
            id: self.random()?,
            errand,
            user: user.user_id.clone(),
            email: user.email.clone().unwrap_or_default(),
            password_set_at,
            newcomer: None,
            expires_at: self.now().plus_secs(lifetime_secs.unwrap_or(errand.lifetime_secs())),
        };
        self.sealed_link(tenant, &ticket)
    }

    /// A link that makes an account.
    pub(crate) fn signup_link(
        &self,
        tenant: &TenantView,
        user: &User,
        newcomer: Pending,
        lifetime_secs: Option<u64>,
    ) -> Result<String, OAuthError> {
        let ticket = Ticket {
            id: self.random()?,
            errand: Errand::Signup,
            user: user.user_id.clone(),
            email: user.email.clone().unwrap_or_default(),
            password_set_at: None,
            newcomer: Some(newcomer),
            expires_at: self.now().plus_secs(lifetime_secs.unwrap_or(Errand::Signup.lifetime_secs())),
        };
        self.sealed_link(tenant, &ticket)
    }

    fn sealed_link(&self, tenant: &TenantView, ticket: &Ticket) -> Result<String, OAuthError> {
        let sealed = self.sealer().seal_facts(Purpose::Mail, &tenant.tenant.id, &ticket.id, ticket);
        let sealed = sealed.map_err(|error| OAuthError::server_error(error.to_string()))?;
        Ok(format!("{}{}?ticket={sealed}", tenant.issuer, ticket.errand.path()))
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
        let Some(ticket) = self.opened(tenant, errand, text) else { return Ok(None) };
        let Some(user) = self.cached().catalog().find::<User>(id, ticket.user.as_str()).await? else {
            return Ok(None);
        };
        let user = user.record;
        let is_true = !user.blocked
            && user.email.as_deref() == Some(ticket.email.as_str())
            && (!errand.depends_on_password()
                || self.password_set_at(&user).await? == ticket.password_set_at);
        Ok(is_true.then_some((ticket, user)))
    }

    /// The ticket that `text` is, if it makes an account. Not consumed.
    pub fn signup_ticket(&self, tenant: &TenantView, text: &str) -> Option<Ticket> {
        self.opened(tenant, Errand::Signup, text).filter(|ticket| ticket.newcomer.is_some())
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
            session: None,
            expires_at: ticket.expires_at.plus_secs(spends::MARGIN_SECS),
        };
        Ok(self.store().spend(thing, b"").await? == Spent::First)
    }

    fn opened(&self, tenant: &TenantView, errand: Errand, text: &str) -> Option<Ticket> {
        let plain = self.sealer().open(Purpose::Mail, &tenant.tenant.id, text)?;
        let ticket: Ticket = postcard::from_bytes(&plain).ok()?;
        (ticket.errand == errand && ticket.expires_at > self.now()).then_some(ticket)
    }

    async fn password_set_at(&self, user: &User) -> Result<Option<UnixMs>, OAuthError> {
        let found = self.cached().catalog().find::<Credential>(&user.tenant, user.user_id.as_str()).await?;
        Ok(found.map(|found| found.record.set_at))
    }
}
