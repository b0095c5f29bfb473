//! Who is logged in, in which browser: a sealed cookie that names a session of the store.
//!
//! The cookie also says when the person last proved who they are and when it was last used. A new login makes every
//! earlier copy of the cookie worthless, and the idle lifetime slides without a write to the store. So a cookie that was
//! planted before a login is no use after it: the login of somebody new gets a session id of its own, and the same
//! person's re-authentication keeps the session (and with it what applications know as `sid`) under a new cookie.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::engine::authorization::Authorization;
use crate::engine::refresh_tokens::Lifetimes;
use crate::model::client::Client;
use crate::model::oidc_logout::Initiator;
use crate::model::session::{Amr, Device, Session};
use crate::model::user::User;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::SessionId;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::protocol::scope::Scope;
use crate::signing::sealing::Purpose;
use crate::tenancy::TenantView;

/// A person who is logged in.
#[derive(Clone, Debug)]
pub struct Presence {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub user: Arc<User>,
}

/// Somebody who just proved who they are.
#[derive(Clone, Debug)]
pub struct Login<'a> {
    /// Who.
    pub user: Arc<User>,
    /// How.
    pub amr: Amr,
    /// Where.
    pub device: Device,
    /// For which application, and what it asks for; `None` when for none.
    pub asked: Option<(&'a Client, &'a Authorization)>,
}

/// A cookie to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    /// Sealed.
    pub value: String,
    /// How long the browser keeps it, in seconds.
    pub max_age_secs: u64,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    session: SessionId,
    authenticated_at: UnixMs,
    used_at: UnixMs,
}

impl Engine {
    /// Who is logged in in a browser that sent `cookie`; `None` for whatever is forged, of another tenant, replaced by
    /// a later login, ended, idle for too long or too old, and for a user who may not come in any more.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn presence(
        &self,
        tenant: &TenantView,
        cookie: Option<&str>,
    ) -> Result<Option<Presence>, OAuthError> {
        let id = &tenant.tenant.id;
        let plain = cookie.and_then(|cookie| self.sealer().open(Purpose::Cookie, id, cookie));
        let sealed = plain.and_then(|plain| postcard::from_bytes::<Sealed>(&plain).ok());
        let Some(sealed) = sealed else { return Ok(None) };
        let (now, settings) = (self.now(), &tenant.tenant.settings);
        let idle_end = sealed.used_at.plus_secs(settings.idle_session_lifetime);
        let end = sealed.authenticated_at.plus_secs(settings.session_lifetime);
        if now >= idle_end || now >= end {
            return Ok(None);
        }
        let Some(session) = self.session(sealed.session, now).await? else { return Ok(None) };
        if session.tenant != *id || session.authenticated_at != sealed.authenticated_at {
            return Ok(None);
        }
        let user = self.cached().user(id, session.user.as_str()).await?;
        Ok(user.filter(|user| user.admits(session.authenticated_at)).map(|user| Presence { session, user }))
    }

    /// Notes that a browser uses the session now, from `device`: at most once in `sessions.touch_secs`, and at once
    /// when it moved. A note that fails is no reason to refuse anything.
    pub async fn note_use(&self, presence: &mut Presence, device: Device) {
        let now = self.now();
        let device = Device { used_at: now, ..device };
        let before = presence.session.device.as_ref();
        let fresh = before.is_some_and(|before| {
            let young = now.ms_since(before.used_at) < self.session_touch_secs().saturating_mul(1000);
            young && before.address == device.address && before.user_agent == device.user_agent
        });
        if fresh {
            return;
        }
        match self.store().touch(&presence.session, &device).await {
            Ok(true) => presence.session.device = Some(device),
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "the use of a session was not noted"),
        }
    }

    /// The session that a cookie names, however old: for logging out.
    pub fn named_session(&self, tenant: &TenantView, cookie: &str) -> Option<SessionId> {
        let plain = self.sealer().open(Purpose::Cookie, &tenant.tenant.id, cookie)?;
        postcard::from_bytes::<Sealed>(&plain).ok().map(|sealed| sealed.session)
    }

    /// The cookie of a session that is used now.
    ///
    /// # Errors
    /// `server_error`.
    pub fn session_cookie(
        &self,
        tenant: &TenantView,
        session: &Session,
    ) -> Result<SessionCookie, OAuthError> {
        let (now, settings) = (self.now(), &tenant.tenant.settings);
        let sealed = Sealed { session: session.id, authenticated_at: session.authenticated_at, used_at: now };
        let value =
            self.sealer().seal_facts(Purpose::Cookie, &tenant.tenant.id, &self.random::<16>()?, &sealed);
        let value = value.map_err(|error| OAuthError::server_error(error.to_string()))?;
        let end = session.authenticated_at.plus_secs(settings.session_lifetime);
        let max_age_secs = (end.ms_since(now) / 1000).min(settings.idle_session_lifetime);
        Ok(SessionCookie { value, max_age_secs })
    }

    /// Logs somebody in. The same person again keeps the session, so that applications keep theirs; whoever else was
    /// logged in in this browser is logged out.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot.
    pub async fn log_in(
        &self,
        tenant: &TenantView,
        login: Login<'_>,
        before: Option<Presence>,
    ) -> Result<Presence, OAuthError> {
        let now = self.now();
        let expires_at = kept_until(tenant, login.asked, now);
        let Login { user, amr, device, .. } = login;
        let fresh = Session {
            id: self.new_session_id()?,
            tenant: tenant.tenant.id.clone(),
            user: user.user_id.clone(),
            organization: None,
            authenticated_at: now,
            amr,
            created_at: now,
            expires_at: Some(expires_at),
            device: Some(Device { used_at: now, ..device }),
            clients: Vec::new(),
        };
        if let Some(before) = before {
            if before.user.user_id == user.user_id {
                let Session { id, created_at, clients, .. } = before.session;
                let again = Session { id, created_at, clients, ..fresh.clone() };
                if self.store().update(&again).await? {
                    self.ensure_admitted(&user, again.id).await?;
                    return Ok(Presence { session: again, user });
                }
            } else {
                self.end_session(before.session.id, Initiator::IdpLogout).await?;
            }
        }
        self.open_session(&fresh, None).await?;
        self.ensure_admitted(&user, fresh.id).await?;
        Ok(Presence { session: fresh, user })
    }

    /// Looks again at the user whose `session` was just opened: since `user` was read and the password checked, that
    /// password may have been replaced and every session ended, but not this one, which was not there yet.
    ///
    /// # Errors
    /// `invalid_grant`, and the session is over; `temporarily_unavailable` when the store cannot say.
    pub async fn ensure_admitted(&self, user: &User, session: SessionId) -> Result<(), OAuthError> {
        let found = self.cached().catalog().find::<User>(&user.tenant, user.user_id.as_str()).await?;
        let same = |now: &User| !now.blocked && now.not_before <= user.not_before;
        if found.is_some_and(|found| same(&found.record)) {
            return Ok(());
        }
        self.end_session(session, Initiator::SessionRevoked).await?;
        let description = "Wrong email or password.";
        Err(OAuthError::new(ErrorCode::InvalidGrant, Fault::User, description).because("changed meanwhile"))
    }
}

/// Until when the session of a login is kept: as long as its cookie is good, and as long as the refresh token that the
/// application is about to ask for may last. To keep it longer only then takes the store three calls instead of one.
fn kept_until(tenant: &TenantView, asked: Option<(&Client, &Authorization)>, now: UnixMs) -> UnixMs {
    let settings = &tenant.tenant.settings;
    let offline = |(client, asked): &(&Client, &Authorization)| {
        let asks = Scope::parse(&asked.scope).is_ok_and(|scope| scope.contains("offline_access"));
        asks && client.allows(GrantType::RefreshToken)
    };
    let tokens =
        asked.filter(offline).and_then(|(client, _)| Lifetimes::of(client, settings).session_end(now));
    tokens.into_iter().fold(now.plus_secs(settings.session_lifetime), UnixMs::max)
}
