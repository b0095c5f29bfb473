//! `/organizations/{id}/client-grants`: which clients may act in an organization in their own name.

use serde_json::json;

use crate::engine::records::{Mode, flaws};
use crate::management::call::Call;
use crate::management::client_grants::{ends, named, render};
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Listing};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::find;
use crate::model::client_grant::ClientGrant;
use crate::model::organization::Organization;
use crate::model::record::Record;
use crate::store::catalog::Versioned;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/organizations/{id}/client-grants", &["read:organization_client_grants"], |call| {
        Box::pin(list(call))
    })
    .about("List the client grants of an organization")
    .asking(&[Field::text("audience"), Field::text("client_id")])
    .paged(),
    Operation::post("/organizations/{id}/client-grants", &["create:organization_client_grants"], |call| {
        Box::pin(add(call))
    })
    .about("Let a client grant act in an organization")
    .taking(&[Field::text("grant_id").required()]),
    Operation::delete(
        "/organizations/{id}/client-grants/{grant_id}",
        &["delete:organization_client_grants"],
        |call| Box::pin(remove(call)),
    )
    .about("Take an organization from a client grant"),
];

async fn list(call: &Call<'_>) -> Outcome {
    let organization = find::<Organization>(call, call.capture(0), "organization").await?.record.id;
    let (audience, client) = (call.asked("audience"), call.asked("client_id"));
    let keep = move |grant: &ClientGrant| {
        grant.organizations.contains(&organization)
            && audience.is_none_or(|audience| grant.audience.as_str() == audience)
            && client.is_none_or(|client| grant.client_id.as_str() == client)
    };
    let listing = Listing { name: "client_grants", keep: Some(Box::new(keep)), show: Box::new(render) };
    paging::records(call, listing).await
}

async fn add(call: &Call<'_>) -> Outcome {
    let organization = find::<Organization>(call, call.capture(0), "organization").await?.record.id;
    let given = call.body.get("grant_id").and_then(|id| id.as_str()).unwrap_or_default();
    let standing = named(call, given).await?;
    let mut organizations = standing.record.organizations.clone();
    if !organizations.contains(&organization) {
        organizations.push(organization);
    }
    let after = hold(call, &standing, json!(organizations)).await?;
    Ok(Answer::shown(render(&after)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let organization = find::<Organization>(call, call.capture(0), "organization").await?.record.id;
    let standing = named(call, call.capture(1)).await?;
    let mut organizations = standing.record.organizations.clone();
    organizations.retain(|own| *own != organization);
    hold(call, &standing, json!(organizations)).await?;
    Ok(Answer::empty())
}

async fn hold(
    call: &Call<'_>,
    standing: &Versioned<ClientGrant>,
    organizations: serde_json::Value,
) -> Result<ClientGrant, Problem> {
    let mut draft = ends(&standing.record);
    draft["organizations"] = organizations;
    let registrar = call.registrar().at_version(standing.version);
    let put = registrar.put_client_grant(call.tenant(), flaws::read_value(draft)?, Mode::Update).await?;
    call.changed(&put.record.change());
    Ok(put.record)
}
