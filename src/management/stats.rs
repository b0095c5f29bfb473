//! `/stats`: what the tenant's days came to, and how many people were there.

use serde_json::{Value, json};

use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome, Shows};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::users::instant;
use crate::model::statistics::{Counts, Day};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/stats/daily", &["read:stats"], |call| Box::pin(daily(call)))
        .about("Get daily numbers of logins and signups")
        .showing(Shows::Items)
        .asking(&[Field::text("from"), Field::text("to")]),
    Operation::get("/stats/active-users", &["read:stats"], |call| Box::pin(active_users(call)))
        .about("Get the number of users who logged in within the last 30 days")
        .showing(Shows::Number),
];

/// Days of a month, as Auth0 counts active users.
const MONTH: u32 = 30;
/// The most days that one request may ask for.
const REACH: u32 = 400;

async fn daily(call: &Call<'_>) -> Outcome {
    let today = Day::of(call.engine.now());
    let to = asked(call, "to")?.unwrap_or(today);
    let from = asked(call, "from")?.unwrap_or(to.before(MONTH - 1));
    if from > to || to.0 - from.0 >= REACH {
        return Err(Problem::query(format_args!("from: expected a day before to, and at most {REACH} days")));
    }
    let days = call.engine.store().days(call.tenant_id(), from, to).await?;
    Ok(Answer::shown(Value::Array(days.iter().map(render).collect())))
}

async fn active_users(call: &Call<'_>) -> Outcome {
    let today = Day::of(call.engine.now());
    let users = call.engine.store().active_users(call.tenant_id(), today.before(MONTH - 1), today).await?;
    Ok(Answer::shown(json!(users)))
}

/// A day of the query, written `YYYYMMDD`.
fn asked(call: &Call<'_>, name: &str) -> Result<Option<Day>, Problem> {
    let Some(text) = call.asked(name) else { return Ok(None) };
    let day = read(text).ok_or_else(|| Problem::query(format_args!("{name}: expected a day as YYYYMMDD")));
    day.map(Some)
}

fn read(text: &str) -> Option<Day> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<i16>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let date = jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let epoch = jiff::civil::Date::new(1970, 1, 1).ok()?;
    u32::try_from(date.since(epoch).ok()?.get_days()).ok().map(Day)
}

fn render((day, counts): &(Day, Counts)) -> Value {
    json!({
        "date": instant(day.start()),
        "logins": counts.logins,
        "signups": counts.signups,
        "leaked_passwords": counts.leaked_passwords,
        "created_at": instant(counts.first_at),
        "updated_at": instant(counts.last_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_auth0_writes_them() {
        for (text, day) in [
            ("19700101", Some(0)),
            ("20270115", Some(20_833)),
            ("19691231", None),
            ("20260230", None),
            ("2026111", None),
            ("2026-1-1", None),
            ("+2026101", None),
            ("", None),
        ] {
            assert_eq!(read(text), day.map(Day), "{text}");
        }
    }
}
