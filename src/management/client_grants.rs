//! `/client-grants`: what a client may ask of a resource server in its own name.

use serde_json::{Value, json};

use crate::engine::records::Mode;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Listing};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::shown;
use crate::model::client_grant::ClientGrant;
use crate::model::organization::Organization;
use crate::model::record::Record;
use crate::store::catalog::Versioned;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/client-grants", &["read:client_grants"], |call| Box::pin(list(call)))
        .about("List client grants")
        .asking(&[Field::text("audience"), Field::text("client_id"), Field::flag("allow_any_organization")])
        .paged(),
    Operation::post("/client-grants", &["create:client_grants"], |call| Box::pin(create(call)))
        .about("Create a client grant")
        .taking(&[
            Field::text("client_id").required(),
            Field::text("audience").required(),
            Field::texts("scope"),
            Field::text("organization_usage"),
            Field::flag("allow_any_organization"),
        ]),
    Operation::get("/client-grants/{id}", &["read:client_grants"], |call| Box::pin(show(call)))
        .about("Get a client grant"),
    Operation::patch("/client-grants/{id}", &["update:client_grants"], |call| Box::pin(change(call)))
        .about("Update a client grant")
        .taking(&[
            Field::texts("scope"),
            Field::text("organization_usage"),
            Field::flag("allow_any_organization"),
        ]),
    Operation::delete("/client-grants/{id}", &["delete:client_grants"], |call| Box::pin(remove(call)))
        .about("Delete a client grant"),
    Operation::get("/client-grants/{id}/organizations", &["read:organization_client_grants"], |call| {
        Box::pin(organizations(call))
    })
    .about("List the organizations of a client grant")
    .paged(),
];

async fn list(call: &Call<'_>) -> Outcome {
    let (audience, client) = (call.asked("audience"), call.asked("client_id"));
    let any = call.asked_flag("allow_any_organization");
    let filtered = audience.is_some() || client.is_some() || any.is_some();
    let keep = move |grant: &ClientGrant| {
        audience.is_none_or(|audience| grant.audience.as_str() == audience)
            && client.is_none_or(|client| grant.client_id.as_str() == client)
            && any.is_none_or(|any| grant.allow_any_organization == any)
    };
    let keep = filtered.then(|| Box::new(keep) as Box<_>);
    paging::records(call, Listing { name: "client_grants", keep, show: Box::new(render) }).await
}

async fn create(call: &Call<'_>) -> Outcome {
    let put = call.registrar().put_client_grant(call.tenant(), call.draft()?, Mode::Create).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(render(&put.record)))
}

async fn show(call: &Call<'_>) -> Outcome {
    let found = named(call, call.capture(0)).await?;
    Ok(Answer::versioned(render(&found.record), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = named(call, call.capture(0)).await?;
    call.unless_stale(standing.version)?;
    let mut more = ends(&standing.record);
    if call.body.get("organization_usage").is_some_and(|usage| usage == "deny") {
        more["organizations"] = json!([]);
    }
    let registrar = call.registrar().at_version(standing.version);
    let put = registrar.put_client_grant(call.tenant(), call.draft_with(more)?, Mode::Update).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(render(&put.record)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let standing = named(call, call.capture(0)).await?;
    call.unless_stale(standing.version)?;
    call.registrar().remove_client_grant(&standing.record).await?;
    call.changed(&standing.record.change());
    Ok(Answer::empty())
}

async fn organizations(call: &Call<'_>) -> Outcome {
    let grant = named(call, call.capture(0)).await?.record;
    let mut shown = Vec::new();
    for id in &grant.organizations {
        let found = call.catalog().find::<Organization>(call.tenant_id(), id.as_str()).await?;
        shown.extend(found.map(|found| super::organizations::render(&found.record)));
    }
    paging::items(call, "organizations", shown)
}

/// The grant called `id`.
pub(crate) async fn named(call: &Call<'_>, id: &str) -> Result<Versioned<ClientGrant>, Problem> {
    let found = call.catalog().find_named::<ClientGrant>(call.tenant_id(), &format!("grant:{id}")).await?;
    found.ok_or_else(|| Problem::missing("client grant"))
}

/// What a draft must say to mean this grant.
pub(crate) fn ends(grant: &ClientGrant) -> Value {
    json!({ "client_id": grant.client_id, "audience": grant.audience })
}

pub(crate) fn render(grant: &ClientGrant) -> Value {
    Value::Object(shown(grant, &["organizations", "tenant"]))
}
