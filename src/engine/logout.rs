//! Logging out: whose session, where to afterwards, and whether the person must be asked first.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::engine::authorization::BrowserMark;
use crate::model::client::Client;
use crate::model::log_event::{EventType, LogEvent};
use crate::protocol::form::Form;
use crate::protocol::ids::SessionId;
use crate::protocol::oauth_error::OAuthError;
use crate::protocol::redirect_uri;
use crate::signing::sealing::Purpose;
use crate::tenancy::TenantView;

/// How long the confirmation page may stand, in seconds.
const LIFETIME_SECS: u64 = 3600;

/// A validated logout request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logout {
    /// Where to afterwards; registered for the client, with `state` put on it.
    pub redirect_uri: Option<String>,
    /// The client that asks, if it said.
    pub client: Option<String>,
    /// The languages the person reads, by preference.
    pub ui_locales: Option<String>,
    /// Which browser it was begun in.
    browser: BrowserMark,
    started_at: UnixMs,
}

impl Engine {
    /// Validates an RP-initiated logout (OpenID Connect RP-Initiated Logout §2) in `browser`, in which `session` may
    /// be logged in. Also whether to ask the person: unless a hint of ours names exactly this session.
    ///
    /// # Errors
    /// `invalid_request` for a hint that is not ours, or a place that is not registered.
    pub async fn logout(
        &self,
        tenant: &TenantView,
        form: &Form<'_>,
        browser: BrowserMark,
        session: Option<SessionId>,
    ) -> Result<(Logout, bool), OAuthError> {
        let hint = match form.value("id_token_hint") {
            Some(hint) => Some(self.hinted(tenant, hint).await?),
            None => None,
        };
        let named = form.value("client_id");
        if let (Some(named), Some(hint)) = (named, &hint)
            && named != hint.aud
        {
            return Err(OAuthError::invalid_request("client_id differs from the id_token_hint"));
        }
        let client = named.or(hint.as_ref().map(|hint| hint.aud.as_str()));
        let redirect_uri = match form.value("post_logout_redirect_uri") {
            Some(uri) => Some(self.after_logout(tenant, client, uri, form.value("state")).await?),
            None => None,
        };
        let is_named = session.is_some() && hint.as_ref().is_some_and(|hint| hint.sid == session);
        let logout = Logout {
            redirect_uri,
            client: client.map(str::to_owned),
            ui_locales: form.value("ui_locales").map(str::to_owned),
            browser,
            started_at: self.now(),
        };
        Ok((logout, session.is_some() && !is_named))
    }

    /// `uri`, if it is registered as a place to go after logging out of `client`, with `state` put on it.
    ///
    /// # Errors
    /// `invalid_request` when it is not, or no client is named.
    pub async fn after_logout(
        &self,
        tenant: &TenantView,
        client: Option<&str>,
        uri: &str,
        state: Option<&str>,
    ) -> Result<String, OAuthError> {
        let Some(client) = client else {
            return Err(OAuthError::invalid_request(
                "Only a known client may name a place to go; send client_id",
            ));
        };
        let found = self.cached().client(&tenant.tenant.id, client).await?;
        let is_own = |client: &Client| client.allowed_logout_urls.iter().any(|own| own == uri);
        if !found.is_some_and(|client| is_own(&client)) {
            let description = "The place to go is not registered as an allowed logout URL of the application";
            return Err(OAuthError::invalid_request(description));
        }
        Ok(match state {
            Some(state) => redirect_uri::with_query(uri, &[("state", state.to_owned())]),
            None => uri.to_owned(),
        })
    }

    /// Ends `session` for the person at `address`, and writes it to the tenant's log.
    ///
    /// # Errors
    /// `temporarily_unavailable`; logging out again is safe.
    pub async fn log_out(
        &self,
        tenant: &TenantView,
        session: SessionId,
        address: String,
    ) -> Result<(), OAuthError> {
        self.end_session(session).await?;
        self.log(LogEvent {
            tenant: tenant.tenant.id.clone(),
            event: EventType::Slo,
            at: self.now(),
            client: None,
            user: None,
            organization: None,
            session: Some(session),
            address: Some(address),
            description: String::new(),
        });
        Ok(())
    }

    /// Seals a request for the confirmation page.
    ///
    /// # Errors
    /// `invalid_request` when it is too long to be carried.
    pub fn seal_logout(&self, tenant: &TenantView, logout: &Logout) -> Result<String, OAuthError> {
        let plain =
            postcard::to_stdvec(logout).map_err(|error| OAuthError::server_error(error.to_string()))?;
        let sealed = self.sealer().seal(Purpose::Logout, &tenant.tenant.id, &self.random::<16>()?, &plain);
        sealed.map_err(|_| OAuthError::invalid_request("The request is too long"))
    }

    /// Opens what the confirmation page was given; `None` unless this tenant sealed it, for this browser, not too
    /// long ago.
    pub fn open_logout(&self, tenant: &TenantView, text: &str, browser: Option<&str>) -> Option<Logout> {
        let plain = self.sealer().open(Purpose::Logout, &tenant.tenant.id, text)?;
        let logout: Logout = postcard::from_bytes(&plain).ok()?;
        let live = self.now() < logout.started_at.plus_secs(LIFETIME_SECS);
        (live && browser.map(BrowserMark::of) == Some(logout.browser)).then_some(logout)
    }
}
