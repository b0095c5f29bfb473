//! `/user-blocks` and `/anomaly/blocks/ips`: whom the attack protection keeps out, and letting them in again.

use std::net::IpAddr;

use http::StatusCode;
use serde_json::{Value, json};

use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::find;
use crate::management::user_search;
use crate::model::user::User;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/anomaly/blocks/ips/{id}", &["read:anomaly_blocks"], |call| Box::pin(show_address(call)))
        .about("Check if an IP address is blocked"),
    Operation::delete("/anomaly/blocks/ips/{id}", &["delete:anomaly_blocks"], |call| {
        Box::pin(free_address(call))
    })
    .about("Remove the blocked IP address"),
    Operation::get("/user-blocks", &["read:users"], |call| Box::pin(show_named(call)))
        .about("Get blocks by identifier")
        .asking(IDENTIFIER),
    Operation::delete("/user-blocks", &["update:users"], |call| Box::pin(free_named(call)))
        .about("Unblock by identifier")
        .asking(&[Field::text("identifier").required()]),
    Operation::get("/user-blocks/{id}", &["read:users"], |call| Box::pin(show(call)))
        .about("Get a user's blocks")
        .asking(&[Field::flag("consider_brute_force_enablement")]),
    Operation::delete("/user-blocks/{id}", &["update:users"], |call| Box::pin(free(call)))
        .about("Unblock a user"),
];

const IDENTIFIER: &[Field] =
    &[Field::text("identifier").required(), Field::flag("consider_brute_force_enablement")];

async fn show(call: &Call<'_>) -> Outcome {
    let found = find::<User>(call, call.capture(0), "user").await?;
    shown(call, &[found.record]).await
}

async fn free(call: &Call<'_>) -> Outcome {
    let found = find::<User>(call, call.capture(0), "user").await?;
    freed(call, &[found.record]).await
}

async fn show_named(call: &Call<'_>) -> Outcome {
    shown(call, &named(call).await?).await
}

async fn free_named(call: &Call<'_>) -> Outcome {
    freed(call, &named(call).await?).await
}

async fn shown(call: &Call<'_>, users: &[User]) -> Outcome {
    let mut blocks = Vec::new();
    let enabled = call.tenant().attack_protection.brute_force_protection.enabled;
    let considered = call.asked_flag("consider_brute_force_enablement").unwrap_or(false);
    for user in users {
        let identifier = user.email.as_ref().or(user.username.as_ref());
        let marks = call.engine.blocks(call.view(), user).await?;
        for mark in marks.into_iter().filter(|_| enabled || !considered) {
            let mut block = json!({ "identifier": identifier, "connection": user.connection });
            if !mark.is_empty() {
                block["ip"] = mark.into();
            }
            blocks.push(block);
        }
    }
    Ok(Answer::shown(json!({ "blocked_for": blocks })))
}

async fn freed(call: &Call<'_>, users: &[User]) -> Outcome {
    for user in users {
        call.engine.unblock(call.view(), &user.user_id).await?;
    }
    Ok(Answer::empty())
}

/// Everybody whom an address, or a login name of the default directory, names.
async fn named(call: &Call<'_>) -> Result<Vec<User>, Problem> {
    let identifier = call.asked("identifier").unwrap_or_default();
    let found = if identifier.contains('@') {
        user_search::with_email(call, identifier).await?
    } else {
        let name = User::username_identifier(&call.tenant().settings.default_directory, identifier);
        let found = call.catalog().find_named::<User>(call.tenant_id(), &name).await?;
        found.into_iter().map(|found| found.record).collect()
    };
    if found.is_empty() { Err(Problem::missing("user")) } else { Ok(found) }
}

async fn show_address(call: &Call<'_>) -> Outcome {
    if !call.engine.is_throttled(call.view(), address(call)?).await? {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "inexistent_resource",
            "This address is not blocked.",
        ));
    }
    Ok(Answer::shown(Value::Object(serde_json::Map::new())))
}

async fn free_address(call: &Call<'_>) -> Outcome {
    call.engine.unthrottle(call.view(), address(call)?).await?;
    Ok(Answer::empty())
}

fn address(call: &Call<'_>) -> Result<IpAddr, Problem> {
    call.capture(0).parse().map_err(|_| {
        let message = "Path validation error: 'id: expected an IP address'.";
        Problem::new(StatusCode::BAD_REQUEST, "invalid_uri", message)
    })
}
