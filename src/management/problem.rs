//! A problem as Auth0's Management API tells it: `{statusCode, error, message, errorCode}`.

use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::json;

use crate::engine::records::Refusal;
use crate::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::store::StoreError;
use crate::transport::reply::{self, Reply};

/// Why a request was not done.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    message: String,
    code: &'static str,
    retry_after_secs: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), code, retry_after_secs: None }
    }

    /// 400: the body is wrong.
    pub(crate) fn body(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_body", format!("Payload validation error: '{what}'."))
    }

    /// 400: the query is wrong.
    pub(crate) fn query(what: impl std::fmt::Display) -> Self {
        let message = format!("Query validation error: '{what}'.");
        Self::new(StatusCode::BAD_REQUEST, "invalid_query_string", message)
    }

    /// 404: there is no such thing.
    pub(crate) fn missing(thing: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "inexistent_resource", format!("The {thing} does not exist."))
    }

    /// 409: there is one already.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "resource_conflict", message)
    }

    /// 429: one client asks too often.
    pub(crate) fn too_many(retry_after_secs: u64) -> Self {
        let message = "Global limit has been reached. Please wait and try again.";
        Self {
            retry_after_secs: Some(retry_after_secs),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message)
        }
    }

    /// Whether the caller was refused, as against failed by us.
    pub(crate) fn is_refusal(&self) -> bool {
        self.status.is_client_error()
    }

    /// Whether the caller may not do it.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.status == StatusCode::FORBIDDEN
    }

    /// What the caller is told.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// 503: the question needs more work than one request may cause.
    pub(crate) fn too_broad() -> Self {
        let message = "The query exceeded the timeout. Please try refining your search criteria, \
            or page through with from and take.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "query_timeout", message)
    }

    /// 503: the same, and this is how far it came.
    pub(crate) fn too_far(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "query_timeout", message)
    }

    /// 500: the fault is ours.
    pub(crate) fn ours(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a management request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong on our side.")
    }

    /// With the seconds after which it is worth asking again.
    pub(crate) fn retry_after(self, secs: u64) -> Self {
        Self { retry_after_secs: Some(secs), ..self }
    }

    /// What goes back.
    pub(crate) fn reply(&self) -> Reply {
        let body = json!({
            "statusCode": self.status.as_u16(),
            "error": self.status.canonical_reason().unwrap_or_default(),
            "message": self.message,
            "errorCode": self.code,
        });
        let mut reply = reply::json(self.status, body.to_string());
        if self.status == StatusCode::UNAUTHORIZED {
            reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(secs) = self.retry_after_secs {
            reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        reply
    }

    fn unavailable(secs: u64) -> Self {
        let message = "The service is temporarily unavailable; try again.";
        Self {
            retry_after_secs: Some(secs),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", message)
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Busy { retry_after_secs } => Self::unavailable(retry_after_secs),
            Refusal::Conflict => {
                Self::conflict("The resource was changed by somebody else at the same time.")
            }
            Refusal::Exists => Self::conflict("A resource with this identifier already exists."),
            Refusal::InUse(why) => Self::conflict(why),
            Refusal::Invalid(_) => Self::body(&refusal),
            Refusal::Missing => Self::missing("resource"),
            Refusal::NameTaken { field } => {
                Self::conflict(format!("Another resource already has this {field}."))
            }
            Refusal::Ours(cause) => Self::ours(&cause),
            // Auth0's wording: the name of the error, then what it means.
            Refusal::Password(_) => Self::new(StatusCode::BAD_REQUEST, "invalid_body", refusal.to_string()),
            Refusal::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(_) => Self::ours(&error),
            StoreError::NotReplicated(_) | StoreError::Unavailable(_) | StoreError::Unknown(_) => {
                tracing::warn!(%error, "a management request met a store in trouble");
                Self::unavailable(1)
            }
        }
    }
}

impl From<OAuthError> for Problem {
    fn from(error: OAuthError) -> Self {
        if error.code == ErrorCode::TemporarilyUnavailable {
            return Self::unavailable(error.retry_after_secs.unwrap_or(1));
        }
        Self::ours(&error.cause.unwrap_or_default())
    }
}
