//! `/resource-servers`: APIs, known by id or by identifier.

use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::records::Mode;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Listing};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::shown;
use crate::model::record::Record;
use crate::model::resource_server::ResourceServer;
use crate::store::catalog::Versioned;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/resource-servers", &["read:resource_servers"], |call| Box::pin(list(call)))
        .about("List resource servers")
        .asking(&[Field::texts("identifiers")])
        .paged()
        .trimmed(),
    Operation::post("/resource-servers", &["create:resource_servers"], |call| Box::pin(create(call)))
        .about("Create a resource server")
        .taking(NEW),
    Operation::get("/resource-servers/{id}", &["read:resource_servers"], |call| Box::pin(show(call)))
        .about("Get a resource server")
        .trimmed(),
    Operation::patch("/resource-servers/{id}", &["update:resource_servers"], |call| Box::pin(change(call)))
        .about("Update a resource server")
        .taking(CHANGE),
    Operation::delete("/resource-servers/{id}", &["delete:resource_servers"], |call| Box::pin(remove(call)))
        .about("Delete a resource server"),
];

const NEW: &[Field] = &[
    Field::text("identifier").required(),
    Field::text("name"),
    Field::list("scopes"),
    Field::text("signing_alg"),
    Field::whole("token_lifetime").nullable(),
    Field::flag("allow_offline_access"),
    Field::flag("enforce_policies"),
    Field::text("token_dialect"),
    Field::flag("skip_consent_for_verifiable_first_party_clients"),
];

const CHANGE: &[Field] = &[
    Field::text("name"),
    Field::list("scopes"),
    Field::text("signing_alg"),
    Field::whole("token_lifetime").nullable(),
    Field::flag("allow_offline_access"),
    Field::flag("enforce_policies"),
    Field::text("token_dialect"),
    Field::flag("skip_consent_for_verifiable_first_party_clients"),
];

async fn list(call: &Call<'_>) -> Outcome {
    let wanted: Vec<String> = call.asked_all("identifiers").into_iter().map(str::to_owned).collect();
    let filtered = !wanted.is_empty();
    let keep = move |api: &ResourceServer| wanted.iter().any(|wanted| wanted == api.identifier.as_str());
    let keep = filtered.then(|| Box::new(keep) as Box<_>);
    let show = Box::new(|api: &ResourceServer| render(call, api));
    paging::records(call, Listing { name: "resource_servers", keep, show }).await
}

async fn create(call: &Call<'_>) -> Outcome {
    let put = call.registrar().put_resource_server(call.tenant(), call.draft()?, Mode::Create).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(render(call, &put.record)))
}

async fn show(call: &Call<'_>) -> Outcome {
    let found = named(call).await?;
    Ok(Answer::versioned(call.trimmed(render(call, &found.record)), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = named_to_change(call).await?;
    let draft = call.draft_with(json!({ "identifier": standing.record.identifier }))?;
    let registrar = call.registrar().at_version(standing.version);
    let put = registrar.put_resource_server(call.tenant(), draft, Mode::Update).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(render(call, &put.record)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let standing = named_to_change(call).await?;
    call.registrar().remove_resource_server(&standing.record).await?;
    call.changed(&standing.record.change());
    Ok(Answer::empty())
}

async fn named(call: &Call<'_>) -> Result<Versioned<ResourceServer>, Problem> {
    let (catalog, tenant, name) = (call.catalog(), call.tenant_id(), call.capture(0));
    if let Some(found) = catalog.find_named::<ResourceServer>(tenant, &format!("api:{name}")).await? {
        return Ok(found);
    }
    let found = catalog.find::<ResourceServer>(tenant, name).await?;
    found.ok_or_else(|| Problem::missing("resource server"))
}

async fn named_to_change(call: &Call<'_>) -> Result<Versioned<ResourceServer>, Problem> {
    let found = named(call).await?;
    if is_system(call, &found.record) {
        let message = "The management API's own resource server cannot be changed.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "system_resource", message));
    }
    call.unless_stale(found.version)?;
    Ok(found)
}

fn is_system(call: &Call<'_>, api: &ResourceServer) -> bool {
    api.identifier == call.view().management
}

fn render(call: &Call<'_>, api: &ResourceServer) -> Value {
    let mut members = shown(api, &["tenant"]);
    members.insert("is_system".to_owned(), json!(is_system(call, api)));
    Value::Object(members)
}
