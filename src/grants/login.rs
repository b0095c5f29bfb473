//! What follows once a person has proved who they are: organization, permissions, session, refresh family.

use std::sync::Arc;

use crate::claims::{Facts, Subject};
use crate::clock::UnixMs;
use crate::engine::refresh_tokens::{Lifetimes, RefreshFacts};
use crate::engine::targets::Target;
use crate::grants::{Granted, Request};
use crate::model::client::Client;
use crate::model::family::NewFamily;
use crate::model::session::{Amr, Session};
use crate::model::signing_key::Algorithm;
use crate::model::user::User;
use crate::protocol::claims_request::Wanted;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::{ClientId, FamilyKey, OrganizationId, SessionId};
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
    let known = known(caller.client(), &login.target, &login.asked);
    let scope = login.target.permitted(&known, &permissions);
    let keys = engine.keys(&tenant.tenant.id, &algorithms(caller.client(), &login.target)).await?;

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
        clients: told(caller.client()),
    };
    let first = FirstToken {
        target: &login.target,
        session: session.id,
        user: session.user.as_str(),
        authenticated_at: now,
        amr: session.amr,
        organization: session.organization.as_ref().map(OrganizationId::as_str),
        scope: &known,
        wanted: Wanted::default(),
        started_at: now,
    };
    let family = family(request, &first)?;
    let (started, refresh_token) = family.map_or((None, None), |(new, token)| (Some(new), Some(token)));
    engine.open_session(&session, started).await?;
    engine.ensure_admitted(&login.user, session.id).await?;

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
        requested: None,
        now,
        jti: engine.next_serial(),
    };
    Ok(Granted::new(facts, keys, refresh_token))
}

/// The client, if it wants to be told of the session's end.
fn told(client: &Client) -> Vec<ClientId> {
    client.wants_logout().then(|| client.client_id.clone()).into_iter().collect()
}

/// What a new family is made of.
pub(crate) struct FirstToken<'a> {
    pub(crate) target: &'a Target,
    pub(crate) session: SessionId,
    pub(crate) user: &'a str,
    pub(crate) authenticated_at: UnixMs,
    pub(crate) amr: Amr,
    pub(crate) organization: Option<&'a str>,
    pub(crate) scope: &'a Scope,
    pub(crate) wanted: Wanted,
    pub(crate) started_at: UnixMs,
}

/// The part of `asked` that the target knows, and that the client may have.
pub(crate) fn known(client: &Client, target: &Target, asked: &Scope) -> Scope {
    let may_refresh = client.allows(GrantType::RefreshToken) && target.allows_offline_access();
    target.known(asked).filtered(|token| token != "offline_access" || may_refresh)
}

/// What signs the client's tokens for the target.
pub(crate) fn algorithms(client: &Client, target: &Target) -> [Algorithm; 2] {
    [target.algorithm(), client.jwt_configuration.alg]
}

/// A family to start and its first token, if the scope has `offline_access`.
pub(crate) fn family(
    request: Request<'_>,
    first: &FirstToken<'_>,
) -> Result<Option<(NewFamily, String)>, OAuthError> {
    if !first.scope.contains("offline_access") {
        return Ok(None);
    }
    let Request { engine, exchange, caller, .. } = request;
    let tenant = &exchange.tenant().tenant;
    let family = engine.new_family_id()?;
    let lifetimes = Lifetimes::of(caller.client(), &tenant.settings);
    let expires_at = lifetimes.absolute_end(first.started_at);
    let new = NewFamily {
        key: FamilyKey::of(&family, caller.client().client_id.as_str()),
        idle_expires_at: lifetimes.idle_end(first.started_at, expires_at),
        expires_at,
        session_until: lifetimes.session_end(first.started_at),
        survives_logout: caller.client().refresh_token.survives_logout,
        most: engine.families_max(),
    };
    let facts = RefreshFacts {
        session: first.session,
        family,
        generation: 1,
        user: first.user,
        client: caller.client().client_id.as_str(),
        organization: first.organization,
        audience: first.target.resource_server.as_ref().map(|_| first.target.audience.as_str()),
        scope: first.scope.as_str(),
        wanted: first.wanted,
        authenticated_at: first.authenticated_at,
        amr: first.amr,
        started_at: first.started_at,
        expires_at,
    };
    Ok(Some((new, engine.seal_first_refresh_token(&tenant.id, &facts)?)))
}
