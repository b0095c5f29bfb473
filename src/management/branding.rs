//! `/branding`: what the tenant's pages look like.

use serde_json::{Value, json};

use crate::engine::records::{Mode, flaws};
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::schema::Field;
use crate::management::tenant_settings::standing;
use crate::model::record::Record;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/branding", &["read:branding"], |call| Box::pin(show(call)))
        .about("Get what the tenant's pages look like"),
    Operation::patch("/branding", &["update:branding"], |call| Box::pin(change(call)))
        .about("Update what the tenant's pages look like")
        .taking(&[
            Field::map("colors").nullable(),
            Field::text("favicon_url").nullable(),
            Field::map("font").nullable(),
            Field::text("logo_url").nullable(),
        ]),
];

async fn show(call: &Call<'_>) -> Outcome {
    let found = standing(call).await?;
    Ok(Answer::versioned(json!(found.record.branding), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = standing(call).await?;
    call.unless_stale(standing.version)?;
    let draft = json!({ "id": call.tenant_id(), "branding": Value::Object(call.body.clone()) });
    let registrar = call.registrar().at_version(standing.version);
    let put = registrar.put_tenant(flaws::read_value(draft)?, Mode::Update).await?;
    call.changed(&put.record.change());
    Ok(Answer::shown(json!(put.record.branding)))
}
