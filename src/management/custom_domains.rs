//! `/custom-domains`: hosts that the tenant claims, and at which it answers once they are proved.

use serde_json::{Value, json};

use crate::engine::custom_domains::Witness;
use crate::engine::records::custom_domains::CustomDomainDraft;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging;
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::merged;
use crate::management::users::instant;
use crate::model::custom_domain::{CustomDomain, Standing};
use crate::model::record::SYSTEM_TENANT;
use crate::model::tenant::Tenant;
use crate::protocol::ids::TenantId;
use crate::store::catalog::Versioned;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/custom-domains", &["read:custom_domains"], |call| Box::pin(list(call)))
        .about("List custom domains")
        .paged()
        .trimmed(),
    Operation::post("/custom-domains", &["create:custom_domains"], |call| Box::pin(create(call)))
        .about("Claim a custom domain")
        .taking(&[
            Field::text("domain").required(),
            Field::text("type").required(),
            Field::text("verification_method"),
            Field::text("tls_policy"),
            Field::map("domain_metadata"),
        ]),
    Operation::get("/custom-domains/{id}", &["read:custom_domains"], |call| Box::pin(show(call)))
        .about("Get a custom domain"),
    Operation::patch("/custom-domains/{id}", &["update:custom_domains"], |call| Box::pin(change(call)))
        .about("Update a custom domain")
        .taking(&[Field::text("tls_policy"), Field::map("domain_metadata")]),
    Operation::delete("/custom-domains/{id}", &["delete:custom_domains"], |call| Box::pin(remove(call)))
        .about("Give up a custom domain"),
    Operation::post("/custom-domains/{id}/verify", &["create:custom_domains"], |call| Box::pin(verify(call)))
        .about("Verify a custom domain")
        .answering(200),
];

/// What Auth0 lets one choose, and the only choice that there is here.
const CHOICES: [(&str, &str); 3] =
    [("type", "self_managed_certs"), ("verification_method", "txt"), ("tls_policy", "recommended")];

async fn list(call: &Call<'_>) -> Outcome {
    let tenant = standing(call).await?.record;
    let shown = tenant.claimed_domains.iter().map(|claimed| render(&tenant, claimed)).collect();
    paging::items(call, "custom_domains", shown)
}

async fn create(call: &Call<'_>) -> Outcome {
    let draft = checked(call)?;
    let claimed = call.engine.claim_domain(call.tenant_id(), draft).await?;
    Ok(Answer::shown(render(&standing(call).await?.record, &claimed)))
}

async fn show(call: &Call<'_>) -> Outcome {
    let (tenant, claimed) = named(call).await?;
    Ok(Answer::versioned(render(&tenant.record, &claimed), tenant.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let (tenant, claimed) = named(call).await?;
    call.unless_stale(tenant.version)?;
    let mut draft = json!({ "domain": claimed.domain });
    if let Some(metadata) = call.body.get("domain_metadata") {
        draft["domain_metadata"] = merged(&claimed.metadata, metadata);
    }
    chosen(call)?;
    let draft: CustomDomainDraft = crate::engine::records::flaws::read_value(draft)?;
    let set = |claimed: &mut CustomDomain| {
        if call.body.contains_key("domain_metadata") {
            claimed.metadata.clone_from(&draft.domain_metadata);
        }
    };
    let changed = call.registrar().change_domain(call.tenant_id(), &claimed.id, set).await?;
    Ok(Answer::shown(render(&tenant.record, &changed)))
}

async fn remove(call: &Call<'_>) -> Outcome {
    let (tenant, claimed) = named(call).await?;
    call.unless_stale(tenant.version)?;
    call.engine.give_up_domain(call.tenant_id(), &claimed.id).await?;
    Ok(Answer::empty())
}

async fn verify(call: &Call<'_>) -> Outcome {
    let (tenant, claimed) = named(call).await?;
    if !call.engine.proves_domains_by_dns() && !claimed.is_ready() {
        let message = "Custom domains are verified by the operator of this server.";
        return Err(Problem::new(http::StatusCode::FORBIDDEN, "operation_not_supported", message));
    }
    let proved = call.engine.prove_domain(call.tenant_id(), &claimed, Witness::Dns).await?;
    Ok(Answer::shown(render(&tenant.record, &proved)))
}

fn checked(call: &Call<'_>) -> Result<CustomDomainDraft, Problem> {
    chosen(call)?;
    let mut draft = call.body.clone();
    for (name, _) in CHOICES {
        draft.remove(name);
    }
    Ok(crate::engine::records::flaws::read_value(Value::Object(draft))?)
}

fn chosen(call: &Call<'_>) -> Result<(), Problem> {
    for (name, only) in CHOICES {
        if call.body.get(name).is_some_and(|value| value != only) {
            return Err(Problem::body(format_args!("{name}: expected {only}")));
        }
    }
    Ok(())
}

async fn named(call: &Call<'_>) -> Result<(Versioned<Tenant>, CustomDomain), Problem> {
    let tenant = standing(call).await?;
    let found = tenant.record.claimed_domains.iter().find(|claimed| claimed.id == call.capture(0));
    let claimed = found.cloned().ok_or_else(|| Problem::missing("custom domain"))?;
    Ok((tenant, claimed))
}

async fn standing(call: &Call<'_>) -> Result<Versioned<Tenant>, Problem> {
    let system = TenantId::from(SYSTEM_TENANT);
    let found = call.catalog().find::<Tenant>(&system, call.tenant_id().as_str()).await?;
    found.ok_or_else(|| Problem::missing("tenant"))
}

/// A domain of `tenant` as Auth0 shows one; the first that was proved is the primary one.
pub(crate) fn render(tenant: &Tenant, claimed: &CustomDomain) -> Value {
    let first = tenant.claimed_domains.iter().find(|other| other.is_ready() || other.id == claimed.id);
    let primary = claimed.is_ready() && first.is_some_and(|first| first.id == claimed.id);
    let method = json!({ "name": "txt", "record": claimed.proof(), "domain": claimed.proof_name() });
    let mut verification = json!({ "methods": [method] });
    let status = match &claimed.standing {
        Standing::Pending { problem } => {
            verification["status"] = json!(if problem.is_some() { "failed" } else { "pending" });
            if let Some(problem) = problem {
                verification["error_msg"] = json!(problem);
            }
            "pending_verification"
        }
        Standing::Ready { since } => {
            verification["status"] = json!("verified");
            verification["last_verified_at"] = json!(instant(*since));
            "ready"
        }
    };
    json!({
        "custom_domain_id": claimed.id,
        "domain": claimed.domain,
        "primary": primary,
        "status": status,
        "type": "self_managed_certs",
        "tls_policy": "recommended",
        "domain_metadata": claimed.metadata,
        "verification": verification,
        "created_at": instant(claimed.created_at),
    })
}
