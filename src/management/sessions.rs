//! `/sessions` and a user's sessions: logins, and their end.

use serde_json::{Value, json};

use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging;
use crate::management::problem::Problem;
use crate::management::standing::find;
use crate::management::users::instant;
use crate::model::oidc_logout::Initiator;
use crate::model::session::Session;
use crate::model::user::User;
use crate::protocol::ids::{SessionId, UserId};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/sessions/{id}", &["read:sessions"], |call| Box::pin(show(call))).about("Get a session"),
    Operation::delete("/sessions/{id}", &["delete:sessions"], |call| Box::pin(remove(call)))
        .about("Delete a session")
        .silent(202),
    Operation::post("/sessions/{id}/revoke", &["delete:sessions"], |call| Box::pin(remove(call)))
        .about("Revoke a session and its refresh tokens")
        .silent(202),
    Operation::get("/users/{user_id}/sessions", &["read:sessions"], |call| Box::pin(of_user(call)))
        .about("List a user's sessions")
        .paged(),
    Operation::delete("/users/{user_id}/sessions", &["delete:sessions"], |call| Box::pin(remove_all(call)))
        .about("Delete a user's sessions")
        .silent(202),
];

async fn show(call: &Call<'_>) -> Outcome {
    Ok(Answer::shown(render(&named(call, call.capture(0)).await?)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let session = named(call, call.capture(0)).await?;
    call.engine.end_session(session.id, Initiator::SessionRevoked).await?;
    Ok(Answer::empty())
}

async fn of_user(call: &Call<'_>) -> Outcome {
    let user = find::<User>(call, call.capture(0), "user").await?.record;
    let sessions = live(call, &user.user_id).await?;
    paging::items(call, "sessions", sessions.iter().map(render).collect())
}

async fn remove_all(call: &Call<'_>) -> Outcome {
    let user = find::<User>(call, call.capture(0), "user").await?.record;
    end_all(call, &user.user_id, Initiator::SessionRevoked).await?;
    Ok(Answer::empty())
}

/// The live sessions of a user, oldest first.
pub(crate) async fn live(call: &Call<'_>, user: &UserId) -> Result<Vec<Session>, Problem> {
    let now = call.engine.now();
    let mut sessions = Vec::new();
    for id in call.engine.store().of_user(call.tenant_id(), user, now).await? {
        sessions.extend(call.engine.session(id, now).await?);
    }
    sessions.sort_by_key(|session| (session.created_at, session.id));
    Ok(sessions)
}

/// Ends every session of a user, with all refresh tokens, and tells their applications why.
pub(crate) async fn end_all(call: &Call<'_>, user: &UserId, why: Initiator) -> Result<(), Problem> {
    Ok(call.engine.end_sessions(call.tenant_id(), user, why, None).await?)
}

/// The session called `id`, if it is this tenant's.
pub(crate) async fn named(call: &Call<'_>, id: &str) -> Result<Session, Problem> {
    let missing = || Problem::missing("session");
    let id = SessionId::parse(id).ok_or_else(missing)?;
    let session = call.engine.session(id, call.engine.now()).await?;
    session.filter(|session| session.tenant == *call.tenant_id()).ok_or_else(missing)
}

fn render(session: &Session) -> Value {
    let methods: Vec<_> = session
        .amr
        .names()
        .map(|name| json!({ "name": name, "timestamp": instant(session.authenticated_at) }))
        .collect();
    let mut shown = json!({
        "id": session.id,
        "user_id": session.user,
        "created_at": instant(session.created_at),
        "updated_at": instant(session.authenticated_at),
        "authenticated_at": instant(session.authenticated_at),
        "authentication": { "methods": methods },
    });
    if let Some(at) = session.expires_at {
        shown["expires_at"] = json!(instant(at));
    }
    if let Some(organization) = &session.organization {
        shown["organization_id"] = json!(organization);
    }
    if let Some(device) = &session.device {
        shown["device"] = json!({ "last_user_agent": device.user_agent, "last_ip": device.address });
        shown["last_interacted_at"] = json!(instant(device.used_at));
    }
    shown
}
