//! A login on an application's own page (Auth0's cross-origin authentication): a sealed ticket that the authorization
//! endpoint takes once, within a minute, from the browser in which the password was typed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::engine::authorization::BrowserMark;
use crate::model::client::Client;
use crate::model::session::Amr;
use crate::model::user::User;
use crate::protocol::ids::UserId;
use crate::protocol::oauth_error::OAuthError;
use crate::signing::sealing::Purpose;
use crate::store::spends::{self, Spent, Thing};
use crate::tenancy::TenantView;

/// How long a ticket is good, in seconds; also how long the browser keeps its half.
pub const LIFETIME_SECS: u64 = 60;

/// What the page gets.
#[derive(Clone, Debug, Serialize)]
pub struct Login {
    /// Goes to the authorization endpoint.
    pub login_ticket: String,
    /// The browser's half, which a cookie carries as well.
    pub co_verifier: String,
    /// Auth0's name for the attempt; `auth0.js` keeps the verifier under it.
    pub co_id: String,
}

#[derive(Serialize, Deserialize)]
struct Ticket {
    id: [u8; 16],
    client: String,
    user: UserId,
    amr: Amr,
    /// What is remembered of the verifier.
    browser: BrowserMark,
    authenticated_at: UnixMs,
}

impl Engine {
    /// A ticket for `user`, who proved who they are on a page of `client`.
    ///
    /// # Errors
    /// `server_error`.
    pub fn login_ticket(
        &self,
        tenant: &TenantView,
        client: &Client,
        (user, amr): (&User, Amr),
    ) -> Result<Login, OAuthError> {
        let co_verifier = URL_SAFE_NO_PAD.encode(self.random::<32>()?);
        let ticket = Ticket {
            id: self.random()?,
            client: client.client_id.to_string(),
            user: user.user_id.clone(),
            amr,
            browser: BrowserMark::of(&co_verifier),
            authenticated_at: self.now(),
        };
        let sealed = self.sealer().seal_facts(Purpose::LoginTicket, &tenant.tenant.id, &ticket.id, &ticket);
        let login_ticket = sealed.map_err(|error| OAuthError::server_error(error.to_string()))?;
        let co_id = URL_SAFE_NO_PAD.encode(self.random::<9>()?);
        Ok(Login { login_ticket, co_verifier, co_id })
    }

    /// Who logged in, if `text` is a ticket for `client` from the browser that holds `verifier`, and the first use
    /// of it.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say; the ticket may be spent then.
    pub async fn redeem_login_ticket(
        &self,
        tenant: &TenantView,
        client: &str,
        text: &str,
        verifier: Option<&str>,
    ) -> Result<Option<(Arc<User>, Amr)>, OAuthError> {
        let id = &tenant.tenant.id;
        let plain = self.sealer().open(Purpose::LoginTicket, id, text);
        let Some(ticket) = plain.and_then(|plain| postcard::from_bytes::<Ticket>(&plain).ok()) else {
            return Ok(None);
        };
        let ends = ticket.authenticated_at.plus_secs(LIFETIME_SECS);
        let own = ticket.client == client && verifier.map(BrowserMark::of) == Some(ticket.browser);
        if !own || self.now() >= ends {
            return Ok(None);
        }
        let user = self.cached().user(id, ticket.user.as_str()).await?;
        let Some(user) = user.filter(|user| user.admits(ticket.authenticated_at)) else { return Ok(None) };
        let thing = Thing {
            tenant: id,
            purpose: spends::Purpose::LoginTicket,
            name: &ticket.id,
            session: None,
            expires_at: ends.plus_secs(spends::MARGIN_SECS),
        };
        let first = self.store().spend(thing, b"").await? == Spent::First;
        Ok(first.then_some((user, ticket.amr)))
    }
}
