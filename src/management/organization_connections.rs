//! `/organizations/{id}/enabled_connections`: whose users may log in to an organization.

use serde_json::{Value, json};

use crate::engine::records::enabled_connections::EnabledDraft;
use crate::engine::records::flaws;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging;
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::{find, find_to_change};
use crate::model::connection::Connection;
use crate::model::organization::{EnabledConnection, Organization};
use crate::model::record::Record;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/organizations/{id}/enabled_connections", &["read:organization_connections"], |call| {
        Box::pin(list(call))
    })
    .about("List the connections enabled for an organization")
    .paged(),
    Operation::post(
        "/organizations/{id}/enabled_connections",
        &["create:organization_connections"],
        |call| Box::pin(add(call)),
    )
    .about("Enable a connection for an organization")
    .taking(&[
        Field::text("connection_id").required(),
        Field::flag("assign_membership_on_login"),
        Field::flag("show_as_button"),
        Field::flag("is_signup_enabled"),
    ]),
    Operation::get(
        "/organizations/{id}/enabled_connections/{connection_id}",
        &["read:organization_connections"],
        |call| Box::pin(show(call)),
    )
    .about("Get a connection enabled for an organization"),
    Operation::patch(
        "/organizations/{id}/enabled_connections/{connection_id}",
        &["update:organization_connections"],
        |call| Box::pin(change(call)),
    )
    .about("Change how a connection is enabled for an organization")
    .taking(&[
        Field::flag("assign_membership_on_login"),
        Field::flag("show_as_button"),
        Field::flag("is_signup_enabled"),
    ]),
    Operation::delete(
        "/organizations/{id}/enabled_connections/{connection_id}",
        &["delete:organization_connections"],
        |call| Box::pin(remove(call)),
    )
    .about("Take a connection from an organization"),
];

async fn list(call: &Call<'_>) -> Outcome {
    let organization = find::<Organization>(call, call.capture(0), "organization").await?.record;
    let mut shown = Vec::with_capacity(organization.enabled_connections.len());
    for own in &organization.enabled_connections {
        let found = call.catalog().find::<Connection>(call.tenant_id(), own.connection_id.as_str()).await?;
        shown.extend(found.map(|found| render(own, &found.record)));
    }
    paging::items(call, "enabled_connections", shown)
}

async fn add(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<Organization>(call, call.capture(0), "organization").await?;
    let draft: EnabledDraft = call.draft()?;
    let put = call.registrar().enable_connection(call.tenant(), &standing, &draft).await?;
    call.changed(&put.record.change());
    let connection = call.registrar().connection(call.tenant_id(), &draft.connection_id).await?;
    answer(&put.record, connection)
}

async fn show(call: &Call<'_>) -> Outcome {
    let standing = find::<Organization>(call, call.capture(0), "organization").await?;
    let shown = answer(&standing.record, Some(named(call).await?))?;
    Ok(Answer { version: Some(standing.version), ..shown })
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<Organization>(call, call.capture(0), "organization").await?;
    let connection = named(call).await?;
    let mut draft = Value::Object(call.body.clone());
    draft["connection_id"] = json!(connection.name);
    let draft: EnabledDraft = flaws::read_value(draft)?;
    let put = call.registrar().change_enabled_connection(&standing, &connection.name, &draft).await?;
    call.changed(&put.record.change());
    answer(&put.record, Some(connection))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<Organization>(call, call.capture(0), "organization").await?;
    let connection = named(call).await?;
    let put = call.registrar().disable_connection(&standing, &connection.name).await?;
    call.changed(&put.record.change());
    Ok(Answer::empty())
}

async fn named(call: &Call<'_>) -> Result<Connection, Problem> {
    let found = call.registrar().connection(call.tenant_id(), call.capture(1)).await?;
    found.ok_or_else(|| Problem::missing("connection"))
}

fn answer(organization: &Organization, connection: Option<Connection>) -> Outcome {
    let found = connection.and_then(|own| Some((organization.enabled(&own.name)?.clone(), own)));
    let (own, connection) = found.ok_or_else(|| Problem::missing("enabled connection"))?;
    Ok(Answer::shown(render(&own, &connection)))
}

fn render(own: &EnabledConnection, connection: &Connection) -> Value {
    json!({
        "connection_id": connection.id,
        "connection": { "name": connection.name, "strategy": "auth0" },
        "assign_membership_on_login": own.assign_membership_on_login,
        "show_as_button": own.show_as_button,
        "is_signup_enabled": own.is_signup_enabled,
    })
}
