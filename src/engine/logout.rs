//! Logging out: whose session, where to afterwards, and whether the person must be asked first.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::engine::authorization::BrowserMark;
use crate::model::log_event::{EventType, LogEvent};
use crate::model::oidc_logout::Initiator;
use crate::model::session::Ended;
use crate::protocol::form::Form;
use crate::protocol::ids::{ClientId, SessionId};
use crate::protocol::oauth_error::OAuthError;
use crate::protocol::redirect_uri;
use crate::signing::sealing::Purpose;
use crate::tenancy::TenantView;

/// How long the confirmation page may stand, in seconds.
const LIFETIME_SECS: u64 = 3600;

/// Where a person is told that they are logged out.
pub const DONE: &str = "/u/logged-out";

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

/// A session that has ended, and the applications that the browser is to tell of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    session: SessionId,
    clients: Vec<String>,
    /// The request.
    pub logout: Logout,
}

/// What the browser carries, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Paper {
    Asked(Logout),
    Farewell(Farewell),
}

impl Engine {
    /// Validates an RP-initiated logout (OpenID Connect RP-Initiated Logout §2) in `browser`, in which `session` may
    /// be logged in. Also whether to ask the person: unless a hint of ours, expired or not, names exactly this session,
    /// or `logout_hint` is its `sid`, as Auth0 has it; nobody guesses one.
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
        let hinted = form.value("logout_hint").and_then(SessionId::parse);
        let is_named = hint.as_ref().and_then(|hint| hint.sid).or(hinted) == session;
        let logout = Logout {
            redirect_uri,
            client: client.map(str::to_owned),
            ui_locales: form.value("ui_locales").map(str::to_owned),
            browser,
            started_at: self.now(),
        };
        Ok((logout, session.is_some() && !is_named))
    }

    /// `uri`, if it is registered as a place to go after logging out of `client` (of the tenant when none is named),
    /// with `state` put on it.
    ///
    /// # Errors
    /// `invalid_request` when it is not.
    pub async fn after_logout(
        &self,
        tenant: &TenantView,
        client: Option<&str>,
        uri: &str,
        state: Option<&str>,
    ) -> Result<String, OAuthError> {
        let is_own = |own: &[String]| own.iter().any(|own| own == uri);
        let (allowed, whose) = match client {
            Some(client) => {
                let found = self.cached().client(&tenant.tenant.id, client).await?;
                (found.is_some_and(|client| is_own(&client.allowed_logout_urls)), "application")
            }
            None => (is_own(&tenant.tenant.settings.allowed_logout_urls), "tenant; send client_id"),
        };
        if !allowed {
            let description =
                format!("The place to go is not registered as an allowed logout URL of the {whose}");
            return Err(OAuthError::invalid_request(description));
        }
        Ok(match state {
            Some(state) => redirect_uri::with_query(uri, &[("state", state.to_owned())]),
            None => uri.to_owned(),
        })
    }

    /// Logs the browser out of `session`, if it is in one, and says where it goes then: to a page that tells the
    /// applications which want to hear of it by way of the browser, or at once to where it was to go.
    ///
    /// # Errors
    /// `temporarily_unavailable`; logging out again is safe.
    pub async fn log_out(
        &self,
        tenant: &TenantView,
        session: Option<SessionId>,
        logout: &Logout,
        address: String,
    ) -> Result<String, OAuthError> {
        let ended = match session {
            Some(session) => self.end_session(session, logout.initiator()).await?,
            None => Ended::Unknown,
        };
        let Ended::Ended { session, .. } = ended else { return Ok(logout.place()) };
        self.log(LogEvent {
            tenant: tenant.tenant.id.clone(),
            event: EventType::Slo,
            at: self.now(),
            client: logout.client.as_deref().map(ClientId::from),
            user: Some(session.user.clone()),
            organization: session.organization.clone(),
            session: Some(session.id),
            address: Some(address),
            description: String::new(),
        });
        let clients = self.endings().clients_of(&session).await?;
        let told = clients.iter().filter(|client| client.frontchannel_logout_uri.is_some());
        let clients: Vec<_> = told.map(|client| client.client_id.to_string()).collect();
        if clients.is_empty() {
            return Ok(logout.place());
        }
        let farewell = Farewell { session: session.id, clients, logout: logout.clone() };
        match self.seal_paper(tenant, &Paper::Farewell(farewell)) {
            Ok(state) => Ok(format!("{DONE}?state={state}")),
            Err(error) => {
                tracing::warn!(error = %error.description, "too many applications to be told of a logout by the browser");
                Ok(logout.place())
            }
        }
    }

    /// The pages of applications that the browser is to load on its way out (OpenID Connect Front-Channel Logout 1.0 §2).
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn farewell_pages(
        &self,
        tenant: &TenantView,
        farewell: &Farewell,
    ) -> Result<Vec<String>, OAuthError> {
        let mut pages = Vec::with_capacity(farewell.clients.len());
        for client in &farewell.clients {
            let Some(client) = self.cached().client(&tenant.tenant.id, client).await? else { continue };
            let Some(uri) = &client.frontchannel_logout_uri else { continue };
            pages.push(if client.frontchannel_logout_session_required {
                let facts = [("iss", tenant.issuer.clone()), ("sid", farewell.session.to_string())];
                redirect_uri::with_query(uri, &facts)
            } else {
                uri.clone()
            });
        }
        Ok(pages)
    }

    /// Seals a request for the confirmation page.
    ///
    /// # Errors
    /// `invalid_request` when it is too long to be carried.
    pub fn seal_logout(&self, tenant: &TenantView, logout: &Logout) -> Result<String, OAuthError> {
        self.seal_paper(tenant, &Paper::Asked(logout.clone()))
    }

    /// Opens what the confirmation page was given; `None` unless this tenant sealed it, for this browser, not too
    /// long ago.
    pub fn open_logout(&self, tenant: &TenantView, text: &str, browser: Option<&str>) -> Option<Logout> {
        match self.open_paper(tenant, text)? {
            Paper::Asked(logout) => logout.is_of(browser, self.now()).then_some(logout),
            Paper::Farewell(_) => None,
        }
    }

    /// Opens what the last page was given; `None` as for [`Engine::open_logout`].
    pub fn open_farewell(&self, tenant: &TenantView, text: &str, browser: Option<&str>) -> Option<Farewell> {
        match self.open_paper(tenant, text)? {
            Paper::Farewell(farewell) => farewell.logout.is_of(browser, self.now()).then_some(farewell),
            Paper::Asked(_) => None,
        }
    }

    fn seal_paper(&self, tenant: &TenantView, paper: &Paper) -> Result<String, OAuthError> {
        let sealed =
            self.sealer().seal_facts(Purpose::Logout, &tenant.tenant.id, &self.random::<16>()?, paper);
        sealed.map_err(|_| OAuthError::invalid_request("The request is too long"))
    }

    fn open_paper(&self, tenant: &TenantView, text: &str) -> Option<Paper> {
        let plain = self.sealer().open(Purpose::Logout, &tenant.tenant.id, text)?;
        postcard::from_bytes(&plain).ok()
    }
}

impl Logout {
    /// A logout on our own page, without an application.
    pub fn here(browser: BrowserMark, ui_locales: Option<&str>, now: UnixMs) -> Self {
        let ui_locales = ui_locales.map(str::to_owned);
        Self { redirect_uri: None, client: None, ui_locales, browser, started_at: now }
    }

    /// Where it leads in the end.
    pub fn place(&self) -> String {
        match (&self.redirect_uri, &self.ui_locales) {
            (Some(uri), _) => uri.clone(),
            (None, Some(locales)) => redirect_uri::with_query(DONE, &[("ui_locales", locales.clone())]),
            (None, None) => DONE.to_owned(),
        }
    }

    const fn initiator(&self) -> Initiator {
        if self.client.is_some() { Initiator::RpLogout } else { Initiator::IdpLogout }
    }

    fn is_of(&self, browser: Option<&str>, now: UnixMs) -> bool {
        let live = now < self.started_at.plus_secs(LIFETIME_SECS);
        live && browser.map(BrowserMark::of) == Some(self.browser)
    }
}
