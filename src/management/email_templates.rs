//! `/email-templates`: messages in the tenant's own words.

use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::records::Mode;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::{find, find_to_change, shown};
use crate::model::email_template::EmailTemplate;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::post("/email-templates", &["create:email_templates"], |call| Box::pin(create(call)))
        .about("Create an email template")
        .answering(200)
        .taking(NEW),
    Operation::get("/email-templates/{name}", &["read:email_templates"], |call| Box::pin(show(call)))
        .about("Get an email template"),
    Operation::patch("/email-templates/{name}", &["update:email_templates"], |call| Box::pin(change(call)))
        .about("Update an email template")
        .taking(CHANGE),
    Operation::put("/email-templates/{name}", &["update:email_templates"], |call| Box::pin(replace(call)))
        .about("Replace an email template")
        .taking(CHANGE),
];

const NEW: &[Field] = &[
    Field::text("template").required(),
    Field::text("body").required(),
    Field::text("from").required(),
    Field::text("subject").required(),
    Field::text("syntax").required(),
    Field::text("resultUrl").nullable(),
    Field::whole("urlLifetimeInSeconds").nullable(),
    Field::flag("includeEmailInRedirect"),
    Field::flag("enabled").required(),
];

const CHANGE: &[Field] = &[
    Field::text("template"),
    Field::text("body"),
    Field::text("from"),
    Field::text("subject"),
    Field::text("syntax"),
    Field::text("resultUrl").nullable(),
    Field::whole("urlLifetimeInSeconds").nullable(),
    Field::flag("includeEmailInRedirect"),
    Field::flag("enabled"),
];

async fn create(call: &Call<'_>) -> Outcome {
    let put = call.registrar().put_email_template(call.tenant(), call.draft()?, Mode::Create).await?;
    Ok(Answer::shown(render(&put.record)))
}

async fn show(call: &Call<'_>) -> Outcome {
    let found = find::<EmailTemplate>(call, call.capture(0), "email template").await?;
    Ok(Answer::versioned(render(&found.record), found.version))
}

async fn change(call: &Call<'_>) -> Outcome {
    let standing = find_to_change::<EmailTemplate>(call, call.capture(0), "email template").await?;
    let registrar = call.registrar().at_version(standing.version);
    let put = registrar.put_email_template(call.tenant(), draft(call, &json!({}))?, Mode::Update).await?;
    Ok(Answer::shown(render(&put.record)))
}

/// What is not named takes its default; a template that is not there is made.
async fn replace(call: &Call<'_>) -> Outcome {
    let blank = json!({ "body": "", "from": "", "subject": "", "syntax": "liquid", "resultUrl": null,
        "urlLifetimeInSeconds": null, "includeEmailInRedirect": false, "enabled": false });
    let draft = draft(call, &blank)?;
    let put = call.registrar().put_email_template(call.tenant(), draft, Mode::Import).await?;
    Ok(Answer::shown(render(&put.record)))
}

/// The body over `blank`, under the name in the path.
fn draft<T: serde::de::DeserializeOwned>(call: &Call<'_>, blank: &Value) -> Result<T, Problem> {
    let name = call.capture(0);
    if call.body.get("template").is_some_and(|own| own != name) {
        let message = "The template's name is the one in the path.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_body", message));
    }
    let mut all = blank.as_object().cloned().unwrap_or_default();
    all.extend(call.body.clone());
    all.insert("template".to_owned(), json!(name));
    Ok(crate::engine::records::flaws::read_value(Value::Object(all))?)
}

fn render(template: &EmailTemplate) -> Value {
    Value::Object(shown(template, &["tenant"]))
}
