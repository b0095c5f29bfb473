//! Responses: the one place where an [`OAuthError`] becomes a status code.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, PRAGMA, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::protocol::oauth_error::{ErrorCode, OAuthError};

/// What goes back.
pub type Reply = Response<Bytes>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// A JSON answer that nobody may store (RFC 6749 §5.1).
pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(PRAGMA, NO_CACHE);
    reply
}

/// A JSON document that everybody may keep for `max_age_secs`.
pub fn public_json(body: Bytes, max_age_secs: u64) -> Reply {
    let mut reply = Response::new(body);
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    let cache = format!("public, max-age={max_age_secs}, stale-while-revalidate={max_age_secs}");
    headers.insert(CACHE_CONTROL, header(&cache));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    reply
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Bytes::new());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    reply
}

/// How an error is told apart from RFC 6749's plain way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Answer `invalid_grant` with 403 as Auth0 does.
    pub auth0_conformant: bool,
    /// The caller used HTTP Basic (RFC 6749 §5.2: 401 then needs `WWW-Authenticate`).
    pub basic: bool,
}

/// The JSON error of RFC 6749 §5.2.
pub fn error(error: &OAuthError, manner: Manner) -> Reply {
    #[derive(Serialize)]
    struct Body<'a> {
        error: &'a str,
        error_description: &'a str,
    }
    let body = Body { error: error.code.name(), error_description: &error.description };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let mut reply = json(status(error.code, manner), body);
    let headers = reply.headers_mut();
    if let Some(secs) = error.retry_after_secs {
        headers.insert(RETRY_AFTER, HeaderValue::from(secs));
    }
    if error.code == ErrorCode::InvalidClient && manner.basic {
        headers
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\""));
    }
    if matches!(error.code, ErrorCode::InvalidToken | ErrorCode::InsufficientScope) {
        let challenge =
            format!("Bearer error=\"{}\", error_description=\"{}\"", error.code.name(), error.description);
        headers.insert(WWW_AUTHENTICATE, header(&challenge));
    }
    reply
}

/// Lets pages of any origin read the answer; nothing here is authenticated by a cookie.
pub fn readable_everywhere(reply: &mut Reply) {
    reply.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}

/// The answer to a preflight request (Fetch §3.2.2).
pub fn preflight(methods: &'static str) -> Reply {
    let mut reply = empty(StatusCode::NO_CONTENT);
    readable_everywhere(&mut reply);
    let headers = reply.headers_mut();
    let mut put = |name: &'static str, value: &'static str| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    };
    put("access-control-allow-methods", methods);
    put("access-control-allow-headers", "authorization, content-type, auth0-client, dpop");
    put("access-control-max-age", "86400");
    reply
}

fn status(code: ErrorCode, manner: Manner) -> StatusCode {
    match code {
        ErrorCode::InvalidClient | ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        ErrorCode::AccessDenied | ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        ErrorCode::InvalidGrant if manner.auth0_conformant => StatusCode::FORBIDDEN,
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::TooManyAttempts | ErrorCode::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::ConsentRequired
        | ErrorCode::InteractionRequired
        | ErrorCode::InvalidClientMetadata
        | ErrorCode::InvalidGrant
        | ErrorCode::InvalidRedirectUri
        | ErrorCode::InvalidSoftwareStatement
        | ErrorCode::InvalidRequest
        | ErrorCode::InvalidRequestObject
        | ErrorCode::InvalidRequestUri
        | ErrorCode::InvalidScope
        | ErrorCode::LoginRequired
        | ErrorCode::RequestUriNotSupported
        | ErrorCode::UnauthorizedClient
        | ErrorCode::UnmetAuthenticationRequirements
        | ErrorCode::UnsupportedGrantType
        | ErrorCode::UnsupportedResponseType => StatusCode::BAD_REQUEST,
    }
}

/// A header value; characters that no header may hold are dropped.
fn header(text: &str) -> HeaderValue {
    let legal: String = text.chars().filter(|c| matches!(c, ' '..='~')).collect();
    HeaderValue::from_str(&legal).unwrap_or(NO_STORE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::oauth_error::Fault;

    #[test]
    fn errors_carry_the_statuses_of_the_rfcs() {
        let of =
            |code| error(&OAuthError::new(code, Fault::Client, "x"), Manner::default()).status().as_u16();
        assert_eq!(of(ErrorCode::InvalidGrant), 400);
        assert_eq!(of(ErrorCode::InvalidClient), 401);
        assert_eq!(of(ErrorCode::AccessDenied), 403);
        assert_eq!(of(ErrorCode::UnsupportedMediaType), 415);
        assert_eq!(of(ErrorCode::TemporarilyUnavailable), 503);
        let conformant = Manner { auth0_conformant: true, basic: false };
        assert_eq!(error(&OAuthError::invalid_grant("x"), conformant).status().as_u16(), 403);
    }

    #[test]
    fn basic_is_challenged_and_a_private_cause_stays_private() {
        let reply = error(
            &OAuthError::invalid_client().because("wrong secret"),
            Manner { basic: true, ..Manner::default() },
        );
        assert!(reply.headers().contains_key(WWW_AUTHENTICATE));
        assert_eq!(reply.headers()[CACHE_CONTROL], "no-store");
        assert!(!String::from_utf8_lossy(reply.body()).contains("wrong secret"));
        assert_eq!(error(&OAuthError::unavailable("x"), Manner::default()).headers()[RETRY_AFTER], "1");
    }
}
