//! What follows once a person has proved who they are: organization, permissions, session, refresh family.

use std::sync::Arc;

use crate::claims::{Facts, Subject};
use crate::clock::UnixMs;
use crate::engine::refresh_tokens::{Lifetimes, RefreshFacts};
use crate::engine::targets::Target;
use crate::grants::{Granted, Request};
use crate::model::family::NewFamily;
use crate::model::session::{Amr, Session};
use crate::model::user::User;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::{FamilyId, FamilyKey};
use crate::protocol::oauth_error::OAuthError;
use crate::protocol::scope::Scope;

/// A person who has just proved who they are.
pub(crate) struct Login<'a> {
    pub(crate) user: Arc<User>,
    pub(crate) target: Target,
    pub(crate) asked: Scope,
    pub(crate) organization: Option<&'a str>,
    pub(crate) amr: Amr,
    pub(crate) grant: GrantType,
}

/// Checks the organization, opens the session, starts the refresh family.
pub(crate) async fn complete(request: Request<'_>, login: Login<'_>) -> Result<Granted, OAuthError> {
    let Request { engine, exchange, caller, .. } = request;
    let tenant = exchange.tenant();
    let standing = match login.organization {
        Some(reference) => Some(engine.standing(&tenant.tenant.id, &login.user, reference).await?),
        None => None,
    };
    let permissions = engine.permissions(&login.user, standing.as_ref(), &login.target).await?;
    let known = login.target.known(&login.asked);
    let may_refresh = caller.client().allows(GrantType::RefreshToken) && login.target.allows_offline_access();
    let known = known.filtered(|token| token != "offline_access" || may_refresh);
    let scope = login.target.permitted(&known, &permissions);
    let algorithms = [login.target.algorithm(), caller.client().jwt_configuration.alg];
    let keys = engine.keys(&tenant.tenant.id, &algorithms).await?;

    let now = engine.now();
    let session = Session {
        id: engine.new_session_id()?,
        tenant: tenant.tenant.id.clone(),
        user: login.user.user_id.clone(),
        organization: standing.as_ref().map(|standing| standing.organization.id.clone()),
        authenticated_at: now,
        amr: login.amr,
        created_at: now,
        expires_at: Some(now.plus_secs(tenant.tenant.settings.session_lifetime)),
        device: None,
    };
    let family = if known.contains("offline_access") { Some(engine.new_family_id()?) } else { None };
    let refresh_token = match &family {
        Some(family) => Some(first_token(request, &login, &session, &known, family)?),
        None => None,
    };
    let started = family.as_ref().map(|family| new_family(request, family, now));
    engine.open_session(&session, started).await?;

    let facts = Facts {
        tenant: Arc::clone(tenant),
        client: Arc::clone(caller.client()),
        subject: Subject::User {
            user: login.user,
            session: session.id,
            authenticated_at: now,
            amr: login.amr,
        },
        permissions: login.target.wants_permissions().then_some(permissions),
        target: login.target,
        scope,
        organization: standing.map(|standing| standing.organization),
        grant: login.grant,
        nonce: None,
        now,
        jti: engine.next_serial(),
    };
    Ok(Granted::new(facts, keys, refresh_token))
}

fn new_family(request: Request<'_>, family: &FamilyId, now: UnixMs) -> NewFamily {
    let lifetimes = Lifetimes::of(request.caller.client(), &request.exchange.tenant().tenant.settings);
    let expires_at = lifetimes.absolute_end(now);
    NewFamily { key: FamilyKey::of(family), idle_expires_at: lifetimes.idle_end(now, expires_at), expires_at }
}

fn first_token(
    request: Request<'_>,
    login: &Login<'_>,
    session: &Session,
    known: &Scope,
    family: &FamilyId,
) -> Result<String, OAuthError> {
    let Request { engine, exchange, caller, .. } = request;
    let tenant = &exchange.tenant().tenant;
    let lifetimes = Lifetimes::of(caller.client(), &tenant.settings);
    let facts = RefreshFacts {
        session: session.id,
        family: family.clone(),
        generation: 1,
        user: session.user.as_str(),
        client: caller.client().client_id.as_str(),
        organization: session.organization.as_ref().map(crate::protocol::ids::OrganizationId::as_str),
        audience: login.target.resource_server.as_ref().map(|_| login.target.audience.as_str()),
        scope: known.as_str(),
        authenticated_at: session.authenticated_at,
        amr: session.amr,
        started_at: session.created_at,
        expires_at: lifetimes.absolute_end(session.created_at),
    };
    // The longest successor must fit too: a rotation that cannot be sealed would lose the family.
    engine.seal_refresh_token(&tenant.id, &RefreshFacts { generation: u64::MAX, ..facts.clone() })?;
    engine.seal_refresh_token(&tenant.id, &facts)
}
