//! `/tenants/settings`: what holds for a tenant's clients and APIs unless they say otherwise.

use serde_json::{Map, Value, json};

use crate::engine::records::{Mode, flaws};
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::model::record::{Record, SYSTEM_TENANT};
use crate::model::tenant::Tenant;
use crate::protocol::ids::TenantId;
use crate::store::catalog::Versioned;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/tenants/settings", &["read:tenant_settings"], |call| Box::pin(show(call)))
        .about("Get the tenant's settings")
        .trimmed(),
    Operation::patch("/tenants/settings", &["update:tenant_settings"], |call| Box::pin(change(call)))
        .about("Update the tenant's settings")
        .taking(SETTINGS),
];

/// Auth0's names and units: the lifetimes of sessions are in hours, all others in seconds.
const SETTINGS: &[Field] = &[
    Field::text("friendly_name"),
    Field::text("default_audience").nullable(),
    Field::text("default_directory"),
    Field::texts("allowed_logout_urls"),
    Field::within("session_lifetime", 1, 8766),
    Field::within("idle_session_lifetime", 1, 8766),
    Field::flag("allow_organization_name_in_authentication_api"),
    Field::whole("access_token_lifetime"),
    Field::whole("id_token_lifetime"),
    Field::whole("refresh_token_lifetime"),
    Field::whole("idle_refresh_token_lifetime"),
    Field::within("refresh_token_leeway", 0, 600),
    Field::map("flags"),
    Field::within("pushed_authorization_request_lifetime", 5, 600),
    Field::flag("auth0_conformant"),
    Field::flag("disable_signup"),
    Field::flag("signup_requires_verification"),
    Field::flag("reuse_ends_session"),
];

const IN_HOURS: [&str; 2] = ["session_lifetime", "idle_session_lifetime"];
const SECONDS_PER_HOUR: u64 = 3600;

async fn show(call: &Call<'_>) -> Outcome {
    let found = standing(call).await?;
    Ok(Answer::versioned(call.trimmed(render(&found.record)), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = standing(call).await?;
    call.unless_stale(standing.version)?;
    let mut settings = call.body.clone();
    let mut draft = json!({ "id": call.tenant_id() });
    if let Some(name) = settings.remove("friendly_name") {
        draft["friendly_name"] = name;
    }
    for name in IN_HOURS {
        if let Some(hours) = settings.get(name).and_then(Value::as_u64) {
            settings.insert(name.to_owned(), json!(hours * SECONDS_PER_HOUR));
        }
    }
    draft["settings"] = Value::Object(settings);
    let registrar = call.registrar().at_version(standing.version);
    let put = registrar.put_tenant(flaws::read_value(draft)?, Mode::Update).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(render(&put.record)))
}

/// The tenant as the store has it.
pub(crate) async fn standing(call: &Call<'_>) -> Result<Versioned<Tenant>, Problem> {
    let system = TenantId::from(SYSTEM_TENANT);
    let found = call.catalog().find::<Tenant>(&system, call.tenant_id().as_str()).await?;
    found.ok_or_else(|| Problem::missing("tenant"))
}

fn render(tenant: &Tenant) -> Value {
    let settings = serde_json::to_value(&tenant.settings).ok();
    let mut settings: Map<_, _> = settings.and_then(|value| value.as_object().cloned()).unwrap_or_default();
    for name in IN_HOURS {
        if let Some(seconds) = settings.get(name).and_then(Value::as_u64) {
            settings.insert(name.to_owned(), json!(seconds / SECONDS_PER_HOUR));
        }
    }
    settings.retain(|_, value| !value.is_null());
    settings.insert("friendly_name".to_owned(), json!(tenant.friendly_name));
    settings.insert("enabled_locales".to_owned(), json!(["en"]));
    Value::Object(settings)
}
