//! What people do with their own account on the tenant's account page: see and end their sessions, change their
//! password. Everything is done in the name of whoever is logged in, and for nobody else.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::engine::accounts::Declined;
use crate::engine::attempts::{Denied, Guess};
use crate::engine::authorization::BrowserMark;
use crate::engine::presence::{Login, Presence};
use crate::engine::records::Mode;
use crate::engine::records::secrets::Secret;
use crate::engine::records::users::UserDraft;
use crate::engine::registrar;
use crate::model::client::Client;
use crate::model::oidc_logout::Initiator;
use crate::model::password_policy::Weakness;
use crate::model::session::{Amr, Device, Session};
use crate::protocol::ids::SessionId;
use crate::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::signing::sealing::Purpose;
use crate::tenancy::TenantView;

/// Where the account page is.
pub const PATH: &str = "/u/account";

/// How long a form of the account page may stand, in seconds.
const LIFETIME_SECS: u64 = 3600;

/// The most sessions that the page lists; those used last.
const LISTED_MAX: usize = 100;

/// What a form of the account page is bound to: this login in this browser, so that no other site and no link can
/// post it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FormOf {
    session: SessionId,
    authenticated_at: UnixMs,
    browser: BrowserMark,
    shown_at: UnixMs,
}

/// A password that is to be changed.
pub struct PasswordChange<'a> {
    /// What it is now.
    pub current: &'a str,
    /// What it shall be.
    pub fresh: &'a str,
    /// Who asks.
    pub address: IpAddr,
    /// From which browser.
    pub device: Device,
    /// The language of a message about it.
    pub language: &'static str,
}

/// Why a password was not changed.
#[derive(Debug)]
pub enum Unchanged {
    /// The fault is ours, or the moment's.
    Error(OAuthError),
    /// Too many wrong passwords.
    TooMany,
    /// The new password is not good enough.
    Weak(Weakness),
    /// The current password is another one.
    Wrong,
}

/// The account page of a tenant, for which people log in as for an application.
pub fn page(tenant: &TenantView) -> Client {
    let own = &tenant.tenant;
    let name = if own.friendly_name.is_empty() { own.id.as_str() } else { &own.friendly_name };
    Client::own_page(own.id.clone(), name, PATH)
}

impl Engine {
    /// Seals what the forms of the account page carry.
    ///
    /// # Errors
    /// `server_error`.
    pub fn seal_account_form(
        &self,
        tenant: &TenantView,
        presence: &Presence,
        browser: BrowserMark,
    ) -> Result<String, OAuthError> {
        let form = FormOf { shown_at: self.now(), ..form_of(presence, browser) };
        let sealed =
            self.sealer().seal_facts(Purpose::Account, &tenant.tenant.id, &self.random::<16>()?, &form);
        sealed.map_err(|error| OAuthError::server_error(error.to_string()))
    }

    /// Whether a form was shown by us, to this login in this browser, not too long ago.
    pub fn is_account_form(
        &self,
        tenant: &TenantView,
        text: &str,
        presence: &Presence,
        browser: Option<&str>,
    ) -> bool {
        let plain = self.sealer().open(Purpose::Account, &tenant.tenant.id, text);
        let form = plain.and_then(|plain| postcard::from_bytes::<FormOf>(&plain).ok());
        form.zip(browser).is_some_and(|(form, browser)| {
            let live = self.now() < form.shown_at.plus_secs(LIFETIME_SECS);
            live && form == FormOf { shown_at: form.shown_at, ..form_of(presence, BrowserMark::of(browser)) }
        })
    }

    /// The person's live sessions: this one, then the others, last used first.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn own_sessions(&self, presence: &Presence) -> Result<Vec<Session>, OAuthError> {
        let (now, user) = (self.now(), &presence.user);
        let mut sessions = Vec::new();
        for id in self.store().of_user(&user.tenant, &user.user_id, now).await? {
            sessions.extend(self.session(id, now).await?);
        }
        let used_at = |session: &Session| {
            session.device.as_ref().map_or(session.authenticated_at, |device| device.used_at)
        };
        sessions.sort_by_key(|session| {
            (session.id != presence.session.id, Reverse(used_at(session)), session.id)
        });
        sessions.truncate(LISTED_MAX);
        Ok(sessions)
    }

    /// Ends a session of the person's own; of somebody else's it knows nothing.
    ///
    /// # Errors
    /// `temporarily_unavailable`; ending again is safe.
    pub async fn end_own_session(&self, presence: &Presence, id: SessionId) -> Result<(), OAuthError> {
        let (now, user) = (self.now(), &presence.user);
        let own = self.store().of_user(&user.tenant, &user.user_id, now).await?;
        if own.contains(&id) {
            self.end_session(id, Initiator::SessionRevoked).await?;
        }
        Ok(())
    }

    /// Changes the person's password. Every other session and every refresh token of theirs ends; this browser stays
    /// logged in, by the login that it gives back.
    ///
    /// # Errors
    /// [`Unchanged`].
    pub async fn change_own_password(
        &self,
        tenant: &TenantView,
        presence: Presence,
        change: PasswordChange<'_>,
    ) -> Result<Presence, Unchanged> {
        let user = &presence.user;
        let login = user.email.as_deref().or(user.username.as_deref()).unwrap_or_default();
        let PasswordChange { address, language, .. } = change;
        let guess = Guess { tenant, connection: &user.connection, login, address, language };
        let current = Zeroizing::new(change.current.to_owned());
        self.check_password(guess, current).await.map_err(unchanged)?;
        let draft = UserDraft {
            user_id: Some(user.user_id.to_string()),
            password: Some(Secret::from(change.fresh.to_owned())),
            password_update: true,
            ..UserDraft::default()
        };
        let registrar = registrar::of_tenant(self, &tenant.tenant.id);
        let put = registrar.put_user(&tenant.tenant, draft, Mode::Update).await;
        let put = put.map_err(|refusal| match Declined::from(refusal) {
            Declined::Error(error) => Unchanged::Error(error),
            Declined::Account => Unchanged::Error(OAuthError::unavailable("changed at the same time")),
            Declined::Password(weakness) => Unchanged::Weak(weakness),
            Declined::TooMany(denied) => Unchanged::Error(denied.error),
        })?;
        let (id, this) = (&tenant.tenant.id, Some(presence.session.id));
        let ended = self.end_sessions(id, &user.user_id, Initiator::PasswordChanged, this).await;
        ended.map_err(Unchanged::Error)?;
        // As the user is now: whoever knew the person only before is not let in.
        let user = Arc::new(put.record);
        let login = Login { user, amr: Amr::PASSWORD, device: change.device, asked: None };
        let again = self.log_in(tenant, login, Some(presence)).await;
        again.map_err(Unchanged::Error)
    }
}

fn form_of(presence: &Presence, browser: BrowserMark) -> FormOf {
    let Session { id, authenticated_at, .. } = &presence.session;
    FormOf { session: *id, authenticated_at: *authenticated_at, browser, shown_at: UnixMs(0) }
}

fn unchanged(denied: Denied) -> Unchanged {
    let error = denied.error;
    if error.code == ErrorCode::InvalidGrant {
        return Unchanged::Wrong;
    }
    let too_many = [ErrorCode::TooManyAttempts, ErrorCode::TooManyRequests].contains(&error.code);
    if too_many { Unchanged::TooMany } else { Unchanged::Error(error) }
}
