//! `/logs`: what happened, newest first; `from` and `take` go from an event (or the oldest) towards the present, through
//! everything that is kept, as Auth0 has it.

use serde_json::{Value, json};

use crate::management::call::Call;
use crate::management::dates;
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
const EFFORT: usize = 50_000;
/// Events read at once.
const STEP: usize = 500;
/// How far `page` and `per_page` reach, as at Auth0.
const REACH: usize = 1000;

/// A walk over a tenant's events.
struct Walk<'a> {
    call: &'a Call<'a>,
    clauses: Vec<Clause>,
    oldest_first: bool,
    /// The event behind which it begins.
    from: Option<String>,
}

/// What a walk met.
#[derive(Default)]
struct Met {
    events: Vec<Logged>,
    /// The last event that was looked at.
    last: Option<Logged>,
    /// Whether there may be more behind it.
    more: bool,
    /// Whether it ended because it had looked at enough, not because enough was found.
    stopped: bool,
}

async fn list(call: &Call<'_>) -> Outcome {
    let checkpoint = call.asked("from").is_some() || call.asked("take").is_some();
    let oldest_first = match call.asked("sort") {
        None => checkpoint,
        Some("date:1") => true,
        Some("date:-1") if !checkpoint => false,
        Some(_) => {
            return Err(Problem::query("sort: expected date:1 or date:-1; from and take go by date:1"));
        }
    };
    let mut clauses = lucene::parse(call.asked("q").unwrap_or_default(), &FIELDS)?;
    for clause in clauses.iter_mut().filter(|clause| clause.field == "date") {
        dates::check(clause)?;
    }
    let walk = Walk { call, clauses, oldest_first, from: call.asked("from").map(str::to_owned) };
    if checkpoint { behind(&walk).await } else { page(&walk).await }
}

async fn page(walk: &Walk<'_>) -> Outcome {
    let call = walk.call;
    let number = |name| call.asked(name).and_then(|text| text.parse::<usize>().ok());
    let (page, take) = (number("page").unwrap_or(0), number("per_page").unwrap_or(50));
    let skip = page.saturating_mul(take);
    if skip + take > REACH && skip > 0 {
        return Err(Problem::query(
            "page: you can only page through the first 1000 records; use from and take",
        ));
    }
    let totals = call.asked_flag("include_totals").unwrap_or(false);
    let met = walk.until(if totals { REACH } else { skip + take }).await?;
    if met.stopped && met.events.len() < skip + take {
        return Err(stopped(met.last.as_ref()));
    }
    let total = met.events.len();
    let shown: Vec<_> =
        met.events.iter().skip(skip).take(take).map(|event| call.trimmed(render(event))).collect();
    Ok(Answer::shown(if totals {
        json!({ "start": skip, "limit": take, "length": shown.len(), "total": total, "logs": shown })
    } else {
        Value::Array(shown)
    }))
}

/// Events behind `from`, oldest first; without it, from the oldest that is kept on. A link leads on, also when the
/// search had to stop before it found as many as were asked for.
async fn behind(walk: &Walk<'_>) -> Outcome {
    let call = walk.call;
    let take = call.asked("take").and_then(|text| text.parse().ok()).unwrap_or(50);
    let met = walk.until(take).await?;
    let shown = met.events.iter().map(|event| call.trimmed(render(event))).collect();
    let next = met.last.filter(|_| met.more).map(|last| {
        let rest = call.query.iter().filter(|(name, _)| name != "from");
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("from", &last.id).extend_pairs(rest);
        format!("<{}api/v2/logs?{}>; rel=\"next\"", call.view().issuer, query.finish())
    });
    Ok(Answer { next, ..Answer::shown(Value::Array(shown)) })
}

async fn show(call: &Call<'_>) -> Outcome {
    let found = call.engine.store().event(call.tenant_id(), call.capture(0)).await?;
    found.map(|event| Answer::shown(render(&event))).ok_or_else(|| Problem::missing("log event"))
}

impl Walk<'_> {
    /// Goes on until it met `enough` fitting events, or looked at as many as one request may.
    async fn until(&self, enough: usize) -> Result<Met, Problem> {
        let (store, tenant) = (self.call.engine.store(), self.call.tenant_id());
        let (mut met, mut looked) = (Met::default(), 0);
        let mut from = self.from.clone();
        // Where everything fits, no more is read than is shown.
        let step = if self.clauses.is_empty() { (enough + 1).min(STEP) } else { STEP };
        loop {
            let events = if self.oldest_first {
                store.since(tenant, from.as_deref(), step).await?
            } else {
                store.recent(tenant, from.as_deref(), step).await?
            };
            let last = events.len() < step;
            looked += events.len();
            for event in events {
                if met.events.len() >= enough {
                    met.more = true;
                    return Ok(met);
                }
                if self.clauses.iter().all(|clause| fits(clause, &event)) {
                    met.events.push(event.clone());
                }
                met.last = Some(event);
            }
            if last || looked >= EFFORT {
                (met.more, met.stopped) = (!last, !last);
                return Ok(met);
            }
            from = met.last.as_ref().map(|event| event.id.clone());
        }
    }
}

/// The search looked at enough and found too little: how far it came, and how to go on.
fn stopped(last: Option<&Logged>) -> Problem {
    let at = last.map(|event| instant(event.event.at)).unwrap_or_default();
    Problem::too_far(format!(
        "The search looked at {EFFORT} events, as far as {at}, and stopped. Go through all of them with from and take, \
         which q may go with, and follow the Link header; or give fewer conditions."
    ))
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
