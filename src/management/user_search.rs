//! Searching users: `q` on email, `user_id`, name, blocked and `created_at`; `sort` by `created_at`, email and name.
//!
//! The most telling condition chooses the index that is walked; the others are held against what is met there.

use crate::management::call::Call;
use crate::management::dates;
use crate::management::lucene::{self, Clause, Test};
use crate::management::operation::Outcome;
use crate::management::paging::{self, Listing, REACH, Source};
use crate::management::problem::Problem;
use crate::management::users;
use crate::model::term::{Field, Term};
use crate::model::user::User;
use crate::store::records::{Cut, Span};

/// The fields that may be asked for.
const FIELDS: [&str; 5] = ["email", "user_id", "name", "blocked", "created_at"];

/// Addresses are unique within a connection, and a tenant has few of those.
const CONNECTIONS: usize = 100;

/// The order that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sort {
    field: Field,
    backwards: bool,
}

pub(crate) async fn search(call: &Call<'_>) -> Outcome {
    if call.asked("search_engine").is_some_and(|version| version != "v3") {
        return Err(Problem::query("search_engine: expected v3"));
    }
    let mut clauses = lucene::parse(call.asked("q").unwrap_or_default(), &FIELDS)?;
    check(&mut clauses)?;
    let sort = call.asked("sort").map(sort).transpose()?;
    // One id is one look-up, however many users there are.
    if let Some(id) = the_id(&clauses) {
        let mut found = with_id(call, id).await?;
        found.retain(|user| fits(call, &clauses, user));
        return users::listed(call, &found);
    }
    let mut source = source(&clauses);
    if let Some(sort) = sort
        && !in_order(&mut source, sort)
    {
        if let Some(mut found) = few(call, &source, |user| fits(call, &clauses, user)).await? {
            found.sort_by_cached_key(|user| key(user, sort.field));
            if sort.backwards {
                found.reverse();
            }
            return users::listed(call, &found);
        }
        source = whole(sort);
    }
    let filtered = !clauses.is_empty() || call.asked("connection").is_some();
    let keep = filtered.then(|| Box::new(move |user: &User| fits(call, &clauses, user)) as Box<_>);
    paging::records_from(call, Listing { name: "users", keep, show: Box::new(users::render) }, &source).await
}

/// The users with this address, in whichever connection.
pub(crate) async fn with_email(call: &Call<'_>, email: &str) -> Result<Vec<User>, Problem> {
    let term = Term::folded(Field::Email, email);
    if term.value().is_empty() {
        return Ok(Vec::new());
    }
    let cut = cut(Field::Email, Span::Is(term.value().to_owned()));
    let (found, _) = call.catalog().page_by::<User>(call.tenant_id(), &cut, CONNECTIONS).await?;
    let email = email.to_lowercase();
    let found = found.into_iter().map(|(_, found)| found.record);
    Ok(found.filter(|user| user.email.as_ref() == Some(&email)).collect())
}

async fn with_id(call: &Call<'_>, id: &str) -> Result<Vec<User>, Problem> {
    let found = call.catalog().find::<User>(call.tenant_id(), id).await?;
    Ok(found.map(|found| found.record).into_iter().collect())
}

fn the_id(clauses: &[Clause]) -> Option<&str> {
    clauses.iter().find_map(|clause| match &clause.test {
        Test::Is(id) if clause.field == "user_id" && !clause.negated => Some(id.as_str()),
        Test::Begins(_) | Test::Is(_) | Test::Within(..) => None,
    })
}

/// The index in which the fewest users are to be met.
fn source(clauses: &[Clause]) -> Source {
    clauses.iter().filter_map(walked).min_by_key(|(rank, _)| *rank).map_or(Source::All, |(_, source)| source)
}

/// What a condition leaves of an index, and how many users that may be: the less the fewer.
fn walked(clause: &Clause) -> Option<(u8, Source)> {
    let text = |field, value: &str| Term::folded(field, value).value().to_owned();
    let (rank, field, span) = match (clause.field, &clause.test, clause.negated) {
        ("email", Test::Is(email), false) => (0, Field::Email, Span::Is(text(Field::Email, email))),
        ("name", Test::Is(name), false) => (1, Field::Name, Span::Is(text(Field::Name, name))),
        ("email", Test::Begins(start), false) if !start.is_empty() => {
            (2, Field::Email, Span::Begins(text(Field::Email, start)))
        }
        ("name", Test::Begins(start), false) if !start.is_empty() => {
            (2, Field::Name, Span::Begins(text(Field::Name, start)))
        }
        ("blocked", Test::Is(flag), negated) if (flag == "true") != negated => {
            (3, Field::Blocked, Span::Is("true".to_owned()))
        }
        ("created_at", Test::Within(least, most), false) => {
            let least = least.as_deref().and_then(dates::first).map(Term::instant);
            let most = most.as_deref().and_then(dates::last).map(Term::instant);
            (4, Field::CreatedAt, Span::Between(least, most))
        }
        ("user_id", Test::Begins(start), false) if !start.is_empty() => {
            return Some((5, Source::Ids(start.clone())));
        }
        _ => return None,
    };
    Some((rank, Source::Terms(cut(field, span))))
}

/// Turns a source into the order that is asked for, if it is an index of that field.
fn in_order(source: &mut Source, sort: Sort) -> bool {
    match source {
        Source::All => *source = whole(sort),
        Source::Terms(cut) if cut.field == sort.field => cut.backwards = sort.backwards,
        Source::Ids(_) | Source::Terms(_) | Source::Under(_) => return false,
    }
    true
}

/// All fitting users of a source, unless that means looking at more than pages reach.
async fn few(
    call: &Call<'_>,
    source: &Source,
    fits: impl Fn(&User) -> bool,
) -> Result<Option<Vec<User>>, Problem> {
    let (found, next) = source.page::<User>(call, None, REACH).await?;
    if next.is_some() {
        return Ok(None);
    }
    Ok(Some(found.into_iter().map(|(_, user)| user).filter(fits).collect()))
}

fn whole(sort: Sort) -> Source {
    Source::Terms(Cut { backwards: sort.backwards, ..cut(sort.field, Span::All) })
}

const fn cut(field: Field, span: Span) -> Cut {
    Cut { field, span, backwards: false, after: None }
}

fn key(user: &User, field: Field) -> String {
    match field {
        Field::CreatedAt => Term::instant(user.created_at),
        Field::Email => user.email.clone().unwrap_or_default(),
        Field::Blocked | Field::Name | Field::Organization | Field::Role => user.shown_name().to_lowercase(),
    }
}

fn sort(text: &str) -> Result<Sort, Problem> {
    let (name, order) = text.split_once(':').unwrap_or((text, ""));
    let field = match name {
        "created_at" => Some(Field::CreatedAt),
        "email" => Some(Field::Email),
        "name" => Some(Field::Name),
        _ => None,
    };
    match (field, order) {
        (Some(field), "1" | "-1") => Ok(Sort { field, backwards: order == "-1" }),
        _ => Err(Problem::query("sort: expected created_at, email or name, then :1 or :-1")),
    }
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
        "name" => user.shown_name().to_owned(),
        _ => user.user_id.to_string(),
    }
}

fn check(clauses: &mut [Clause]) -> Result<(), Problem> {
    for clause in clauses {
        match clause.field {
            "blocked" if !matches!(&clause.test, Test::Is(value) if value == "true" || value == "false") => {
                return Err(Problem::query("q: expected blocked:true or blocked:false"));
            }
            "created_at" => dates::check(clause)?,
            _ => {}
        }
    }
    Ok(())
}
