//! `refresh_token` (RFC 6749 §6): rotation by design §5, organizations by design §6, one store round trip.

use std::sync::Arc;

use crate::claims::{Facts, Requested, Subject};
use crate::clock::UnixMs;
use crate::engine::organizations::{Standing, check_usage};
use crate::engine::refresh_tokens::{Lifetimes, OpenedRefreshToken, RefreshFacts};
use crate::grants::{Grant, Granted, Request};
use crate::model::family::{Presented, Rotation};
use crate::model::log_event::{EventType, LogEvent};
use crate::model::user::User;
use crate::protocol::claims_request::Wanted;
use crate::protocol::grant_type::GrantType;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::protocol::scope::Scope;
use crate::telemetry::labels::RefreshReason;

/// This grant.
pub const GRANT: Grant = Grant {
    name: GrantType::RefreshToken,
    parameters: &["refresh_token", "scope", "organization"],
    events: (EventType::Sertft, EventType::Fertft),
    redeem: |request| Box::pin(redeem(request)),
};

async fn redeem(request: Request<'_>) -> Result<Granted, OAuthError> {
    let Request { engine, exchange, caller, form } = request;
    let tenant = exchange.tenant();
    let text = form.required("refresh_token")?;
    let opened = engine.open_refresh_token(&tenant.tenant.id, text);
    let facts = opened.as_ref().and_then(OpenedRefreshToken::facts);
    let facts = facts.ok_or_else(|| dead(engine, RefreshReason::Malformed))?;
    let now = engine.now();
    let user = holder(request, &facts, now).await?;
    let asked = narrowed(&facts, form.value("scope"))?;
    let standing = standing(request, &facts, &user).await?;
    let target = engine.target(tenant, facts.audience.or(Some(tenant.userinfo.as_str()))).await?;
    let permissions = engine.permissions(&user, standing.as_ref(), &target).await?;
    let algorithms = [target.algorithm(), caller.client().jwt_configuration.alg];
    let keys = engine.keys(&tenant.tenant.id, &algorithms).await?;

    // Everything is checked; only now is anything consumed.
    let lifetimes = Lifetimes::of(caller.client(), &tenant.tenant.settings);
    let generation = rotate(request, &facts, &lifetimes).await?;
    // A client that stopped rotating may still hold the token before its last: it must learn the newer one.
    let refresh_token = if lifetimes.rotating || generation > facts.generation {
        Some(engine.seal_refresh_token(&tenant.tenant.id, &RefreshFacts { generation, ..facts.clone() })?)
    } else {
        None
    };
    let facts = Facts {
        tenant: Arc::clone(tenant),
        client: Arc::clone(caller.client()),
        subject: Subject::User {
            user,
            session: facts.session,
            authenticated_at: facts.authenticated_at,
            amr: facts.amr,
        },
        scope: target.permitted(&target.known(&asked), &permissions),
        permissions: target.wants_permissions().then_some(permissions),
        target,
        organization: standing.map(|standing| standing.organization),
        grant: GrantType::RefreshToken,
        requested: requested(facts.wanted),
        now,
        jti: engine.next_serial(),
    };
    Ok(Granted::new(facts, keys, refresh_token))
}

/// What the authorization request of the login wants to find in the tokens, as a rule nothing.
fn requested(wanted: Wanted) -> Option<Box<Requested>> {
    if wanted.is_empty() { None } else { Some(Box::new(Requested { wanted, ..Requested::default() })) }
}

/// The user whose token it is, if client, family and user are all still what they were.
async fn holder(
    request: Request<'_>,
    facts: &RefreshFacts<'_>,
    now: UnixMs,
) -> Result<Arc<User>, OAuthError> {
    let Request { engine, exchange, caller, .. } = request;
    if facts.client != caller.client().client_id.as_str() {
        return Err(dead(engine, RefreshReason::WrongClient));
    }
    if facts.expires_at.is_some_and(|end| end <= now) {
        return Err(dead(engine, RefreshReason::Expired));
    }
    if !caller.client().existed_at(facts.started_at) {
        return Err(dead(engine, RefreshReason::WrongClient));
    }
    let found = engine.cached().user(&exchange.tenant().tenant.id, facts.user).await?;
    let admits = |user: &User| user.admits(facts.started_at) && user.allows(facts.client, facts.started_at);
    found.filter(|user| admits(user)).ok_or_else(|| dead(engine, RefreshReason::UserGone))
}

/// The scope asked for, which must lie within what was granted at login (RFC 6749 §6).
fn narrowed(facts: &RefreshFacts<'_>, asked: Option<&str>) -> Result<Scope, OAuthError> {
    let refused = |description: String| OAuthError::new(ErrorCode::InvalidScope, Fault::Client, description);
    let original = Scope::parse(facts.scope).map_err(|error| refused(error.to_string()))?;
    let Some(asked) = asked else { return Ok(original) };
    let asked = Scope::parse(asked).map_err(|error| refused(error.to_string()))?;
    if asked.is_subset(&original) {
        return Ok(asked);
    }
    Err(refused("The requested scope exceeds the scope granted at login".to_owned()))
}

/// The organization asked for, for this response only; else that of the login, looked at again.
async fn standing(
    request: Request<'_>,
    facts: &RefreshFacts<'_>,
    user: &User,
) -> Result<Option<Standing>, OAuthError> {
    let Request { engine, exchange, caller, form } = request;
    let tenant = &exchange.tenant().tenant.id;
    let asked = form.value("organization");
    check_usage(caller.client(), asked.or(facts.organization).is_some())?;
    let standing = match (asked, facts.organization) {
        (Some(reference), _) => engine.standing(tenant, user, reference).await,
        (None, Some(id)) => engine.standing_of_login(tenant, user, id).await,
        (None, None) => return Ok(None),
    };
    if standing.as_ref().is_err_and(|error| error.code == ErrorCode::AccessDenied) {
        engine.metrics().refresh_outcome(RefreshReason::NotAMember);
    }
    standing.map(Some)
}

/// The generation of the successor.
async fn rotate(
    request: Request<'_>,
    facts: &RefreshFacts<'_>,
    lifetimes: &Lifetimes,
) -> Result<u64, OAuthError> {
    let Request { engine, exchange, .. } = request;
    // Not when the request came: what slow look-ups took would be taken off the leeway of the retry.
    let now = engine.now();
    let asked = Presented {
        session: facts.session,
        family: facts.family_key(),
        generation: facts.generation,
        now,
        leeway_ms: lifetimes.leeway_secs.saturating_mul(1000),
        expires_at: lifetimes.idle_end(now, facts.expires_at),
        rotating: lifetimes.rotating,
    };
    let settings = &exchange.tenant().tenant.settings;
    let (reason, generation) = match engine.rotate(asked, settings.reuse_ends_session).await? {
        Rotation::Rotated { generation } => (RefreshReason::Rotated, generation),
        Rotation::Repeated { generation } => (RefreshReason::Repeated, generation),
        Rotation::Recovered { generation } => (RefreshReason::Recovered, generation),
        Rotation::Unknown => return Err(dead(engine, RefreshReason::Unknown)),
        Rotation::Reused => {
            log_reuse(request, facts, now);
            return Err(dead(engine, RefreshReason::Reused));
        }
    };
    engine.metrics().refresh_outcome(reason);
    Ok(generation)
}

fn log_reuse(request: Request<'_>, facts: &RefreshFacts<'_>, now: UnixMs) {
    let Request { engine, exchange, caller, .. } = request;
    engine.log(LogEvent {
        tenant: exchange.tenant().tenant.id.clone(),
        event: EventType::Ferrt,
        at: now,
        client: Some(caller.client().client_id.clone()),
        user: Some(facts.user.into()),
        organization: None,
        session: Some(facts.session),
        address: Some(exchange.peer().address.to_string()),
        description: "A refresh token was presented a second time; its family is revoked".to_owned(),
    });
}

/// One wording for every token that is not (or no longer) good.
fn dead(engine: &crate::engine::Engine, reason: RefreshReason) -> OAuthError {
    engine.metrics().refresh_outcome(reason);
    OAuthError::invalid_grant("Unknown or invalid refresh token.").because(format!("{reason:?}"))
}
