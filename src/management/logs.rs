//! `/logs`: what happened, newest first; `from` goes on from an event towards the present, as Auth0 has it.

use serde_json::{Value, json};

use crate::management::call::Call;
use crate::management::lucene::{self, Clause};
use crate::management::operation::{Answer, Operation, Outcome, Shows};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::users::instant;
use crate::store::audit_log::Logged;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/logs", &["read:logs", "read:logs_users"], |call| Box::pin(list(call)))
        .about("List log events")
        .showing(Shows::List)
        .asking(&[
            Field::text("q"),
            Field::text("sort"),
            Field::within("page", 0, 1_000_000),
            Field::within("per_page", 1, 100),
            Field::flag("include_totals"),
            Field::text("from"),
            Field::within("take", 1, 100),
        ])
        .trimmed(),
    Operation::get("/logs/{id}", &["read:logs", "read:logs_users"], |call| Box::pin(show(call)))
        .about("Get a log event"),
];

/// The fields that may be asked for.
const FIELDS: [&str; 6] = ["type", "client_id", "user_id", "organization_id", "ip", "date"];
/// Events that one request looks at.
const EFFORT: usize = 10_000;
/// Events read at once.
const STEP: usize = 500;
/// How far `page` and `per_page` reach, as at Auth0.
const REACH: usize = 1000;

async fn list(call: &Call<'_>) -> Outcome {
    if call.asked("sort").is_some_and(|sort| sort != "date:-1") {
        return Err(Problem::query("sort: expected date:-1"));
    }
    if call.asked("from").is_some() || call.asked("take").is_some() {
        return checkpoint(call).await;
    }
    let clauses = lucene::parse(call.asked("q").unwrap_or_default(), &FIELDS)?;
    let number = |name| call.asked(name).and_then(|text| text.parse::<usize>().ok());
    let (page, take) = (number("page").unwrap_or(0), number("per_page").unwrap_or(50));
    let skip = page.saturating_mul(take);
    if skip + take > REACH && skip > 0 {
        return Err(Problem::query(
            "page: you can only page through the first 1000 records; use from and take",
        ));
    }
    let totals = call.asked_flag("include_totals").unwrap_or(false);
    let enough = if totals { REACH } else { skip + take };
    let found = newest(call, None, |event| clauses.iter().all(|clause| fits(clause, event)), enough).await?;
    let total = found.len();
    let shown: Vec<_> = found.iter().skip(skip).take(take).map(|event| call.trimmed(render(event))).collect();
    Ok(Answer::shown(if totals {
        json!({ "start": skip, "limit": take, "length": shown.len(), "total": total, "logs": shown })
    } else {
        Value::Array(shown)
    }))
}

/// Events after `from`, oldest first; without it, from the oldest of those within reach on.
async fn checkpoint(call: &Call<'_>) -> Outcome {
    if call.asked("q").is_some() {
        return Err(Problem::query("q: not together with from and take"));
    }
    let take = call.asked("take").and_then(|text| text.parse().ok()).unwrap_or(50);
    let from = call.asked("from");
    let mut found = newest(call, from, |_| true, EFFORT).await?;
    found.reverse();
    let shown = found.iter().take(take).map(|event| call.trimmed(render(event)));
    Ok(Answer::shown(Value::Array(shown.collect())))
}

async fn show(call: &Call<'_>) -> Outcome {
    let wanted = call.capture(0);
    let found = newest(call, None, |event| event.id == wanted, 1).await?;
    match found.first() {
        Some(event) => Ok(Answer::shown(render(event))),
        None => Err(Problem::missing("log event")),
    }
}

/// At most `enough` fitting events, newest first, down to (and without) the one called `floor`.
async fn newest(
    call: &Call<'_>,
    floor: Option<&str>,
    fits: impl Fn(&Logged) -> bool,
    enough: usize,
) -> Result<Vec<Logged>, Problem> {
    let (mut found, mut looked) = (Vec::new(), 0);
    let mut before: Option<String> = None;
    loop {
        let page = call.engine.store().recent(call.tenant_id(), before.as_deref(), STEP).await?;
        let last = page.len() < STEP;
        looked += page.len();
        before = page.last().map(|event| event.id.clone());
        for event in page {
            if floor.is_some_and(|floor| event.id.as_str() <= floor) || found.len() >= enough {
                return Ok(found);
            }
            if fits(&event) {
                found.push(event);
            }
        }
        if last || looked >= EFFORT {
            return Ok(found);
        }
    }
}

fn fits(clause: &Clause, logged: &Logged) -> bool {
    let event = &logged.event;
    let value = match clause.field {
        "client_id" => event.client.as_ref().map(ToString::to_string),
        "date" => Some(instant(event.at)),
        "ip" => event.address.clone(),
        "organization_id" => event.organization.as_ref().map(ToString::to_string),
        "user_id" => event.user.as_ref().map(ToString::to_string),
        _ => Some(event.event.code().to_owned()),
    };
    clause.test.fits(&value.unwrap_or_default()) != clause.negated
}

fn render(logged: &Logged) -> Value {
    let event = &logged.event;
    let mut shown = json!({
        "_id": logged.id,
        "log_id": logged.id,
        "date": instant(event.at),
        "type": event.event.code(),
        "tenant_name": event.tenant,
    });
    let texts = [
        ("client_id", event.client.as_ref().map(ToString::to_string)),
        ("user_id", event.user.as_ref().map(ToString::to_string)),
        ("organization_id", event.organization.as_ref().map(ToString::to_string)),
        ("session_id", event.session.as_ref().map(ToString::to_string)),
        ("ip", event.address.clone()),
        ("description", Some(event.description.clone()).filter(|text| !text.is_empty())),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            shown[name] = json!(value);
        }
    }
    shown
}
