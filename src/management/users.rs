//! `/users`: people; what is shown of them has Auth0's form, and never a password.

use serde_json::{Value, json};

use crate::clock::UnixMs;
use crate::engine::records::users::UserDraft;
use crate::engine::records::{Mode, Refusal};
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome, Shows};
use crate::management::paging;
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::{find, find_to_change, merged, shown};
use crate::management::{connections, sessions, user_search};
use crate::model::oidc_logout::Initiator;
use crate::model::record::Record;
use crate::model::user::User;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/users", &["read:users"], |call| Box::pin(user_search::search(call)))
        .about("List or search users")
        .asking(&[
            Field::text("q"),
            Field::text("search_engine"),
            Field::text("connection"),
            Field::text("sort"),
        ])
        .paged()
        .trimmed(),
    Operation::post("/users", &["create:users"], |call| Box::pin(create(call)))
        .about("Create a user")
        .taking(NEW),
    Operation::get("/users-by-email", &["read:users"], |call| Box::pin(by_email(call)))
        .about("Get users by e-mail address")
        .showing(Shows::Items)
        .asking(&[Field::text("email").required()])
        .trimmed(),
    Operation::get("/users/{user_id}", &["read:users"], |call| Box::pin(show(call)))
        .about("Get a user")
        .trimmed(),
    Operation::patch("/users/{user_id}", &["update:users"], |call| Box::pin(change(call)))
        .about("Update a user")
        .taking(CHANGE),
    Operation::delete("/users/{user_id}", &["delete:users"], |call| Box::pin(remove(call)))
        .about("Delete a user"),
    Operation::post("/users/{user_id}/revoke-access", &["update:users"], |call| Box::pin(revoke_all(call)))
        .about("Revoke everything that a user's logins gave out")
        .silent(204),
];

const NEW: &[Field] = &[
    Field::text("connection").required(),
    Field::text("user_id"),
    Field::text("email"),
    Field::flag("email_verified"),
    Field::text("username"),
    Field::text("password"),
    Field::flag("blocked"),
    Field::text("name"),
    Field::text("given_name"),
    Field::text("family_name"),
    Field::text("nickname"),
    Field::text("picture"),
    Field::text("phone_number"),
    Field::flag("phone_verified"),
    Field::map("user_metadata"),
    Field::map("app_metadata"),
];

const CHANGE: &[Field] = &[
    Field::text("connection"),
    Field::text("email"),
    Field::flag("email_verified"),
    Field::text("username"),
    Field::text("password"),
    Field::flag("blocked"),
    Field::text("name").nullable(),
    Field::text("given_name").nullable(),
    Field::text("family_name").nullable(),
    Field::text("nickname").nullable(),
    Field::text("picture").nullable(),
    Field::text("phone_number").nullable(),
    Field::flag("phone_verified"),
    Field::map("user_metadata"),
    Field::map("app_metadata"),
];

async fn create(call: &Call<'_>) -> Outcome {
    let draft: UserDraft = call.draft()?;
    if !connections::names(call).await?.iter().any(|name| draft.connection.as_ref() == Some(name)) {
        return Err(Problem::body("connection: there is no connection of this name"));
    }
    let put = call.registrar().put_user(call.tenant(), draft, Mode::Create).await;
    let put = put.map_err(|refusal| {
        let taken = matches!(refusal, Refusal::Exists | Refusal::NameTaken { .. });
        if taken { Problem::conflict("The user already exists.") } else { refusal.into() }
    })?;
    call.changed(&put.record.change());
    Ok(Answer::shown(render(&put.record)))
}

async fn by_email(call: &Call<'_>) -> Outcome {
    let found = user_search::with_email(call, call.asked("email").unwrap_or_default()).await?;
    let shown = found.iter().map(|user| call.trimmed(render(user))).collect();
    Ok(Answer::shown(Value::Array(shown)))
}

async fn show(call: &Call<'_>) -> Outcome {
    let found = find::<User>(call, call.capture(0), "user").await?;
    Ok(Answer::versioned(call.trimmed(render(&found.record)), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<User>(call, call.capture(0), "user").await?;
    let password = call.body.contains_key("password");
    let mut more = json!({ "user_id": call.capture(0), "password_update": password });
    for (name, own) in
        [("user_metadata", &standing.record.user_metadata), ("app_metadata", &standing.record.app_metadata)]
    {
        if let Some(metadata) = call.body.get(name) {
            more[name] = merged(own, metadata);
        }
    }
    let registrar = call.registrar().at_version(standing.version);
    let put = registrar.put_user(call.tenant(), call.draft_with(more)?, Mode::Update).await?;
    call.changed(&put.record.change());
    let why = if put.record.blocked && !standing.record.blocked {
        Some(Initiator::AccountDeactivated)
    } else {
        (put.record.not_before > standing.record.not_before).then_some(Initiator::PasswordChanged)
    };
    if let Some(why) = why {
        sessions::end_all(call, &put.record.user_id, why).await?;
    }
    Ok(Answer::shown(render(&put.record)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let user = crate::protocol::ids::UserId::from(call.capture(0));
    find_to_change::<User>(call, call.capture(0), "user").await?;
    let removed = call.registrar().remove_user(call.tenant_id(), &user).await?;
    call.changed(&removed.change());
    sessions::end_all(call, &user, Initiator::AccountDeleted).await?;
    Ok(Answer::empty())
}

/// Nothing that began before now is admitted any more, and every session ends.
async fn revoke_all(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<User>(call, call.capture(0), "user").await?;
    let put = call.registrar().revoke_user(&standing).await?;
    call.changed(&put.record.change());
    sessions::end_all(call, &put.record.user_id, Initiator::SessionRevoked).await?;
    Ok(Answer::empty())
}

/// A list of users that is at hand.
pub(crate) fn listed(call: &Call<'_>, users: &[User]) -> Outcome {
    paging::items(call, "users", users.iter().map(render).collect())
}

/// A user as a member of something: who it is, and no more.
pub(crate) fn brief(user: &User) -> Value {
    let mut shown = render(user);
    if let Some(members) = shown.as_object_mut() {
        members.retain(|name, _| matches!(name.as_str(), "email" | "name" | "picture" | "user_id"));
    }
    shown
}

/// A user as Auth0 shows one.
pub(crate) fn render(user: &User) -> Value {
    let hidden = [
        "clients_not_before",
        "connection",
        "not_before",
        "permissions",
        "profile",
        "roles",
        "tenant",
        "created_at",
        "updated_at",
    ];
    let mut members = shown(user, &hidden);
    members.extend(shown(&user.profile, &[]));
    if !user.shown_name().is_empty() {
        members.insert("name".to_owned(), json!(user.shown_name()));
    }
    members.insert("created_at".to_owned(), json!(instant(user.created_at)));
    members.insert("updated_at".to_owned(), json!(instant(user.updated_at)));
    let id = user.user_id.as_str();
    let (provider, own) = id.split_once('|').unwrap_or(("auth0", id));
    let identity =
        json!({ "connection": user.connection, "provider": provider, "user_id": own, "isSocial": false });
    members.insert("identities".to_owned(), json!([identity]));
    Value::Object(members)
}

/// An instant as RFC 3339 has it, with milliseconds.
pub(crate) fn instant(at: UnixMs) -> String {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
}
