//! `/attack-protection/*`: how the tenant defends its accounts, in Auth0's shapes.

use serde_json::{Map, Value, json};

use crate::engine::records::{Mode, flaws};
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::tenant_settings::standing;
use crate::model::record::Record;
use crate::model::tenant::Tenant;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/attack-protection/breached-password-detection", READ, |call| Box::pin(show(call)))
        .about("Get breached password detection"),
    Operation::patch("/attack-protection/breached-password-detection", UPDATE, |call| Box::pin(change(call)))
        .about("Update breached password detection")
        .taking(&[
            Field::flag("enabled"),
            Field::texts("shields"),
            Field::texts("admin_notification_frequency"),
            Field::text("method"),
            Field::map("stage"),
        ]),
    Operation::get("/attack-protection/brute-force-protection", READ, |call| Box::pin(show(call)))
        .about("Get brute-force protection"),
    Operation::patch("/attack-protection/brute-force-protection", UPDATE, |call| Box::pin(change(call)))
        .about("Update brute-force protection")
        .taking(&[
            Field::flag("enabled"),
            Field::texts("shields"),
            Field::texts("allowlist"),
            Field::text("mode"),
            Field::within("max_attempts", 1, 100),
        ]),
    Operation::get("/attack-protection/suspicious-ip-throttling", READ, |call| Box::pin(show(call)))
        .about("Get suspicious IP throttling"),
    Operation::patch("/attack-protection/suspicious-ip-throttling", UPDATE, |call| Box::pin(change(call)))
        .about("Update suspicious IP throttling")
        .taking(&[
            Field::flag("enabled"),
            Field::texts("shields"),
            Field::texts("allowlist"),
            Field::map("stage"),
        ]),
];

const READ: &[&str] = &["read:attack_protection"];
const UPDATE: &[&str] = &["update:attack_protection"];

/// Auth0's list of mails to administrators, which nobody sends here: it may be set to nothing.
const UNSENT: &str = "admin_notification_frequency";

async fn show(call: &Call<'_>) -> Outcome {
    let found = standing(call).await?;
    Ok(Answer::versioned(render(call, &found.record), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = standing(call).await?;
    call.unless_stale(standing.version)?;
    let mut part = call.body.clone();
    if part.remove(UNSENT).is_some_and(|value| value.as_array().is_none_or(|all| !all.is_empty())) {
        return Err(Problem::body(format_args!("{UNSENT}: expected none")));
    }
    let draft = json!({ "id": call.tenant_id(), "attack_protection": { part_of(call): part } });
    let registrar = call.registrar().at_version(standing.version);
    let put = registrar.put_tenant(flaws::read_value(draft)?, Mode::Update).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(render(call, &put.record)))
}

/// The part that the path names.
fn part_of(call: &Call<'_>) -> String {
    call.operation.path.rsplit('/').next().unwrap_or_default().replace('-', "_")
}

fn render(call: &Call<'_>, tenant: &Tenant) -> Value {
    let all = serde_json::to_value(&tenant.attack_protection).unwrap_or_default();
    let mut part: Map<_, _> = all[part_of(call)].as_object().cloned().unwrap_or_default();
    if call.operation.path.ends_with("breached-password-detection") {
        part.insert(UNSENT.to_owned(), json!([]));
    }
    Value::Object(part)
}
