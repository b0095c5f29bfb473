//! `/organizations`: by id and by name.

use serde_json::{Value, json};

use crate::engine::records::Mode;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Listing};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::{find, find_to_change, shown};
use crate::model::organization::Organization;
use crate::model::record::Record;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/organizations", &["read:organizations", "read:organizations_summary"], |call| {
        Box::pin(list(call))
    })
    .about("List organizations")
    .paged(),
    Operation::post("/organizations", &["create:organizations"], |call| Box::pin(create(call)))
        .about("Create an organization")
        .taking(&[
            Field::text("name").required(),
            Field::text("display_name"),
            Field::map("branding"),
            Field::map("metadata"),
            Field::list("enabled_connections"),
        ]),
    Operation::get("/organizations/name/{name}", &["read:organizations"], |call| Box::pin(by_name(call)))
        .about("Get an organization by name"),
    Operation::get("/organizations/{id}", &["read:organizations"], |call| Box::pin(show(call)))
        .about("Get an organization"),
    Operation::patch("/organizations/{id}", &["update:organizations"], |call| Box::pin(change(call)))
        .about("Update an organization")
        .taking(&[
            Field::text("name"),
            Field::text("display_name"),
            Field::map("branding"),
            Field::map("metadata"),
        ]),
    Operation::delete("/organizations/{id}", &["delete:organizations"], |call| Box::pin(remove(call)))
        .about("Delete an organization"),
];

async fn list(call: &Call<'_>) -> Outcome {
    paging::records(call, Listing { name: "organizations", keep: None, show: Box::new(render) }).await
}

async fn create(call: &Call<'_>) -> Outcome {
    let put = call.registrar().put_organization(call.tenant(), call.draft()?, Mode::Create).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(render(&put.record)))
}

async fn by_name(call: &Call<'_>) -> Outcome {
    let name = Organization::name_identifier(call.capture(0));
    let found = call.catalog().find_named::<Organization>(call.tenant_id(), &name).await?;
    let found = found.ok_or_else(|| Problem::missing("organization"))?;
    Ok(Answer::versioned(render(&found.record), found.version))
}

async fn show(call: &Call<'_>) -> Outcome {
    let found = find::<Organization>(call, call.capture(0), "organization").await?;
    Ok(Answer::versioned(render(&found.record), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<Organization>(call, call.capture(0), "organization").await?;
    let draft = call.draft_with(json!({ "id": call.capture(0) }))?;
    let registrar = call.registrar().at_version(standing.version);
    let put = registrar.put_organization(call.tenant(), draft, Mode::Update).await?;
    call.changed(&standing.record.change());
    call.changed(&put.record.change());
    Ok(Answer::shown(render(&put.record)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<Organization>(call, call.capture(0), "organization").await?;
    call.registrar().remove_organization(call.tenant_id(), &standing.record.id).await?;
    call.changed(&standing.record.change());
    Ok(Answer::empty())
}

pub(crate) fn render(organization: &Organization) -> Value {
    Value::Object(shown(organization, &["enabled_connections", "tenant"]))
}
