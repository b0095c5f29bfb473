//! `/refresh-tokens`: refresh families by an id that names session and family, and opens nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::engine::refresh_tokens::Lifetimes;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Paging};
use crate::management::problem::Problem;
use crate::management::sessions;
use crate::management::standing::find;
use crate::management::users::instant;
use crate::model::client::Client;
use crate::model::family::Family;
use crate::model::session::Session;
use crate::model::user::User;
use crate::protocol::ids::{ClientMark, FamilyKey, SessionId};

/// Where a refresh token is not shown as by Auth0: what the store does not keep, it cannot show.
const NOTE: &str = "Without resource_servers: audience and scopes are sealed in the token and kept nowhere else. \
                    created_at and expires_at are known until the token is first exchanged, last_exchanged_at from \
                    then on.";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/refresh-tokens/{id}", &["read:refresh_tokens"], |call| Box::pin(show(call)))
        .about("Get a refresh token")
        .noting(NOTE),
    Operation::delete("/refresh-tokens/{id}", &["delete:refresh_tokens"], |call| Box::pin(remove(call)))
        .about("Delete a refresh token")
        .silent(202),
    Operation::get("/users/{user_id}/refresh-tokens", &["read:refresh_tokens"], |call| {
        Box::pin(of_user(call))
    })
    .about("List a user's refresh tokens")
    .noting(NOTE)
    .paged(),
    Operation::delete("/users/{user_id}/refresh-tokens", &["delete:refresh_tokens"], |call| {
        Box::pin(remove_all(call))
    })
    .about("Delete a user's refresh tokens")
    .silent(202),
];

async fn show(call: &Call<'_>) -> Outcome {
    let (session, key, family) = named(call).await?;
    let clients = call.catalog().all::<Client>(call.tenant_id()).await?;
    Ok(Answer::shown(shown(call, &clients, &session, (key, family)).await?))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let (session, key, _) = named(call).await?;
    call.engine.revoke_family(session.id, key).await?;
    Ok(Answer::empty())
}

/// In order of session and family, so that a page reads little more than it shows.
async fn of_user(call: &Call<'_>) -> Outcome {
    let user = find::<User>(call, call.capture(0), "user").await?.record;
    let paging = Paging::of(call)?;
    let (after, take) = paging.window();
    let (after, now) = (after.and_then(read), call.engine.now());
    let clients = call.catalog().all::<Client>(call.tenant_id()).await?;
    let ids = call.engine.sessions_of(call.tenant_id(), &user.user_id).await?;
    let mut all = Vec::new();
    for id in ids.into_iter().filter(|id| after.is_none_or(|(session, _)| *id >= session)) {
        if all.len() >= take {
            break;
        }
        let Some(session) = call.engine.session(id, now).await? else { continue };
        let mut keys = call.engine.store().families_of(id).await?;
        keys.sort_unstable();
        for key in keys.into_iter().filter(|key| after.is_none_or(|after| (id, *key) > after)) {
            let Some(family) = call.engine.store().current(id, key, now).await? else { continue };
            all.push((written(id, key), shown(call, &clients, &session, (key, family)).await?));
        }
    }
    all.truncate(take);
    Ok(paging::window(call, "tokens", &paging, all))
}

/// Revokes what one request may, and the rest after the answer.
async fn remove_all(call: &Call<'_>) -> Outcome {
    let user = find::<User>(call, call.capture(0), "user").await?.record;
    // Also those that outlived a logout.
    let sessions = call.engine.sessions_of(call.tenant_id(), &user.user_id).await?;
    call.engine.revoke_families_of(sessions).await?;
    Ok(Answer::empty())
}

async fn named(call: &Call<'_>) -> Result<(Session, FamilyKey, Family), Problem> {
    let missing = || Problem::missing("refresh token");
    let (session, key) = read(call.capture(0)).ok_or_else(missing)?;
    let session = sessions::named(call, &session.to_string()).await.map_err(|_| missing())?;
    let family = call.engine.store().current(session.id, key, call.engine.now()).await?;
    Ok((session, key, family.ok_or_else(missing)?))
}

fn written(session: SessionId, key: FamilyKey) -> String {
    URL_SAFE_NO_PAD.encode([session.0.as_slice(), key.0.as_slice()].concat())
}

fn read(id: &str) -> Option<(SessionId, FamilyKey)> {
    let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
    let (session, key) = bytes.split_first_chunk::<12>()?;
    Some((SessionId(*session), FamilyKey(key.try_into().ok()?)))
}

/// A family as Auth0 shows a refresh token.
///
/// The store keeps of a family what rotating it takes, and no more. The client is known by its mark, unless two have the
/// same; when it began, and with that when it must end, is known until it is first exchanged. To whom its access tokens go
/// is sealed in the token alone.
async fn shown(
    call: &Call<'_>,
    clients: &[Client],
    session: &Session,
    (key, family): (FamilyKey, Family),
) -> Result<Value, Problem> {
    let mut marked =
        clients.iter().filter(|client| ClientMark::of(client.client_id.as_str()) == key.client());
    let client = marked.next().filter(|_| marked.next().is_none());
    let lifetimes = client.map(|client| Lifetimes::of(client, &call.tenant().settings));
    let ends_at = call.engine.store().ends_at(session.id, key).await?;
    let fresh = family.generation == 1;
    let created_at = fresh.then_some(family.rotated_at);
    let idles = lifetimes.is_none_or(|lifetimes| lifetimes.idle_secs.is_some());
    let expires_at = match (lifetimes, created_at) {
        (Some(lifetimes), Some(created_at)) => lifetimes.absolute_end(created_at),
        // What does not idle ends when it must.
        _ => ends_at.filter(|_| !idles),
    };
    let mut shown = json!({
        "id": written(session.id, key),
        "user_id": session.user,
        "session_id": session.id,
        "generation": family.generation,
    });
    let instants = [
        ("created_at", created_at),
        ("expires_at", expires_at),
        ("idle_expires_at", ends_at.filter(|_| idles)),
        ("last_exchanged_at", (!fresh).then_some(family.rotated_at)),
    ];
    for (name, at) in instants {
        if let Some(at) = at {
            shown[name] = json!(instant(at));
        }
    }
    if let Some((client, lifetimes)) = client.zip(lifetimes) {
        shown["client_id"] = json!(client.client_id);
        shown["rotating"] = json!(lifetimes.rotating);
    }
    if let Some(device) = &session.device {
        shown["device"] = json!({ "last_user_agent": device.user_agent, "last_ip": device.address });
    }
    Ok(shown)
}
