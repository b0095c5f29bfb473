//! The operations listener: `/health/alive`, `/health/ready`, `/metrics`, `/version`.

use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::json;

use crate::engine::Engine;
use crate::transport::reply::{self, Reply};

/// How long a sign of life from the store may take before this node calls itself unready.
const PING_LIMIT: Duration = Duration::from_secs(1);

/// Answers an operator.
///
/// While `draining`, the process is alive but no longer ready, so that load balancers look elsewhere.
pub async fn answer(engine: &Engine, method: &Method, path: &str, draining: bool) -> Reply {
    if method != Method::GET && method != Method::HEAD {
        return reply::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    match path {
        "/health/alive" => reply::json(StatusCode::OK, "{\"status\":\"alive\"}"),
        "/health/ready" => ready(engine, draining).await,
        "/metrics" => metrics(engine),
        "/version" => version(),
        _ => reply::empty(StatusCode::NOT_FOUND),
    }
}

async fn ready(engine: &Engine, draining: bool) -> Reply {
    let ping = tokio::time::timeout(PING_LIMIT, engine.store().ping()).await;
    let store = matches!(ping, Ok(Ok(())));
    let actors = engine.actors().healthy();
    let word = |well| if well { "ok" } else { "failing" };
    let body = json!({ "store": word(store), "actors": word(actors), "draining": draining });
    let status = if store && actors && !draining { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    reply::json(status, body.to_string())
}

fn metrics(engine: &Engine) -> Reply {
    let mut reply = Response::new(engine.metrics().render().into());
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    reply.headers_mut().insert(CONTENT_TYPE, kind);
    reply
}

fn version() -> Reply {
    let body = json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") });
    reply::json(StatusCode::OK, body.to_string())
}
