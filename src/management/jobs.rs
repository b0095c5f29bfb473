//! `/jobs`: imports of users, ordered here and done in the background.

use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::jobs::{Declined, Order};
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome, Shows};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::users::instant;
use crate::model::connection::Connection;
use crate::model::job::{Job, Progress};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::post("/jobs/users-imports", &["create:users"], |call| Box::pin(import(call)))
        .about("Import users from a file")
        .taking_form(IMPORT)
        .answering(202),
    Operation::get("/jobs/{id}", &["create:users", "read:users"], |call| Box::pin(show(call)))
        .about("Get a job"),
    Operation::get("/jobs/{id}/errors", &["create:users", "read:users"], |call| Box::pin(errors(call)))
        .about("Get what was wrong with the records of a job")
        .showing(Shows::Items),
];

const IMPORT: &[Field] = &[
    Field::file("users").required(),
    Field::text("connection_id").required(),
    Field::flag("upsert"),
    Field::text("external_id"),
    Field::flag("send_completion_email"),
];

async fn import(call: &Call<'_>) -> Outcome {
    let text = |name: &str| call.body.get(name).and_then(Value::as_str);
    let flag = |name: &str| call.body.get(name).and_then(Value::as_bool);
    let id = text("connection_id").unwrap_or_default();
    let connection = call.catalog().find_named::<Connection>(call.tenant_id(), &format!("con:{id}")).await?;
    let connection =
        connection.ok_or_else(|| Problem::body("connection_id: there is no connection of this id"))?;
    if text("external_id").is_some_and(|name| name.len() > 256 || name.chars().any(char::is_control)) {
        return Err(Problem::body("external_id: expected at most 256 bytes of text"));
    }
    let order = Order {
        connection: connection.record.name,
        connection_id: id.to_owned(),
        upsert: flag("upsert").unwrap_or(false),
        external_id: text("external_id").map(str::to_owned),
        send_completion_email: flag("send_completion_email").unwrap_or(true),
        users: text("users").unwrap_or_default(),
    };
    let job = call.engine.import_users(call.tenant(), order).await.map_err(declined)?;
    Ok(Answer::shown(ordered(&job)))
}

async fn show(call: &Call<'_>) -> Outcome {
    let now = call.engine.now();
    let job = found(call).await?;
    let progress = job.progress_at(now);
    let mut shown = ordered(&job);
    shown["status"] = json!(progress);
    shown["percentage_done"] = json!(job.percentage_done());
    let under_way = progress == Progress::Processing;
    shown["time_left_seconds"] = json!(if under_way { job.time_left_seconds(now) } else { 0 });
    let mut summary = json!(job.summary);
    summary["total"] = json!(job.total);
    shown["summary"] = summary;
    Ok(Answer::shown(shown))
}

async fn errors(call: &Call<'_>) -> Outcome {
    let job = found(call).await?;
    Ok(Answer::shown(call.engine.job_errors(&job).await?))
}

async fn found(call: &Call<'_>) -> Result<Job, Problem> {
    let found = call.engine.job(call.tenant_id(), call.capture(0)).await?;
    found.ok_or_else(|| Problem::missing("job"))
}

/// A job as Auth0 shows one that was just ordered.
fn ordered(job: &Job) -> Value {
    let mut shown = json!({
        "type": "users_import",
        "id": job.id,
        "status": job.progress,
        "created_at": instant(job.created_at),
        "connection": job.connection,
        "connection_id": job.connection_id,
        "upsert": job.upsert,
        "send_completion_email": job.send_completion_email,
    });
    if let Some(own) = &job.external_id {
        shown["external_id"] = json!(own);
    }
    shown
}

fn declined(declined: Declined) -> Problem {
    match declined {
        Declined::Error(refusal) => refusal.into(),
        Declined::NoRoom => too_many("This node holds as many jobs as it may; try again later.".to_owned()),
        Declined::NoUsers(why) => Problem::body(format_args!("users: expected a JSON array of users: {why}")),
        Declined::TooLarge { bytes_max } => {
            let message = format!("The file of users may have at most {bytes_max} bytes.");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", message)
        }
        Declined::TooMany { most } => too_many(format!(
            "There are {most} active import users jobs, please wait until some of them are finished and try again."
        )),
    }
}

fn too_many(message: String) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_import_jobs", message).retry_after(RETRY_SECS)
}

/// When it is worth asking again, in seconds.
const RETRY_SECS: u64 = 5;
