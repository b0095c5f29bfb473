//! `authorization_code` (RFC 6749 §4.1.3): everything is checked before the code is spent.

use std::sync::Arc;

use crate::claims::{Facts, Requested, Subject};
use crate::clock::UnixMs;
use crate::engine::authorization::codes::{CodeFacts, CodeUse, GivenToken, OpenedCode};
use crate::engine::organizations::check_usage;
use crate::grants::login::{self, FirstToken};
use crate::grants::{Grant, Granted, Request};
use crate::model::log_event::EventType;
use crate::model::user::User;
use crate::protocol::grant_type::GrantType;
use crate::protocol::oauth_error::OAuthError;
use crate::protocol::scope::Scope;

/// This grant.
pub const GRANT: Grant = Grant {
    name: GrantType::AuthorizationCode,
    parameters: &["code", "redirect_uri", "code_verifier"],
    events: (EventType::Seacft, EventType::Feacft),
    redeem: |request| Box::pin(redeem(request)),
};

async fn redeem(request: Request<'_>) -> Result<Granted, OAuthError> {
    let Request { engine, exchange, caller, form } = request;
    let tenant = exchange.tenant();
    let opened = engine.open_code(&tenant.tenant.id, form.required("code")?);
    let code =
        opened.as_ref().and_then(OpenedCode::facts).ok_or_else(|| refused("not a code of this tenant"))?;
    let now = engine.now();
    check_presented(request, &code, now)?;
    let user = holder(request, &code).await?;
    check_usage(caller.client(), code.organization.is_some())?;
    let standing = match code.organization {
        Some(id) => Some(engine.standing_of_login(&tenant.tenant.id, &user, id).await?),
        None => None,
    };
    let target = engine.target(tenant, code.audience).await?;
    let permissions = engine.permissions(&user, standing.as_ref(), &target).await?;
    let asked = Scope::parse(code.scope).unwrap_or_else(|_| Scope::empty());
    let known = login::known(caller.client(), &target, &asked);
    let keys = engine.keys(&tenant.tenant.id, &login::algorithms(caller.client(), &target)).await?;
    let first = FirstToken {
        target: &target,
        session: code.session,
        user: code.user,
        authenticated_at: code.authenticated_at,
        amr: code.amr,
        organization: code.organization,
        scope: &known,
        wanted: code.wanted,
        started_at: now,
    };
    let family = login::family(request, &first)?;
    if family.is_none() {
        check_session(request, &code, now).await?;
    }

    // Everything is checked; only now is anything consumed.
    let (new, refresh_token) = family.unzip();
    let jti = engine.next_serial();
    let expires_at = now.plus_secs(target.lifetime_secs(tenant));
    let access_token = GivenToken { jti, given_at: now, expires_at };
    first_use(engine.spend_code(&tenant.tenant.id, &code, new, access_token).await?)?;
    let facts = Facts {
        tenant: Arc::clone(tenant),
        client: Arc::clone(caller.client()),
        subject: Subject::User {
            user,
            session: code.session,
            authenticated_at: code.authenticated_at,
            amr: code.amr,
        },
        scope: target.permitted(&known, &permissions),
        permissions: target.wants_permissions().then_some(permissions),
        target,
        organization: standing.map(|standing| standing.organization),
        grant: GrantType::AuthorizationCode,
        requested: requested(&code),
        now,
        jti,
    };
    Ok(Granted::new(facts, keys, refresh_token))
}

/// Nothing is given for any other use.
fn first_use(used: CodeUse) -> Result<(), OAuthError> {
    match used {
        CodeUse::First => Ok(()),
        CodeUse::Again => Err(refused("used before")),
        CodeUse::NoSession => Err(refused("the session has ended")),
    }
}

/// What the authorization request wants to find in the tokens.
fn requested(code: &CodeFacts<'_>) -> Option<Box<Requested>> {
    let (nonce, wanted) = (code.nonce.map(str::to_owned), code.wanted);
    let anything = nonce.is_some() || !wanted.is_empty();
    anything.then(|| Box::new(Requested { nonce, wanted, ..Requested::default() }))
}

/// Whether this client may present the code now, from where it was sent, with the proof it promised.
fn check_presented(request: Request<'_>, code: &CodeFacts<'_>, now: UnixMs) -> Result<(), OAuthError> {
    let Request { caller, form, .. } = request;
    if code.client != caller.client().client_id.as_str() {
        return Err(refused("the code of another client"));
    }
    if !caller.client().existed_at(code.given_at()) {
        return Err(refused("the code of an earlier client of this id"));
    }
    if code.expires_at <= now {
        return Err(refused("expired"));
    }
    match form.value("redirect_uri") {
        Some(uri) if uri == code.redirect_uri => {}
        None if !code.named_redirect_uri => {}
        _ => return Err(refused("another redirect_uri")),
    }
    match (&code.challenge, form.value("code_verifier")) {
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
        (Some(_), None) => Err(OAuthError::invalid_request("Missing required parameter: code_verifier")),
        (Some(_), Some(_)) => Err(OAuthError::invalid_grant("Failed to verify code verifier")),
        // A verifier without a challenge: somebody took the challenge away on the way (RFC 9700 §2.1.1).
        (None, Some(_)) => Err(refused("a verifier, but no challenge")),
        (None, None) => Ok(()),
    }
}

/// The person who logged in, if they may still come in.
async fn holder(request: Request<'_>, code: &CodeFacts<'_>) -> Result<Arc<User>, OAuthError> {
    let tenant = &request.exchange.tenant().tenant.id;
    let user = request.engine.cached().user(tenant, code.user).await?;
    let user =
        user.filter(|user| user.admits(code.authenticated_at) && user.allows(code.client, code.given_at()));
    user.ok_or_else(|| refused("the user may not come in any more"))
}

/// Whether the login that the code speaks of still stands. A family is only started in a session that does, by the verb
/// that spends the code: then there is no need to ask before.
async fn check_session(request: Request<'_>, code: &CodeFacts<'_>, now: UnixMs) -> Result<(), OAuthError> {
    let tenant = &request.exchange.tenant().tenant.id;
    let session = request.engine.session(code.session, now).await?;
    let session = session.filter(|session| session.tenant == *tenant && session.user.as_str() == code.user);
    session.map(drop).ok_or_else(|| refused("the session has ended"))
}

/// One wording for every code that is not (or no longer) good.
fn refused(cause: &'static str) -> OAuthError {
    OAuthError::invalid_grant("Invalid authorization code").because(cause)
}
