//! What the authorization endpoint itself gives: a code, and by way of the browser the tokens that the response type
//! names (RFC 6749 §4.1, §4.2; OpenID Connect Core §3.1–§3.3).

use std::sync::Arc;

use crate::claims::front_channel::Beside;
use crate::claims::{Facts, Requested, Subject};
use crate::engine::Engine;
use crate::engine::authorization::{Approved, Authorization, Next};
use crate::engine::presence::Presence;
use crate::grants::{Granted, login};
use crate::model::client::Client;
use crate::protocol::authorization::{Response, ResponseType};
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::OrganizationId;
use crate::protocol::oauth_error::OAuthError;
use crate::protocol::scope::Scope;
use crate::tenancy::TenantView;
use crate::transport::cookies::Cookie;
use crate::transport::exchange::Exchange;
use crate::transport::reply::Reply;

/// How long a browser is known again, in seconds.
const BROWSER_SECS: u64 = 30 * 24 * 3600;

/// How an authorization request goes on.
#[derive(Debug)]
pub enum Step {
    /// The application is answered.
    Answer(Response),
    /// The person is asked, at this address.
    Ask(String),
}

/// The browser's own cookie, and whether it is new; whatever can be the first of ours that a browser sees remembers it
/// then, so that its forms and what comes after them open there and nowhere else.
///
/// # Errors
/// `server_error` when there is no randomness.
pub fn browser(engine: &Engine, exchange: &Exchange) -> Result<(String, bool), OAuthError> {
    let known = Cookie::Browser.read(exchange.headers(), exchange.tenant());
    match known.filter(|known| known.len() == 22) {
        Some(known) => Ok((known.to_owned(), false)),
        None => Ok((engine.new_browser_cookie()?, true)),
    }
}

/// Sets the browser's own cookie.
pub fn remember(reply: &mut Reply, exchange: &Exchange, browser: &str) {
    Cookie::Browser.set(reply, exchange.tenant(), browser, BROWSER_SECS);
}

/// Goes on with `asked`, by a browser in which `presence` is logged in, and gives what was asked for once everything
/// is decided.
///
/// # Errors
/// What only the person may be told.
pub async fn go_on(
    engine: &Engine,
    tenant: &Arc<TenantView>,
    client: &Arc<Client>,
    asked: &Authorization,
    presence: Option<&Presence>,
) -> Result<Step, OAuthError> {
    let approved = match engine.next(tenant, client, asked, presence).await? {
        Next::Ask(address) => return Ok(Step::Ask(address)),
        Next::Refuse(response) => return Ok(Step::Answer(response)),
        Next::Give(approved) => approved,
    };
    Ok(Step::Answer(match give(engine, tenant, client, asked, &approved).await {
        Ok(parameters) => asked.response(tenant, parameters),
        Err(error) => asked.refusal(tenant, &error),
    }))
}

async fn give(
    engine: &Engine,
    tenant: &Arc<TenantView>,
    client: &Arc<Client>,
    asked: &Authorization,
    approved: &Approved,
) -> Result<Vec<(&'static str, String)>, OAuthError> {
    let kind = asked.response_type;
    // What can fail comes before what is given.
    let granted = if kind.brings_tokens() {
        Some(granted(engine, tenant, client, asked, approved).await?)
    } else {
        None
    };
    engine.spend_pushed(&tenant.tenant.id, asked).await?;
    let code = kind.has(ResponseType::CODE).then(|| engine.code(tenant, asked, approved)).transpose()?;
    let mut parameters = Vec::with_capacity(8);
    if let Some(granted) = granted {
        let beside = Beside { response_type: kind, code: code.as_deref(), state: asked.state.as_deref() };
        parameters = granted.issue_to_browser(beside)?;
    }
    if let Some(code) = code {
        parameters.insert(0, ("code", code));
    }
    Ok(parameters)
}

/// What the tokens will say; a token from the browser never comes with a refresh token.
async fn granted(
    engine: &Engine,
    tenant: &Arc<TenantView>,
    client: &Arc<Client>,
    asked: &Authorization,
    approved: &Approved,
) -> Result<Granted, OAuthError> {
    let Presence { session, user } = approved.presence();
    let id = &tenant.tenant.id;
    let standing = match approved.organization().map(OrganizationId::as_str) {
        Some(organization) => Some(engine.standing_of_login(id, user, organization).await?),
        None => None,
    };
    let target = engine.target(tenant, asked.audience.as_deref()).await?;
    let permissions = engine.permissions(user, standing.as_ref(), &target).await?;
    let scope = Scope::parse(&asked.scope).unwrap_or_else(|_| Scope::empty());
    let scope = login::known(client, &target, &scope).filtered(|token| token != "offline_access");
    let keys = engine.keys(id, &login::algorithms(client, &target)).await?;
    let facts = Facts {
        tenant: Arc::clone(tenant),
        client: Arc::clone(client),
        subject: Subject::User {
            user: Arc::clone(user),
            session: session.id,
            authenticated_at: session.authenticated_at,
            amr: session.amr,
        },
        scope: target.permitted(&scope, &permissions),
        permissions: target.wants_permissions().then_some(permissions),
        target,
        organization: standing.map(|standing| standing.organization),
        grant: GrantType::Implicit,
        requested: Some(Box::new(Requested {
            nonce: asked.nonce.clone(),
            wanted: asked.claims.wanted,
            ..Requested::default()
        })),
        now: engine.now(),
        jti: engine.next_serial(),
    };
    Ok(Granted::new(facts, keys, None))
}
