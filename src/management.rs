//! The Auth0-compatible Management API, `/api/v2/*`: one file per resource, each with its rows of the table.
//!
//! A row says method, path, scope, parameters and members of the body; the router, the guard, the checks and the
//! `OpenAPI` document are all made of the rows.

use std::sync::Arc;

use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LINK};
use http::{Method, StatusCode};
use serde_json::{Map, Value};

use crate::engine::Engine;
use crate::engine::access_tokens::AccessClaims;
use crate::engine::quotas::Verdict;
use crate::model::log_event::{EventType, LogEvent};
use crate::protocol::ids::ClientId;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Reply};

mod attack_protection;
mod blocks;
mod branding;
mod call;
mod client_grants;
mod clients;
mod connections;
mod custom_domains;
mod dates;
mod email_templates;
mod grants;
mod guard;
mod invitations;
mod jobs;
mod keys;
mod logs;
mod lucene;
mod members;
mod multipart;
mod openapi;
mod operation;
mod organization_connections;
mod organization_grants;
mod organizations;
mod paging;
mod permissions;
mod problem;
mod refresh_tokens;
mod resource_servers;
mod roles;
mod schema;
mod sessions;
mod standing;
mod stats;
mod tenant_settings;
mod tenants;
mod user_roles;
mod user_search;
mod users;

use call::{Call, etag};
use operation::{Answer, Operation, Verb};
use problem::Problem;

/// Where the management API begins.
pub const PREFIX: &str = "/api/v2/";

/// Every operation, by resource.
const TABLE: &[&[Operation]] = &[
    branding::OPERATIONS,
    attack_protection::OPERATIONS,
    blocks::OPERATIONS,
    client_grants::OPERATIONS,
    clients::OPERATIONS,
    connections::OPERATIONS,
    custom_domains::OPERATIONS,
    grants::OPERATIONS,
    email_templates::OPERATIONS,
    invitations::OPERATIONS,
    jobs::OPERATIONS,
    keys::OPERATIONS,
    logs::OPERATIONS,
    members::OPERATIONS,
    organization_connections::OPERATIONS,
    organization_grants::OPERATIONS,
    organizations::OPERATIONS,
    refresh_tokens::OPERATIONS,
    resource_servers::OPERATIONS,
    roles::OPERATIONS,
    sessions::OPERATIONS,
    stats::OPERATIONS,
    // Before the tenants: its paths have no captures.
    tenant_settings::OPERATIONS,
    tenants::OPERATIONS,
    user_roles::OPERATIONS,
    users::OPERATIONS,
];

/// The most bytes that the body of a request below [`PREFIX`] may have, where that is more than usual: only for
/// whoever shows a token.
pub fn body_bytes_max(engine: &Engine, head: &http::request::Parts) -> Option<usize> {
    let path = head.uri.path().get(PREFIX.len() - 1..)?;
    let method = head.method.as_str();
    let mut rows = TABLE.iter().copied().flatten().filter(|row| row.form && row.method.name() == method);
    let large = rows.any(|row| row.captures(path).is_some()) && head.headers.contains_key(AUTHORIZATION);
    large.then(|| engine.yard().upload_bytes_max())
}

/// Answers a request below [`PREFIX`].
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Reply {
    match run(engine, exchange).await {
        Ok(reply) => reply,
        Err(problem) => problem.reply(),
    }
}

async fn run(engine: &Engine, exchange: &Exchange) -> Result<Reply, Problem> {
    let path = exchange.path().get(PREFIX.len() - 1..).unwrap_or_default();
    if path == openapi::PATH && matches!(*exchange.method(), Method::GET | Method::HEAD) {
        let document = openapi::document(exchange.tenant()).to_string();
        return Ok(reply::public_json(document.into(), engine.documents_max_age_secs()));
    }
    let (operation, captures) = match find(path, exchange) {
        Ok(found) => found,
        Err(methods) => return Ok(elsewhere(&methods)),
    };
    let claims = guard::admit(engine, exchange).await?;
    let client = ClientId::from(claims.client_id.as_str());
    let allowance = engine.quotas().take(&exchange.tenant().tenant.id, &client);
    let outcome = match allowance.verdict {
        Verdict::Fits => perform(engine, exchange, (operation, captures), claims).await,
        Verdict::Refused { retry_after_secs, .. } => Err(Problem::too_many(retry_after_secs)),
    };
    if let Some((kind, description)) = told(operation, allowance.verdict, outcome.as_ref().err()) {
        engine.log(event(engine, exchange, client, (kind, description)));
    }
    let mut reply = outcome.unwrap_or_else(|problem| problem.reply());
    for (name, value) in [
        ("x-ratelimit-limit", allowance.limit.into()),
        ("x-ratelimit-remaining", allowance.remaining.into()),
        ("x-ratelimit-reset", allowance.reset_secs),
    ] {
        reply.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
    Ok(reply)
}

/// Does what a caller asks who was let in and does not ask too often.
async fn perform(
    engine: &Engine,
    exchange: &Exchange,
    (operation, captures): (&'static Operation, Vec<String>),
    claims: Arc<AccessClaims>,
) -> Result<Reply, Problem> {
    guard::permit(engine, exchange.tenant(), operation, &claims).await?;
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(exchange.query().as_bytes()).into_owned().collect();
    schema::check_query(&operation.parameters(), &query)?;
    let body = body(operation, exchange).await?;
    let call = Call { engine, exchange, operation, claims, captures, query, body };
    let answer = (operation.run)(&call).await?;
    Ok(replied(operation, &answer))
}

/// The operation at `path`, or the methods that there are.
fn find(path: &str, exchange: &Exchange) -> Result<(&'static Operation, Vec<String>), Vec<&'static str>> {
    let mut methods = Vec::new();
    for operation in TABLE.iter().copied().flatten().filter(|row| row.is_at(exchange.tenant())) {
        let Some(captures) = operation.captures(path) else { continue };
        if operation.method.name() == exchange.method().as_str() {
            // An id that is not text names nothing.
            let captures = captures.into_iter().map(decoded).collect::<Option<_>>();
            return captures.map(|captures| (operation, captures)).ok_or_else(Vec::new);
        }
        if !methods.contains(&operation.method.name()) {
            methods.push(operation.method.name());
        }
    }
    Err(methods)
}

/// A percent-decoded part of a path; `None` when it is not UTF-8 or holds a control character.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first != b'%' {
            bytes.push(*first);
            rest = tail;
            continue;
        }
        let hex = std::str::from_utf8(tail.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}

fn elsewhere(methods: &[&'static str]) -> Reply {
    if methods.is_empty() {
        let message = "There is nothing at this path of the management API.";
        return Problem::new(StatusCode::NOT_FOUND, "not_found", message).reply();
    }
    let methods = methods.join(", ");
    let message = format!("Use {methods} at this path.");
    let mut reply = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).reply();
    if let Ok(value) = HeaderValue::from_str(&methods) {
        reply.headers_mut().insert(ALLOW, value);
    }
    reply
}

async fn body(operation: &Operation, exchange: &Exchange) -> Result<Map<String, Value>, Problem> {
    let Some(fields) = operation.body else { return Ok(Map::new()) };
    let empty = exchange.body().is_empty();
    let kind = exchange.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if operation.form {
        let body = multipart::parsed(fields, kind, exchange.body()).await?;
        schema::check_body(fields, &body)?;
        return Ok(body);
    }
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !empty && !kind.eq_ignore_ascii_case("application/json") {
        let message = "Content-Type must be application/json.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message));
    }
    let body = if empty { Map::new() } else { parsed(exchange.body())? };
    schema::check_body(fields, &body)?;
    Ok(body)
}

fn parsed(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(Problem::body("Expected type object")),
        Err(error) => Err(Problem::body(format_args!("Not JSON: {error}"))),
    }
}

fn replied(operation: &Operation, answer: &Answer) -> Reply {
    let mut reply = match &answer.body {
        Some(body) => reply::json(operation.status(), body.to_string()),
        None => reply::empty(operation.status()),
    };
    if let Some(version) = answer.version
        && let Ok(tag) = HeaderValue::from_str(&etag(version))
    {
        reply.headers_mut().insert(ETAG, tag);
    }
    if let Some(link) = answer.next.as_ref().and_then(|next| HeaderValue::from_str(next).ok()) {
        reply.headers_mut().insert(LINK, link);
    }
    reply
}

/// What the tenant's log says of a call: changes, what was refused, and who asks too often. Callers without a good
/// token write nothing, and those with one no more than they may ask.
fn told(operation: &Operation, verdict: Verdict, problem: Option<&Problem>) -> Option<(EventType, String)> {
    if let Verdict::Refused { tell, .. } = verdict {
        return tell.then(|| (EventType::ApiLimit, operation.summary.to_owned()));
    }
    let change = operation.method != Verb::Get;
    match problem {
        None => change.then(|| (EventType::Sapi, operation.summary.to_owned())),
        Some(problem) if problem.is_refusal() && (change || problem.is_forbidden()) => {
            let said = format!("{}: {}", operation.summary, problem.message());
            // A message may quote the request; what a caller sends must not fill the log.
            Some((EventType::Fapi, said.chars().take(TOLD_MAX).collect()))
        }
        Some(_) => None,
    }
}

/// Characters of a description in the log.
const TOLD_MAX: usize = 256;

/// One entry of the tenant's log; never what was in the body.
fn event(
    engine: &Engine,
    exchange: &Exchange,
    client: ClientId,
    (event, description): (EventType, String),
) -> LogEvent {
    LogEvent {
        tenant: exchange.tenant().tenant.id.clone(),
        event,
        at: engine.now(),
        client: Some(client),
        user: None,
        organization: None,
        session: None,
        address: Some(exchange.peer().address.to_string()),
        description,
    }
}
