//! One page to read: path → endpoint.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{Method, Response};

use crate::endpoints::{
    authorize, cross_origin, dbconnections, discovery, introspect, jwks, logout, operations, par,
    passwordless, register, revoke, token, userinfo,
};
use crate::engine::Engine;
use crate::management;
use crate::pages;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::telemetry::labels::EndpointLabel;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Manner, Reply};
use crate::transport::{Arrival, Drain, Service};

/// The public listener's service.
#[derive(Clone)]
pub struct Public {
    engine: Arc<Engine>,
}

impl Public {
    /// The service over `engine`.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }
}

impl Service for Public {
    fn body_bytes_max(&self, head: &http::request::Parts) -> Option<usize> {
        let managed = head.uri.path().starts_with(management::PREFIX);
        if managed { management::body_bytes_max(&self.engine, head) } else { None }
    }

    async fn call(&self, arrival: Arrival) -> Response<Bytes> {
        let (began, endpoint) = (Instant::now(), endpoint(arrival.head.uri.path()));
        let reply = match Exchange::admit(arrival, self.engine.tenancy()) {
            Ok(exchange) => answer(&self.engine, &exchange).await,
            Err(error) => reply::error(&error, Manner::default()),
        };
        let seconds = began.elapsed().as_secs_f64();
        self.engine.metrics().http_response(endpoint, reply.status().as_u16(), seconds);
        reply
    }
}

/// The operations listener's service.
#[derive(Clone)]
pub struct Operations {
    engine: Arc<Engine>,
    public_drain: Drain,
}

impl Operations {
    /// The service over `engine`; not ready once `public_drain` has started.
    pub fn new(engine: Arc<Engine>, public_drain: Drain) -> Self {
        Self { engine, public_drain }
    }
}

impl Service for Operations {
    async fn call(&self, arrival: Arrival) -> Response<Bytes> {
        let head = &arrival.head;
        let draining = self.public_drain.is_started();
        operations::answer(&self.engine, &head.method, head.uri.path(), draining).await
    }
}

/// A connection holds room for one answer in the making, and every request is as big as that room. What is asked all
/// the time fits; everything else is many times that, and has a box of its own.
async fn answer(engine: &Arc<Engine>, exchange: &Exchange) -> Reply {
    match (exchange.path(), exchange.method()) {
        ("/oauth/token", &Method::POST) => token::answer(engine, exchange).await,
        ("/oauth/introspect", &Method::POST) => introspect::answer(engine, exchange).await,
        _ => Box::pin(answer_others(engine, exchange)).await,
    }
}

async fn answer_others(engine: &Arc<Engine>, exchange: &Exchange) -> Reply {
    match (exchange.path(), exchange.method()) {
        // Applications.
        ("/oauth/par", &Method::POST) => par::answer(engine, exchange).await,
        ("/oauth/revoke", &Method::POST) => revoke::answer(engine, exchange).await,
        ("/userinfo", &Method::GET | &Method::POST) => userinfo::answer(engine, exchange).await,
        (register::PATH, &Method::POST) => register::answer(engine, exchange).await,
        (path, &Method::GET | &Method::PUT | &Method::DELETE) if register::named(path).is_some() => {
            register::answer(engine, exchange).await
        }
        ("/dbconnections/signup", &Method::POST) => dbconnections::sign_up(engine, exchange).await,
        ("/dbconnections/change_password", &Method::POST) => {
            dbconnections::change_password(engine, exchange).await
        }
        ("/passwordless/start", &Method::POST) => passwordless::start(engine, exchange).await,
        ("/co/authenticate", &Method::POST) => cross_origin::answer(engine, exchange).await,
        ("/co/authenticate", &Method::OPTIONS) => cross_origin::preflight(exchange),
        // Browsers.
        ("/authorize", &Method::GET | &Method::POST) => {
            told(exchange, authorize::answer(engine, exchange).await)
        }
        ("/oidc/logout", &Method::GET | &Method::POST) => {
            told(exchange, logout::answer(engine, exchange).await)
        }
        ("/v2/logout", &Method::GET) => told(exchange, logout::answer_v2(engine, exchange).await),
        (path, &Method::GET | &Method::POST) if pages::is_page(path) => {
            told(exchange, pages::answer(engine, exchange).await)
        }
        // Everybody.
        ("/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server", &Method::GET) => {
            discovery::answer(engine, exchange)
        }
        ("/.well-known/jwks.json", &Method::GET) => jwks::answer(engine, exchange).await,
        // Administrators.
        (path, _) if path.starts_with(management::PREFIX) => management::answer(engine, exchange).await,
        (path, method) => elsewhere(path, method),
    }
}

/// What a path counts as.
fn endpoint(path: &str) -> EndpointLabel {
    match path {
        "/oauth/token" => EndpointLabel::Token,
        "/oauth/revoke" => EndpointLabel::Revoke,
        "/oauth/introspect" => EndpointLabel::Introspect,
        "/oauth/par" => EndpointLabel::Par,
        "/userinfo" => EndpointLabel::UserInfo,
        "/authorize" => EndpointLabel::Authorize,
        "/oidc/logout" | "/v2/logout" => EndpointLabel::Logout,
        "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server" => {
            EndpointLabel::Discovery
        }
        "/.well-known/jwks.json" => EndpointLabel::Jwks,
        path if path.starts_with("/u/") => EndpointLabel::Pages,
        path if path.starts_with(management::PREFIX) => EndpointLabel::Management,
        path if path.starts_with("/dbconnections/") => EndpointLabel::DbConnections,
        path if path.starts_with("/oidc/register") => EndpointLabel::Register,
        path if path.starts_with("/passwordless/") => EndpointLabel::Passwordless,
        _ => EndpointLabel::Other,
    }
}

/// What only the person may be told becomes a page.
fn told(exchange: &Exchange, outcome: Result<Reply, OAuthError>) -> Reply {
    outcome.unwrap_or_else(|error| pages::error::page(exchange, &error))
}

/// Preflights, wrong methods and wrong paths.
fn elsewhere(path: &str, method: &Method) -> Reply {
    let Some(methods) = methods_of(path) else {
        return reply::error(
            &OAuthError::new(ErrorCode::NotFound, Fault::Client, "There is nothing at this path"),
            Manner::default(),
        );
    };
    if method == Method::OPTIONS && !pages::is_page(path) {
        return reply::preflight(methods);
    }
    let error =
        OAuthError::new(ErrorCode::MethodNotAllowed, Fault::Client, format!("Use {methods} at this path"));
    let mut reply = reply::error(&error, Manner::default());
    reply.headers_mut().insert(http::header::ALLOW, http::HeaderValue::from_static(methods));
    reply
}

fn methods_of(path: &str) -> Option<&'static str> {
    match path {
        "/oauth/token"
        | "/oauth/par"
        | "/oauth/revoke"
        | "/oauth/introspect"
        | register::PATH
        | "/co/authenticate"
        | "/dbconnections/signup"
        | "/dbconnections/change_password"
        | "/passwordless/start" => Some("POST"),
        "/authorize" | "/oidc/logout" | "/userinfo" => Some("GET, HEAD, POST"),
        path if pages::is_page(path) => Some("GET, HEAD, POST"),
        "/v2/logout"
        | "/.well-known/openid-configuration"
        | "/.well-known/oauth-authorization-server"
        | "/.well-known/jwks.json" => Some("GET, HEAD"),
        path if register::named(path).is_some() => Some("GET, PUT, DELETE"),
        _ => None,
    }
}
