//! Searching users: `q` on email, `user_id`, name, blocked and `created_at`.

use crate::management::call::Call;
use crate::management::lucene::{self, Clause, Test};
use crate::management::operation::Outcome;
use crate::management::paging::{self, Listing};
use crate::management::problem::Problem;
use crate::management::users;
use crate::model::user::User;

/// The fields that may be asked for.
const FIELDS: [&str; 5] = ["email", "user_id", "name", "blocked", "created_at"];

pub(crate) async fn search(call: &Call<'_>) -> Outcome {
    if call.asked("search_engine").is_some_and(|version| version != "v3") {
        return Err(Problem::query("search_engine: expected v3"));
    }
    let clauses = lucene::parse(call.asked("q").unwrap_or_default(), &FIELDS)?;
    check(&clauses)?;
    // One exact id or address is one look-up, however many users there are.
    for clause in clauses.iter().filter(|clause| !clause.negated) {
        if let Test::Is(value) = &clause.test {
            let found = match clause.field {
                "email" => with_email(call, value).await?,
                "user_id" => with_id(call, value).await?,
                _ => continue,
            };
            let fitting: Vec<_> = found.into_iter().filter(|user| fits(call, &clauses, user)).collect();
            return users::listed(call, &fitting);
        }
    }
    let filtered = !clauses.is_empty() || call.asked("connection").is_some();
    let keep = filtered.then(|| Box::new(move |user: &User| fits(call, &clauses, user)) as Box<_>);
    paging::records(call, Listing { name: "users", keep, show: Box::new(users::render) }).await
}

/// The users with this address, in whichever connection.
pub(crate) async fn with_email(call: &Call<'_>, email: &str) -> Result<Vec<User>, Problem> {
    let mut found = Vec::new();
    for connection in super::connections::names(call).await? {
        let name = User::email_identifier(&connection, email);
        let user = call.catalog().find_named::<User>(call.tenant_id(), &name).await?;
        found.extend(user.map(|user| user.record));
    }
    Ok(found)
}

async fn with_id(call: &Call<'_>, id: &str) -> Result<Vec<User>, Problem> {
    let found = call.catalog().find::<User>(call.tenant_id(), id).await?;
    Ok(found.map(|found| found.record).into_iter().collect())
}

fn fits(call: &Call<'_>, clauses: &[Clause], user: &User) -> bool {
    let connection = call.asked("connection");
    connection.is_none_or(|connection| connection == user.connection.as_str())
        && clauses.iter().all(|clause| clause.test.fits(&value(user, clause.field)) != clause.negated)
}

fn value(user: &User, field: &str) -> String {
    match field {
        "blocked" => user.blocked.to_string(),
        "created_at" => users::instant(user.created_at),
        "email" => user.email.clone().unwrap_or_default(),
        "name" => user.profile.name.clone().unwrap_or_default(),
        _ => user.user_id.to_string(),
    }
}

fn check(clauses: &[Clause]) -> Result<(), Problem> {
    for clause in clauses {
        let flag = matches!(&clause.test, Test::Is(value) if matches!(value.as_str(), "true" | "false"));
        if clause.field == "blocked" && !flag {
            return Err(Problem::query("q: expected blocked:true or blocked:false"));
        }
    }
    Ok(())
}
