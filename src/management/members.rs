//! `/organizations/{id}/members`: who belongs, and the roles held there and nowhere else.

use serde_json::json;

use crate::engine::records::{Mode, Put, Refusal};
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Paging};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::find;
use crate::management::{roles, users};
use crate::model::change::Change;
use crate::model::membership::Membership;
use crate::model::organization::Organization;
use crate::model::role::Role;
use crate::model::user::User;
use crate::protocol::ids::{OrganizationId, UserId};

const MEMBERS: &[Field] = &[Field::texts("members").required()];
const ROLES: &[Field] = &[Field::texts("roles").required()];

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/organizations/{id}/members", &["read:organization_members"], |call| {
        Box::pin(list(call))
    })
    .about("List the members of an organization")
    .paged()
    .trimmed(),
    Operation::post("/organizations/{id}/members", &["create:organization_members"], |call| {
        Box::pin(add(call))
    })
    .about("Add members to an organization")
    .silent(204)
    .taking(MEMBERS),
    Operation::delete("/organizations/{id}/members", &["delete:organization_members"], |call| {
        Box::pin(remove(call))
    })
    .about("Remove members from an organization")
    .taking(MEMBERS),
    Operation::get(
        "/organizations/{id}/members/{user_id}/roles",
        &["read:organization_member_roles"],
        |call| Box::pin(roles_of(call)),
    )
    .about("List the roles of a member")
    .paged(),
    Operation::post(
        "/organizations/{id}/members/{user_id}/roles",
        &["create:organization_member_roles"],
        |call| Box::pin(add_roles(call)),
    )
    .about("Give roles to a member")
    .silent(204)
    .taking(ROLES),
    Operation::delete(
        "/organizations/{id}/members/{user_id}/roles",
        &["delete:organization_member_roles"],
        |call| Box::pin(take_roles(call)),
    )
    .about("Take roles from a member")
    .taking(ROLES),
];

async fn list(call: &Call<'_>) -> Outcome {
    let organization = organization(call).await?;
    let paging = Paging::of(call)?;
    let (after, take) = paging.window();
    let members = call.engine.store().members_of(call.tenant_id(), &organization, after, take).await?;
    let mut shown = Vec::with_capacity(members.len());
    for member in members {
        let user = call.catalog().find::<User>(call.tenant_id(), member.user.as_str()).await?;
        shown.extend(user.map(|user| (member.user.to_string(), users::brief(&user.record))));
    }
    Ok(paging::window(call, "members", &paging, shown))
}

async fn add(call: &Call<'_>) -> Outcome {
    let organization = organization(call).await?;
    let given = call.texts("members");
    for user in &given {
        find::<User>(call, user, "user").await?;
    }
    for user in &given {
        let draft = json!({ "organization": organization, "user": user });
        join(call, draft, Mode::Import).await?;
    }
    Ok(Answer::empty())
}

async fn remove(call: &Call<'_>) -> Outcome {
    let organization = organization(call).await?;
    for user in call.texts("members") {
        let user = UserId::from(user);
        call.registrar().remove_member(call.tenant_id(), &user, &organization).await?;
        heard(call, user, organization.clone());
    }
    Ok(Answer::empty())
}

async fn roles_of(call: &Call<'_>) -> Outcome {
    let shown = known_roles(call, &membership(call).await?).await?;
    paging::items(call, "roles", shown.iter().map(roles::render).collect())
}

async fn add_roles(call: &Call<'_>) -> Outcome {
    let membership = membership(call).await?;
    let mut held: Vec<_> =
        known_roles(call, &membership).await?.iter().map(|role| role.id.to_string()).collect();
    for role in call.texts("roles") {
        if !held.contains(&role) {
            held.push(role);
        }
    }
    hold(call, &membership, &held).await
}

async fn take_roles(call: &Call<'_>) -> Outcome {
    let membership = membership(call).await?;
    let given = call.texts("roles");
    let held = known_roles(call, &membership).await?;
    let held: Vec<_> =
        held.iter().map(|role| role.id.to_string()).filter(|role| !given.contains(role)).collect();
    hold(call, &membership, &held).await
}

async fn hold(call: &Call<'_>, membership: &Membership, roles: &[String]) -> Outcome {
    let draft = json!({ "organization": membership.organization, "user": membership.user, "roles": roles });
    join(call, draft, Mode::Update).await?;
    Ok(Answer::empty())
}

async fn join(call: &Call<'_>, draft: serde_json::Value, mode: Mode) -> Result<(), Problem> {
    let draft = crate::engine::records::flaws::read_value(draft)?;
    let put: Result<Put<Membership>, Refusal> =
        call.registrar().put_membership(call.tenant(), draft, mode).await;
    let Membership { user, organization, .. } = put?.record;
    heard(call, user, organization);
    Ok(())
}

fn heard(call: &Call<'_>, user: UserId, organization: OrganizationId) {
    call.changed(&Change::Membership { tenant: call.tenant_id().clone(), user, organization });
}

async fn organization(call: &Call<'_>) -> Result<OrganizationId, Problem> {
    Ok(find::<Organization>(call, call.capture(0), "organization").await?.record.id)
}

async fn membership(call: &Call<'_>) -> Result<Membership, Problem> {
    let (organization, user) = (organization(call).await?, UserId::from(call.capture(1)));
    let found = call.engine.store().find_membership(call.tenant_id(), &user, &organization).await?;
    found.ok_or_else(|| Problem::missing("member"))
}

/// The roles of a member that still exist.
async fn known_roles(call: &Call<'_>, membership: &Membership) -> Result<Vec<Role>, Problem> {
    let mut known = Vec::with_capacity(membership.roles.len());
    for id in &membership.roles {
        let found = call.catalog().find::<Role>(call.tenant_id(), id.as_str()).await?;
        known.extend(found.map(|found| found.record));
    }
    Ok(known)
}
