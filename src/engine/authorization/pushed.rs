//! Pushed authorization requests (RFC 9126): validated while the client proves who it is, sealed into the very name
//! that the client then sends by the browser. Nothing is stored until somebody has logged in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::engine::authorization::{Authorization, BrowserMark, LIFETIME_SECS, unsealed};
use crate::model::client::Client;
use crate::protocol::form::Form;
use crate::protocol::ids::TenantId;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::signing::sealing::Purpose;
use crate::store::spends::{self, Spent, Thing};
use crate::tenancy::TenantView;

/// What the name of a pushed request begins with (RFC 9126 §2.2).
pub const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// Whether the names of requests that are kept elsewhere are read, too: fetching them would let strangers send this
/// server where they like.
pub const READS_FOREIGN_NAMES: bool = false;

/// What tells a pushed request from every other one, so that it is answered in one browser only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedMark {
    id: [u8; 16],
    expires_at: UnixMs,
}

/// A name for a request, and how long it is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushedRequest {
    /// The `request_uri`.
    pub name: String,
    /// Seconds until it is worth nothing.
    pub expires_in_secs: u64,
}

/// What is sealed into the name: the parameters as they came, to be checked again when they are used.
#[derive(Serialize, Deserialize)]
struct Sealed {
    mark: PushedMark,
    client: String,
    parameters: Vec<(String, String)>,
}

impl Engine {
    /// Validates what `client`, which has proved who it is, pushes; and gives it a name.
    ///
    /// # Errors
    /// Whatever `/authorize` would refuse; `invalid_request` when it is too long to be carried.
    pub async fn push(
        &self,
        tenant: &TenantView,
        client: &Arc<Client>,
        form: &Form<'_>,
    ) -> Result<PushedRequest, OAuthError> {
        let arrived = self.pushing(tenant, Arc::clone(client), form)?;
        // The browser is not known yet; what is validated here is validated again when it comes.
        self.validated(tenant, &arrived, BrowserMark::of("")).await.map_err(|refusal| refusal.error)?;
        let expires_in_secs = tenant.tenant.settings.pushed_authorization_request_lifetime;
        let mark = PushedMark { id: self.random()?, expires_at: self.now().plus_secs(expires_in_secs) };
        let parameters =
            arrived.form.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let sealed = Sealed { mark, client: client.client_id.to_string(), parameters };
        let text = self.sealer().seal_facts(Purpose::Pushed, &tenant.tenant.id, &mark.id, &sealed);
        Ok(PushedRequest { name: format!("{URN}{}", text.map_err(unsealed)?), expires_in_secs })
    }

    /// The parameters behind the name of a request that `client` pushed to this tenant not too long ago.
    ///
    /// # Errors
    /// `invalid_request_uri`, in one wording for everything that is wrong with the name.
    pub(super) fn pushed(
        &self,
        tenant: &TenantView,
        client: &Client,
        name: &str,
    ) -> Result<(Form<'static>, PushedMark), OAuthError> {
        let text = name.strip_prefix(URN).unwrap_or_default();
        let plain = self.sealer().open(Purpose::Pushed, &tenant.tenant.id, text);
        let sealed = plain.and_then(|plain| postcard::from_bytes::<Sealed>(&plain).ok());
        let sealed = sealed.ok_or_else(|| refused("not a name of this tenant"))?;
        if sealed.client != client.client_id.as_str() {
            return Err(refused("the request of another client"));
        }
        if sealed.mark.expires_at <= self.now() {
            return Err(refused("expired"));
        }
        Ok((Form::of_pairs(sealed.parameters)?, sealed.mark))
    }

    /// Uses a pushed request up, for this browser: it may be answered there again, as when a page is loaded again
    /// (RFC 9126 §4), and nowhere else.
    ///
    /// # Errors
    /// `invalid_request_uri` when it was answered in another browser; `temporarily_unavailable`.
    pub async fn spend_pushed(&self, tenant: &TenantId, asked: &Authorization) -> Result<(), OAuthError> {
        let Some(mark) = &asked.pushed else { return Ok(()) };
        let thing = Thing {
            tenant,
            purpose: spends::Purpose::Pushed,
            name: &mark.id,
            session: None,
            // As long as any browser in which it was begun may still be on its way.
            expires_at: mark.expires_at.plus_secs(LIFETIME_SECS),
        };
        match self.store().spend(thing, asked.browser.as_bytes()).await? {
            Spent::Before(browser) if browser != asked.browser.as_bytes() => Err(refused("used before")),
            Spent::Before(_) | Spent::First => Ok(()),
        }
    }
}

fn refused(cause: &str) -> OAuthError {
    let description = "The request_uri is not one that this client may use here now";
    OAuthError::new(ErrorCode::InvalidRequestUri, Fault::Client, description).because(cause)
}
