//! What a user holds: tenant-wide roles, direct permissions, memberships.

use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Paging};
use crate::management::permissions::{self, PERMISSIONS};
use crate::management::schema::Field;
use crate::management::standing::{find, find_to_change};
use crate::management::{organizations, roles};
use crate::model::organization::Organization;
use crate::model::record::Record;
use crate::model::role::Role;
use crate::model::user::User;

const ROLES: &[Field] = &[Field::texts("roles").required()];

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/users/{user_id}/roles", &["read:users", "read:roles"], |call| Box::pin(list(call)))
        .about("List a user's roles")
        .paged(),
    Operation::post("/users/{user_id}/roles", &["update:users", "create:role_members"], |call| {
        Box::pin(add(call))
    })
    .about("Give roles to a user")
    .silent(204)
    .taking(ROLES),
    Operation::delete("/users/{user_id}/roles", &["update:users", "delete:role_members"], |call| {
        Box::pin(take(call))
    })
    .about("Take roles from a user")
    .taking(ROLES),
    Operation::get("/users/{user_id}/permissions", &["read:users"], |call| Box::pin(permissions_of(call)))
        .about("List a user's direct permissions")
        .paged(),
    Operation::post("/users/{user_id}/permissions", &["update:users"], |call| {
        Box::pin(add_permissions(call))
    })
    .about("Give permissions to a user")
    .silent(201)
    .taking(PERMISSIONS),
    Operation::delete("/users/{user_id}/permissions", &["update:users"], |call| {
        Box::pin(take_permissions(call))
    })
    .about("Take permissions from a user")
    .taking(PERMISSIONS),
    Operation::get("/users/{user_id}/organizations", &["read:organizations", "read:users"], |call| {
        Box::pin(memberships(call))
    })
    .about("List a user's organizations")
    .paged(),
];

async fn list(call: &Call<'_>) -> Outcome {
    let user = find::<User>(call, call.capture(0), "user").await?.record;
    let mut shown = Vec::new();
    for id in &user.roles {
        let found = call.catalog().find::<Role>(call.tenant_id(), id.as_str()).await?;
        shown.extend(found.map(|found| roles::render(&found.record)));
    }
    paging::items(call, "roles", shown)
}

async fn add(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<User>(call, call.capture(0), "user").await?;
    let put = call.registrar().add_roles(call.tenant(), &standing, &call.texts("roles")).await?;
    call.changed(&put.record.change());
    Ok(Answer::empty())
}

async fn take(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<User>(call, call.capture(0), "user").await?;
    let put = call.registrar().take_roles(&standing, &call.texts("roles")).await?;
    call.changed(&put.record.change());
    Ok(Answer::empty())
}

async fn permissions_of(call: &Call<'_>) -> Outcome {
    let user = find::<User>(call, call.capture(0), "user").await?.record;
    paging::items(call, "permissions", permissions::render(&user.permissions))
}

async fn add_permissions(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<User>(call, call.capture(0), "user").await?;
    let given = permissions::given(call)?;
    let put = call.registrar().add_permissions(call.tenant(), &standing, given).await?;
    call.changed(&put.record.change());
    Ok(Answer::empty())
}

async fn take_permissions(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<User>(call, call.capture(0), "user").await?;
    let put = call.registrar().take_permissions(&standing, &permissions::given(call)?).await?;
    call.changed(&put.record.change());
    Ok(Answer::empty())
}

async fn memberships(call: &Call<'_>) -> Outcome {
    let user = find::<User>(call, call.capture(0), "user").await?.record;
    let paging = Paging::of(call)?;
    let (after, take) = paging.window();
    let store = call.engine.store();
    let found = store.organizations_of(call.tenant_id(), &user.user_id, after, take).await?;
    let mut shown = Vec::with_capacity(found.len());
    for membership in found {
        let id = membership.organization.as_str();
        let organization = call.catalog().find::<Organization>(call.tenant_id(), id).await?;
        shown.extend(organization.map(|found| (id.to_owned(), organizations::render(&found.record))));
    }
    Ok(paging::window(call, "organizations", &paging, shown))
}
