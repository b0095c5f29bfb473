//! The `OpenAPI` 3.1 document, made of the same rows that route, guard and check.

use serde_json::{Map, Value, json};

use crate::management::TABLE;
use crate::management::operation::{Operation, Verb};
use crate::management::schema::Field;
use crate::tenancy::TenantView;

/// Where the document is, below the prefix.
pub(crate) const PATH: &str = "/openapi.json";

/// What may go wrong anywhere: status and what it means.
const PROBLEMS: &[(&str, &str)] = &[
    ("400", "The query or the body is wrong"),
    ("401", "The bearer token is missing, invalid or not for this API"),
    ("403", "The token lacks a scope, or the resource may not be changed"),
    ("404", "There is no such resource"),
    ("429", "Too many requests"),
    ("503", "Temporarily unavailable, or the query asks for too much; try again"),
];

/// What may go wrong with a change.
const PROBLEMS_OF_CHANGES: &[(&str, &str)] = &[
    ("409", "The resource exists already, or was changed at the same time"),
    ("412", "The resource has another version than If-Match names"),
    ("413", "The body is too large"),
    ("415", "The body is not of the type that is described"),
];

/// The document for one tenant.
pub(crate) fn document(tenant: &TenantView) -> Value {
    let mut paths = Map::new();
    for operation in TABLE.iter().copied().flatten().filter(|operation| operation.is_at(tenant)) {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.name().to_lowercase()] = described(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Jeton Management API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Tenants are managed here, in the shapes of Auth0's Management API v2.",
        },
        "servers": [{ "url": tenant.management.as_str().trim_end_matches('/') }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
            "schemas": { "Problem": problem() },
        },
    })
}

fn described(operation: &Operation) -> Value {
    let mut described = json!({
        "operationId": id(operation),
        "summary": operation.summary,
        "description": description(operation),
        "parameters": parameters(operation),
        "responses": responses(operation),
    });
    if let Some(fields) = operation.body {
        let kind = if operation.form { "multipart/form-data" } else { "application/json" };
        described["requestBody"] = json!({
            "required": fields.iter().any(|field| field.required),
            "content": { kind: { "schema": body(fields) } },
        });
    }
    described
}

fn description(operation: &Operation) -> String {
    let scopes = format!("Needs one of the scopes: {}.", operation.scopes.join(", "));
    if operation.note.is_empty() { scopes } else { format!("{} {scopes}", operation.note) }
}

/// `GET /users/{user_id}/roles` is `get_users_user_id_roles`.
fn id(operation: &Operation) -> String {
    let path = operation.path.replace(['{', '}'], "").replace(['/', '-'], "_");
    format!("{}{path}", operation.method.name().to_lowercase())
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let captures = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let captures = captures.map(|name| {
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } })
    });
    let query = operation.parameters();
    let query = query.iter().map(|field| {
        json!({ "name": field.name, "in": "query", "required": field.required, "schema": field.schema() })
    });
    captures.chain(query).collect()
}

fn body(fields: &[Field]) -> Value {
    let properties: Map<_, _> = fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn responses(operation: &Operation) -> Value {
    let changes: &[_] = if operation.method == Verb::Get { &[] } else { PROBLEMS_OF_CHANGES };
    let mut responses: Map<_, _> = PROBLEMS
        .iter()
        .chain(changes)
        .map(|(status, meaning)| {
            let content =
                json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
            let mut problem = json!({ "description": meaning, "content": content });
            if *status == "429" {
                problem["headers"] = rate_headers();
            }
            ((*status).to_owned(), problem)
        })
        .collect();
    let mut good = json!({ "description": operation.summary });
    if let Some(shape) = operation.shows {
        good["content"] = json!({ "application/json": { "schema": { "type": shape.names() } } });
    }
    responses.insert(operation.status.to_string(), good);
    Value::Object(responses)
}

/// Every answer to a caller who was let in has the first three; only a refusal says when to come back.
fn rate_headers() -> Value {
    let header =
        |meaning: &str| json!({ "description": meaning, "schema": { "type": "integer" }, "required": true });
    json!({
        "X-RateLimit-Limit": header("Requests that fit at once"),
        "X-RateLimit-Remaining": header("Requests that fit now"),
        "X-RateLimit-Reset": header("When all of them fit again, in seconds since the Unix epoch"),
        "Retry-After": header("When one more fits, in seconds"),
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "properties": {
            "statusCode": { "type": "integer" },
            "error": { "type": "string" },
            "message": { "type": "string" },
            "errorCode": { "type": "string" },
        },
        "required": ["statusCode", "error", "message", "errorCode"],
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::engine::management_api;

    #[test]
    fn rows_are_complete_and_apart() {
        let scopes: HashSet<_> = management_api::scopes(true).collect();
        let mut ids = HashSet::new();
        for operation in TABLE.iter().copied().flatten() {
            let name = id(operation);
            assert!(ids.insert(name.clone()), "{name} twice");
            assert!(!operation.summary.is_empty(), "{name} says nothing of itself");
            assert!(!operation.scopes.is_empty(), "{name} is open to everybody");
            for scope in operation.scopes {
                assert!(scopes.contains(*scope), "{name} needs {scope}, which nobody can have");
            }
            let mut names = HashSet::new();
            assert!(operation.parameters().iter().all(|field| names.insert(field.name)), "{name}");
        }
        assert!(ids.len() > 70, "{}", ids.len());
    }
}
