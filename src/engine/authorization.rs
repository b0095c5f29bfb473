//! An authorization request on its way through the browser: validated once, sealed, and carried by the browser
//! itself, so that a stranger who never logs in writes nothing.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::engine::authorization::pushed::PushedMark;
use crate::protocol::authorization::{Prompt, Response, ResponseMode, ResponseType};
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::ids::TenantId;
use crate::protocol::oauth_error::OAuthError;
use crate::protocol::pkce::Challenge;
use crate::signing::sealing::{Purpose, SealError};
use crate::tenancy::TenantView;

pub mod arrival;
pub mod checks;
pub mod codes;
pub mod next;
mod parameters;
pub mod pushed;
mod request_objects;

pub use checks::Refused;
pub use next::{Approved, Next, Page};

/// How long a person may take from the application to the end of the pages, in seconds.
pub const LIFETIME_SECS: u64 = 3600;

/// A validated request; what the login pages act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// Who asks.
    pub client: String,
    /// Where the answer goes; registered for the client.
    pub redirect_uri: String,
    /// Whether the request named it: the token request must then name it too (RFC 6749 §4.1.3).
    pub named_redirect_uri: bool,
    /// What is asked for.
    pub response_type: ResponseType,
    /// How it goes back.
    pub response_mode: ResponseMode,
    /// Returned as it came.
    pub state: Option<String>,
    /// Put into the ID token.
    pub nonce: Option<String>,
    /// What the token request must prove.
    pub challenge: Option<Challenge>,
    /// The scope asked for.
    pub scope: String,
    /// The resource server asked for.
    pub audience: Option<String>,
    /// The id of the organization asked for, or chosen on the way.
    pub organization: Option<String>,
    /// The invitation on whose way the person comes; it counted when the request began.
    pub invitation: Option<String>,
    /// What the person is to be asked.
    pub prompt: Prompt,
    /// The oldest acceptable login, in seconds.
    pub max_age_secs: Option<u64>,
    /// The one user who may answer, from `id_token_hint`.
    pub subject: Option<String>,
    /// What the application wants to find in the tokens, and whom and what it demands.
    pub claims: ClaimsRequest,
    /// What the login form is filled with.
    pub login_hint: Option<String>,
    /// The languages the person reads, by preference.
    pub ui_locales: Option<String>,
    /// Whether the application would rather show the signup page first.
    pub wants_signup: bool,
    /// The user who consented on the way.
    pub consented_by: Option<String>,
    /// What tells it from others, if it was pushed.
    pub pushed: Option<PushedMark>,
    /// Which browser it was begun in.
    pub browser: BrowserMark,
    /// When it was begun.
    pub started_at: UnixMs,
}

/// What is remembered of a browser's own cookie: enough to know it again, too little to forge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserMark([u8; 16]);

impl BrowserMark {
    /// The mark of the browser whose cookie is `cookie`.
    pub fn of(cookie: &str) -> Self {
        let mut mark = [0; 16];
        mark.copy_from_slice(&Sha256::digest(cookie)[..16]);
        Self(mark)
    }

    /// The mark itself.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Authorization {
    /// The answer that refuses (RFC 6749 §4.1.2.1), with the issuer's name (RFC 9207).
    pub fn refusal(&self, tenant: &TenantView, error: &OAuthError) -> Response {
        let parameters = vec![
            ("error", error.code.name().to_owned()),
            ("error_description", error.description.to_string()),
        ];
        self.response(tenant, parameters)
    }

    /// The answer that gives, with `state` and the issuer's name beside `parameters`.
    pub fn response(&self, tenant: &TenantView, mut parameters: Vec<(&'static str, String)>) -> Response {
        if let Some(state) = &self.state {
            parameters.push(("state", state.clone()));
        }
        parameters.push(("iss", tenant.issuer.clone()));
        Response { redirect_uri: self.redirect_uri.clone(), mode: self.response_mode, parameters }
    }
}

impl Engine {
    /// A new cookie for a browser that has none.
    ///
    /// # Errors
    /// `server_error` when there is no randomness.
    pub fn new_browser_cookie(&self) -> Result<String, OAuthError> {
        use base64::Engine as _;
        let bytes = self.random::<16>()?;
        Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Seals a request for its way through the pages.
    ///
    /// # Errors
    /// `invalid_request` when it is too long to be carried.
    pub fn seal_authorization(&self, tenant: &TenantId, asked: &Authorization) -> Result<String, OAuthError> {
        let seed = self.random::<16>()?;
        self.sealer().seal_facts(Purpose::LoginState, tenant, &seed, asked).map_err(unsealed)
    }

    /// Opens what a page was given; `None` unless this tenant sealed it, for this browser, not too long ago.
    pub fn open_authorization(
        &self,
        tenant: &TenantId,
        text: &str,
        browser: Option<&str>,
    ) -> Option<Authorization> {
        let plain = self.sealer().open(Purpose::LoginState, tenant, text)?;
        let asked: Authorization = postcard::from_bytes(&plain).ok()?;
        let live = self.now() < asked.started_at.plus_secs(LIFETIME_SECS);
        (live && browser.map(BrowserMark::of) == Some(asked.browser)).then_some(asked)
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], OAuthError> {
        self.entropy().bytes().map_err(|error| OAuthError::server_error(error.to_string()))
    }
}

/// What is said to whoever sent a request that could not be sealed.
fn unsealed(error: SealError) -> OAuthError {
    match error {
        SealError::TooLong => OAuthError::invalid_request("The request is too long"),
        SealError::Cipher | SealError::Facts => OAuthError::server_error(error.to_string()),
    }
}
