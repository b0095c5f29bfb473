//! `/roles`: named bundles of permissions, and who holds them.

use serde_json::{Value, json};

use crate::engine::records::Mode;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Listing, Source};
use crate::management::permissions::{self, PERMISSIONS};
use crate::management::schema::Field;
use crate::management::standing::{find, find_to_change, shown};
use crate::management::users;
use crate::model::record::Record;
use crate::model::role::Role;
use crate::model::term::Field as Indexed;
use crate::model::user::User;
use crate::store::records::{Cut, Span};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/roles", &["read:roles"], |call| Box::pin(list(call)))
        .about("List roles")
        .asking(&[Field::text("name_filter")])
        .paged(),
    Operation::post("/roles", &["create:roles"], |call| Box::pin(create(call)))
        .about("Create a role")
        .answering(200)
        .taking(&[Field::text("name").required(), Field::text("description")]),
    Operation::get("/roles/{id}", &["read:roles"], |call| Box::pin(show(call))).about("Get a role"),
    Operation::patch("/roles/{id}", &["update:roles"], |call| Box::pin(change(call)))
        .about("Update a role")
        .taking(&[Field::text("name"), Field::text("description")]),
    Operation::delete("/roles/{id}", &["delete:roles"], |call| Box::pin(remove(call)))
        .about("Delete a role")
        .silent(200),
    Operation::get("/roles/{id}/permissions", &["read:roles"], |call| Box::pin(permissions_of(call)))
        .about("List what a role permits")
        .paged(),
    Operation::post("/roles/{id}/permissions", &["update:roles"], |call| Box::pin(add_permissions(call)))
        .about("Add permissions to a role")
        .silent(201)
        .taking(PERMISSIONS),
    Operation::delete("/roles/{id}/permissions", &["update:roles"], |call| Box::pin(take_permissions(call)))
        .about("Take permissions from a role")
        .taking(PERMISSIONS),
    Operation::get("/roles/{id}/users", &["read:role_members", "read:users"], |call| Box::pin(holders(call)))
        .about("List who holds a role")
        .paged(),
    Operation::post("/roles/{id}/users", &["create:role_members", "update:roles"], |call| {
        Box::pin(assign(call))
    })
    .about("Give a role to users")
    .silent(200)
    .taking(&[Field::texts("users").required()]),
];

async fn list(call: &Call<'_>) -> Outcome {
    let wanted = call.asked("name_filter").map(str::to_lowercase);
    let filtered = wanted.is_some();
    let keep = move |role: &Role| {
        wanted.as_ref().is_none_or(|wanted| role.name.to_lowercase().contains(wanted.as_str()))
    };
    let keep = filtered.then(|| Box::new(keep) as Box<_>);
    paging::records(call, Listing { name: "roles", keep, show: Box::new(render) }).await
}

async fn create(call: &Call<'_>) -> Outcome {
    let put = call.registrar().put_role(call.tenant(), call.draft()?, Mode::Create).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(render(&put.record)))
}

async fn show(call: &Call<'_>) -> Outcome {
    let found = find::<Role>(call, call.capture(0), "role").await?;
    Ok(Answer::versioned(render(&found.record), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<Role>(call, call.capture(0), "role").await?;
    let draft = call.draft_with(json!({ "id": call.capture(0) }))?;
    let put =
        call.registrar().at_version(standing.version).put_role(call.tenant(), draft, Mode::Update).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(render(&put.record)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<Role>(call, call.capture(0), "role").await?;
    call.registrar().remove_role(call.tenant_id(), call.capture(0)).await?;
    call.changed(&standing.record.change());
    Ok(Answer::empty())
}

async fn permissions_of(call: &Call<'_>) -> Outcome {
    let role = find::<Role>(call, call.capture(0), "role").await?.record;
    paging::items(call, "permissions", permissions::render(&role.permissions))
}

async fn add_permissions(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<Role>(call, call.capture(0), "role").await?;
    let given = permissions::given(call)?;
    let put = call.registrar().add_role_permissions(call.tenant(), &standing, given).await?;
    call.changed(&put.record.change());
    Ok(Answer::empty())
}

async fn take_permissions(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<Role>(call, call.capture(0), "role").await?;
    let put = call.registrar().take_role_permissions(&standing, &permissions::given(call)?).await?;
    call.changed(&put.record.change());
    Ok(Answer::empty())
}

async fn holders(call: &Call<'_>) -> Outcome {
    let role = find::<Role>(call, call.capture(0), "role").await?.record;
    let cut =
        Cut { field: Indexed::Role, span: Span::Is(role.id.to_string()), backwards: false, after: None };
    let listing = Listing::<User> { name: "users", keep: None, show: Box::new(users::brief) };
    paging::records_from(call, listing, &Source::Terms(cut)).await
}

async fn assign(call: &Call<'_>) -> Outcome {
    find::<Role>(call, call.capture(0), "role").await?;
    let given = call.texts("users");
    let mut standing = Vec::with_capacity(given.len());
    for user in &given {
        standing.push(find::<User>(call, user, "user").await?);
    }
    for user in &standing {
        let role = [call.capture(0).to_owned()];
        let put = call.registrar().add_roles(call.tenant(), user, &role).await?;
        call.changed(&put.record.change());
    }
    Ok(Answer::empty())
}

pub(crate) fn render(role: &Role) -> Value {
    Value::Object(shown(role, &["permissions", "tenant"]))
}
