//! `/tenants`: the operator's own tenant makes and removes the others. At any other tenant there is nothing here.

use serde_json::{Value, json};

use crate::engine::custom_domains::Witness;
use crate::engine::records::Mode;
use crate::engine::records::secrets::Secret;
use crate::management::call::Call;
use crate::management::custom_domains;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Listing, Source};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::model::record::{Record as _, SYSTEM_TENANT};
use crate::model::tenant::Tenant;
use crate::protocol::ids::TenantId;
use crate::store::catalog::Versioned;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/tenants", &["read:tenants"], |call| Box::pin(list(call)))
        .about("List tenants")
        .for_operators()
        .paged()
        .trimmed(),
    Operation::post("/tenants", &["create:tenants"], |call| Box::pin(create(call)))
        .about("Create a tenant")
        .for_operators()
        .taking(&[Field::text("id").required(), Field::text("friendly_name")]),
    Operation::get("/tenants/{id}", &["read:tenants"], |call| Box::pin(show(call)))
        .about("Get a tenant")
        .for_operators()
        .trimmed(),
    Operation::patch("/tenants/{id}", &["update:tenants"], |call| Box::pin(change(call)))
        .about("Update a tenant")
        .for_operators()
        .taking(&[Field::text("friendly_name"), Field::flag("enabled")]),
    Operation::delete("/tenants/{id}", &["delete:tenants"], |call| Box::pin(remove(call)))
        .about("Delete a tenant")
        .for_operators()
        .silent(202),
    Operation::post("/tenants/{id}/custom-domains/{domain_id}/verify", &["update:tenants"], |call| {
        Box::pin(vouch(call))
    })
    .about("Take a tenant's custom domain as verified")
    .for_operators()
    .answering(200),
];

async fn list(call: &Call<'_>) -> Outcome {
    let show = |tenant: &Tenant| render(call, tenant);
    let listing = Listing { name: "tenants", keep: None, show: Box::new(show) };
    paging::records_from(call, listing, &Source::Under(TenantId::from(SYSTEM_TENANT))).await
}

async fn create(call: &Call<'_>) -> Outcome {
    let made = call.engine.make_tenant(call.draft()?).await?;
    let mut shown = render(call, &made.tenant);
    shown["management_client"] = json!({
        "client_id": made.client,
        "client_secret": made.secret.as_ref().map(Secret::expose),
        "audience": format!("{}api/v2/", call.engine.tenancy().view(made.tenant).issuer),
    });
    Ok(Answer::shown(shown))
}

async fn show(call: &Call<'_>) -> Outcome {
    let found = standing(call).await?;
    Ok(Answer::versioned(call.trimmed(render(call, &found.record)), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = standing(call).await?;
    call.unless_stale(standing.version)?;
    if call.body.get("enabled") == Some(&json!(false)) {
        refuse_if_it_stays(call)?;
    }
    let draft = call.draft_with(json!({ "id": call.capture(0) }))?;
    let put = call.registrar().at_version(standing.version).put_tenant(draft, Mode::Update).await?;
    call.changed(&put.record.change());
    call.engine.reload_tenants([&put.record.id]).await?;
    Ok(Answer::shown(render(call, &put.record)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let standing = standing(call).await?;
    call.unless_stale(standing.version)?;
    refuse_if_it_stays(call)?;
    call.engine.delete_tenant(&standing.record.id, standing.version).await?;
    Ok(Answer::empty())
}

/// The operator says that a domain is the tenant's.
async fn vouch(call: &Call<'_>) -> Outcome {
    let tenant = standing(call).await?.record;
    let claimed = tenant.claimed_domains.iter().find(|claimed| claimed.id == call.capture(1));
    let claimed = claimed.ok_or_else(|| Problem::missing("custom domain"))?;
    let proved = call.engine.prove_domain(&tenant.id, claimed, Witness::Operator).await?;
    Ok(Answer::shown(custom_domains::render(&tenant, &proved)))
}

fn refuse_if_it_stays(call: &Call<'_>) -> Result<(), Problem> {
    if call.engine.tenancy().must_stay(&TenantId::from(call.capture(0))) {
        return Err(Problem::conflict("The operator's own tenant and the default tenant stay."));
    }
    Ok(())
}

async fn standing(call: &Call<'_>) -> Result<Versioned<Tenant>, Problem> {
    let found = call.catalog().find::<Tenant>(&TenantId::from(SYSTEM_TENANT), call.capture(0)).await?;
    found.ok_or_else(|| Problem::missing("tenant"))
}

fn render(call: &Call<'_>, tenant: &Tenant) -> Value {
    let tenancy = call.engine.tenancy();
    let status = match (tenant.deleting, tenant.enabled) {
        (true, _) => "deleting",
        (false, true) => "active",
        (false, false) => "disabled",
    };
    let ready = tenant.claimed_domains.iter().filter(|claimed| claimed.is_ready());
    let hosts: Vec<_> = tenant.custom_domains.iter().chain(ready.map(|claimed| &claimed.domain)).collect();
    json!({
        "id": tenant.id,
        "friendly_name": tenant.friendly_name,
        "domain": tenancy.own_host(&tenant.id),
        "custom_domains": hosts,
        "issuer": tenancy.view(tenant.clone()).issuer,
        "enabled": tenant.enabled,
        "status": status,
    })
}
