//! `/clients`: applications, their secrets shown once.

use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::records::{Mode, Put};
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Listing};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::{find, find_to_change, merged, shown};
use crate::model::client::Client;
use crate::model::record::Record;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/clients", &["read:clients", "read:client_keys"], |call| Box::pin(list(call)))
        .about("List clients")
        .asking(&[Field::text("app_type"), Field::flag("is_first_party"), Field::flag("is_global")])
        .paged()
        .trimmed(),
    Operation::post("/clients", &["create:clients"], |call| Box::pin(create(call)))
        .about("Create a client")
        .taking(NEW),
    Operation::get("/clients/{client_id}", &["read:clients", "read:client_keys"], |call| {
        Box::pin(show(call))
    })
    .about("Get a client")
    .trimmed(),
    Operation::patch("/clients/{client_id}", &["update:clients", "update:client_keys"], |call| {
        Box::pin(change(call))
    })
    .about("Update a client")
    .taking(CHANGE),
    Operation::delete("/clients/{client_id}", &["delete:clients"], |call| Box::pin(remove(call)))
        .about("Delete a client"),
    Operation::post("/clients/{client_id}/rotate-secret", &["update:client_keys"], |call| {
        Box::pin(rotate_secret(call))
    })
    .about("Rotate a client secret")
    .answering(200),
];

const NEW: &[Field] = &[
    Field::text("name").required(),
    Field::text("description"),
    Field::text("logo_uri").nullable(),
    Field::text("app_type"),
    Field::text("client_id"),
    Field::text("client_secret"),
    Field::text("token_endpoint_auth_method"),
    Field::map("jwks").nullable(),
    Field::texts("grant_types"),
    Field::texts("callbacks"),
    Field::texts("allowed_logout_urls"),
    Field::text("initiate_login_uri").nullable(),
    Field::map("oidc_logout").nullable(),
    Field::text("frontchannel_logout_uri").nullable(),
    Field::flag("frontchannel_logout_session_required"),
    Field::texts("web_origins"),
    Field::flag("require_pushed_authorization_requests"),
    Field::map("signed_request_object"),
    Field::flag("cross_origin_authentication"),
    Field::flag("is_first_party"),
    Field::text("organization_usage"),
    Field::map("refresh_token"),
    Field::map("jwt_configuration"),
    Field::map("client_metadata"),
];

/// What lets a caller change what clients prove themselves with: whoever can do that can be any client.
const KEYS: &str = "update:client_keys";
const CREDENTIALS: [&str; 3] = ["client_secret", "jwks", "token_endpoint_auth_method"];

const CHANGE: &[Field] = &[
    Field::text("name"),
    Field::text("description"),
    Field::text("logo_uri").nullable(),
    Field::text("app_type"),
    Field::text("client_secret"),
    Field::text("token_endpoint_auth_method"),
    Field::map("jwks").nullable(),
    Field::texts("grant_types"),
    Field::texts("callbacks"),
    Field::texts("allowed_logout_urls"),
    Field::text("initiate_login_uri").nullable(),
    Field::map("oidc_logout").nullable(),
    Field::text("frontchannel_logout_uri").nullable(),
    Field::flag("frontchannel_logout_session_required"),
    Field::texts("web_origins"),
    Field::flag("require_pushed_authorization_requests"),
    Field::map("signed_request_object"),
    Field::flag("cross_origin_authentication"),
    Field::flag("is_first_party"),
    Field::text("organization_usage"),
    Field::map("refresh_token"),
    Field::map("jwt_configuration"),
    Field::map("client_metadata"),
];

async fn list(call: &Call<'_>) -> Outcome {
    let kind = call.asked("app_type").map(str::to_owned);
    let first_party = call.asked_flag("is_first_party");
    // There is no global client here.
    let none = call.asked_flag("is_global") == Some(true);
    let filtered = kind.is_some() || first_party.is_some() || none;
    let keep = move |client: &Client| {
        let app_type = serde_json::to_value(client.app_type).unwrap_or_default();
        let kinds = kind.as_deref().map(|kinds| kinds.split(',').any(|kind| app_type == kind.trim()));
        !none && kinds != Some(false) && first_party.is_none_or(|wanted| wanted == client.is_first_party)
    };
    let keep = filtered.then(|| Box::new(keep) as Box<_>);
    paging::records(call, Listing { name: "clients", keep, show: Box::new(render) }).await
}

async fn create(call: &Call<'_>) -> Outcome {
    let put = call.registrar().put_client(call.tenant(), call.draft()?, Mode::Create).await?;
    call.changed(&put.record.change());
    // A secret that was given is known to whoever gave it; one that was made is shown this once.
    Ok(Answer::shown(with_secret(&put)))
}

async fn show(call: &Call<'_>) -> Outcome {
    let found = find::<Client>(call, call.capture(0), "client").await?;
    Ok(Answer::versioned(call.trimmed(render(&found.record)), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let keys = call.claims.scope().contains(KEYS);
    if !keys && CREDENTIALS.iter().any(|name| call.body.contains_key(*name)) {
        let message = format!("Insufficient scope, {} need: {KEYS}", CREDENTIALS.join(", "));
        return Err(Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", message));
    }
    let standing = find_to_change::<Client>(call, call.capture(0), "client").await?;
    let mut more = json!({ "client_id": call.capture(0) });
    if let Some(metadata) = call.body.get("client_metadata") {
        more["client_metadata"] = merged(&standing.record.client_metadata, metadata);
    }
    let registrar = call.registrar().at_version(standing.version);
    let put = registrar.put_client(call.tenant(), call.draft_with(more)?, Mode::Update).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(with_secret(&put)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<Client>(call, call.capture(0), "client").await?;
    call.registrar().remove_client(call.tenant_id(), call.capture(0)).await?;
    call.changed(&standing.record.change());
    Ok(Answer::empty())
}

async fn rotate_secret(call: &Call<'_>) -> Outcome {
    find_to_change::<Client>(call, call.capture(0), "client").await?;
    let put = call.registrar().rotate_client_secret(call.tenant(), call.capture(0)).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(with_secret(&put)))
}

fn with_secret(put: &Put<Client>) -> Value {
    let mut client = render(&put.record);
    if let Some(secret) = &put.secret {
        client["client_secret"] = json!(secret.expose());
    }
    client
}

fn render(client: &Client) -> Value {
    let mut members = shown(client, &["created_at", "secrets"]);
    members.insert("global".to_owned(), json!(false));
    members.insert("oidc_conformant".to_owned(), json!(true));
    Value::Object(members)
}
