//! `/sessions` and a user's sessions: logins, and their end.

use serde_json::{Value, json};

use crate::engine::sessions::ENDED_AT_ONCE;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Paging};
use crate::management::problem::Problem;
use crate::management::standing::find;
use crate::management::users::instant;
use crate::model::oidc_logout::Initiator;
use crate::model::record::Record as _;
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

/// In order of id, so that a page reads no more sessions than it shows.
async fn of_user(call: &Call<'_>) -> Outcome {
    let user = find::<User>(call, call.capture(0), "user").await?.record;
    let paging = Paging::of(call)?;
    let (after, take) = paging.window();
    let (after, now) = (after.and_then(SessionId::parse), call.engine.now());
    let ids = call.engine.sessions_of(call.tenant_id(), &user.user_id).await?;
    let mut shown = Vec::new();
    for id in ids.into_iter().filter(|id| after.is_none_or(|after| *id > after)).take(take) {
        let session = call.engine.session(id, now).await?;
        shown.extend(session.map(|session| (id.to_string(), render(&session))));
    }
    Ok(paging::window(call, "sessions", &paging, shown))
}

/// Beyond what one request may end, the user's epoch ends everything at once, and the sessions follow.
async fn remove_all(call: &Call<'_>) -> Outcome {
    let standing = find::<User>(call, call.capture(0), "user").await?;
    let sessions = call.engine.sessions_of(call.tenant_id(), &standing.record.user_id).await?;
    if sessions.len() > ENDED_AT_ONCE {
        let put = call.registrar().revoke_user(&standing).await?;
        call.changed(&put.record.change());
    }
    end_all(call, &standing.record.user_id, Initiator::SessionRevoked).await?;
    Ok(Answer::empty())
}

/// Ends every session of a user, with all refresh tokens, and tells their applications why. Beyond what one request
/// may end, the user's epoch says already that nothing of theirs is admitted.
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
