//! `/connections`: databases of names and passwords, and addresses that codes are sent to.

use serde_json::{Value, json};

use crate::engine::records::Mode;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Listing};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::shown;
use crate::model::connection::Connection;
use crate::protocol::ids::ConnectionId;
use crate::store::catalog::Versioned;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/connections", &["read:connections"], |call| Box::pin(list(call)))
        .about("List connections")
        .asking(&[Field::text("strategy"), Field::text("name")])
        .paged()
        .trimmed(),
    Operation::post("/connections", &["create:connections"], |call| Box::pin(create(call)))
        .about("Create a connection")
        .taking(&[
            Field::text("name").required(),
            Field::text("strategy").required(),
            Field::text("display_name"),
            Field::map("options"),
        ]),
    Operation::get("/connections/{id}", &["read:connections"], |call| Box::pin(show(call)))
        .about("Get a connection")
        .trimmed(),
    Operation::patch("/connections/{id}", &["update:connections"], |call| Box::pin(change(call)))
        .about("Update a connection")
        .taking(&[Field::text("display_name"), Field::map("options")]),
    Operation::delete("/connections/{id}", &["delete:connections"], |call| Box::pin(remove(call)))
        .about("Delete a connection"),
];

async fn list(call: &Call<'_>) -> Outcome {
    let (strategy, name) = (call.asked("strategy"), call.asked("name"));
    let filtered = strategy.is_some() || name.is_some();
    let keep = move |connection: &Connection| {
        strategy.is_none_or(|strategy| strategy == connection.strategy.name())
            && name.is_none_or(|name| name == connection.name.as_str())
    };
    let keep = filtered.then(|| Box::new(keep) as Box<_>);
    paging::records(call, Listing { name: "connections", keep, show: Box::new(render) }).await
}

async fn create(call: &Call<'_>) -> Outcome {
    let put = call.registrar().put_connection(call.tenant(), call.draft()?, Mode::Create).await?;
    Ok(Answer::shown(render(&put.record)))
}

async fn show(call: &Call<'_>) -> Outcome {
    let found = named(call).await?;
    Ok(Answer::versioned(call.trimmed(render(&found.record)), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = named(call).await?;
    call.unless_stale(standing.version)?;
    let draft = call.draft_with(json!({ "name": standing.record.name }))?;
    let registrar = call.registrar().at_version(standing.version);
    let put = registrar.put_connection(call.tenant(), draft, Mode::Update).await?;
    Ok(Answer::shown(render(&put.record)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let standing = named(call).await?;
    call.unless_stale(standing.version)?;
    call.registrar().remove_connection(call.tenant(), &standing.record).await?;
    Ok(Answer::empty())
}

/// The names of the tenant's connections.
pub(crate) async fn names(call: &Call<'_>) -> Result<Vec<ConnectionId>, Problem> {
    let all = call.catalog().all::<Connection>(call.tenant_id()).await?;
    Ok(all.into_iter().map(|connection| connection.name).collect())
}

async fn named(call: &Call<'_>) -> Result<Versioned<Connection>, Problem> {
    let name = format!("con:{}", call.capture(0));
    let found = call.catalog().find_named::<Connection>(call.tenant_id(), &name).await?;
    found.ok_or_else(|| Problem::missing("connection"))
}

fn render(connection: &Connection) -> Value {
    let mut members = shown(connection, &["tenant"]);
    members.insert("realms".to_owned(), json!([connection.name]));
    Value::Object(members)
}
