//! `/refresh-tokens`: refresh families by an id that names session and family, and opens nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging;
use crate::management::problem::Problem;
use crate::management::sessions::{self, live};
use crate::management::standing::find;
use crate::management::users::instant;
use crate::model::family::Family;
use crate::model::session::Session;
use crate::model::user::User;
use crate::protocol::ids::{FamilyKey, SessionId};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/refresh-tokens/{id}", &["read:refresh_tokens"], |call| Box::pin(show(call)))
        .about("Get a refresh token"),
    Operation::delete("/refresh-tokens/{id}", &["delete:refresh_tokens"], |call| Box::pin(remove(call)))
        .about("Delete a refresh token")
        .silent(202),
    Operation::get("/users/{user_id}/refresh-tokens", &["read:refresh_tokens"], |call| {
        Box::pin(of_user(call))
    })
    .about("List a user's refresh tokens")
    .paged(),
    Operation::delete("/users/{user_id}/refresh-tokens", &["delete:refresh_tokens"], |call| {
        Box::pin(remove_all(call))
    })
    .about("Delete a user's refresh tokens")
    .silent(202),
];

async fn show(call: &Call<'_>) -> Outcome {
    let (session, key, family) = named(call).await?;
    Ok(Answer::shown(render(&session, key, family)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let (session, key, _) = named(call).await?;
    call.engine.revoke_family(session.id, key).await?;
    Ok(Answer::empty())
}

async fn of_user(call: &Call<'_>) -> Outcome {
    let user = find::<User>(call, call.capture(0), "user").await?.record;
    let mut shown = Vec::new();
    for session in live(call, &user.user_id).await? {
        for key in call.engine.store().families_of(session.id).await? {
            let family = call.engine.store().current(session.id, key, call.engine.now()).await?;
            shown.extend(family.map(|family| render(&session, key, family)));
        }
    }
    paging::items(call, "tokens", shown)
}

async fn remove_all(call: &Call<'_>) -> Outcome {
    let user = find::<User>(call, call.capture(0), "user").await?.record;
    for session in live(call, &user.user_id).await? {
        for key in call.engine.store().families_of(session.id).await? {
            call.engine.revoke_family(session.id, key).await?;
        }
    }
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

fn render(session: &Session, key: FamilyKey, family: Family) -> Value {
    json!({
        "id": written(session.id, key),
        "user_id": session.user,
        "session_id": session.id,
        "last_exchanged_at": instant(family.rotated_at),
        "generation": family.generation,
    })
}
