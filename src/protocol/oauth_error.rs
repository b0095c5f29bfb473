//! An OAuth error: a public description that is contract, and a private cause for the log.

use std::borrow::Cow;

/// The registered error codes (RFC 6749 §5.2 and §4.1.2.1, RFC 8707, OpenID Connect Core §3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The resource owner or the server refused the request.
    AccessDenied,
    /// `prompt=none` and the user must consent.
    ConsentRequired,
    /// `prompt=none` and the user must do something.
    InteractionRequired,
    /// Client authentication failed.
    InvalidClient,
    /// What a client says of itself cannot be registered (RFC 7591 §3.2.2).
    InvalidClientMetadata,
    /// The code, token or credentials presented are not valid.
    InvalidGrant,
    /// A redirect URI cannot be registered (RFC 7591 §3.2.2).
    InvalidRedirectUri,
    /// A parameter is missing, repeated, malformed or unknown.
    InvalidRequest,
    /// The request object is malformed, not the client's, or not good any more (RFC 9101 §7).
    InvalidRequestObject,
    /// The `request_uri` names nothing that this client may use (RFC 9101 §7).
    InvalidRequestUri,
    /// The requested scope is unknown, malformed or exceeds what was granted.
    InvalidScope,
    /// No software statement is believed here (RFC 7591 §3.2.2).
    InvalidSoftwareStatement,
    /// The bearer token is not valid (RFC 6750 §3.1).
    InvalidToken,
    /// The bearer token lacks a scope (RFC 6750 §3.1).
    InsufficientScope,
    /// `prompt=none` and nobody is logged in.
    LoginRequired,
    /// There is no such method at this path (RFC 9110 §15.5.6); `invalid_request` on the wire.
    MethodNotAllowed,
    /// There is nothing at this path or host; `invalid_request` on the wire.
    NotFound,
    /// References to requests that are kept elsewhere are not followed (OpenID Connect Core §3.1.2.6).
    RequestUriNotSupported,
    /// A fault of ours.
    ServerError,
    /// Overloaded, or a part we need is down: try again.
    TemporarilyUnavailable,
    /// Too many wrong passwords for one account (Auth0's code).
    TooManyAttempts,
    /// Too many requests or attempts: try again later.
    TooManyRequests,
    /// The client may not use this grant type.
    UnauthorizedClient,
    /// An essential class of authentication cannot be had (OpenID Connect Core Error Code 1.0).
    UnmetAuthenticationRequirements,
    /// No such grant type here.
    UnsupportedGrantType,
    /// The body is in a format we do not read (RFC 9110 §15.5.16); `invalid_request` on the wire.
    UnsupportedMediaType,
    /// No such response type here.
    UnsupportedResponseType,
}

impl ErrorCode {
    /// The code on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidRequest | Self::MethodNotAllowed | Self::NotFound | Self::UnsupportedMediaType => {
                "invalid_request"
            }
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::LoginRequired => "login_required",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::TooManyAttempts => "too_many_attempts",
            Self::TooManyRequests => "too_many_requests",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }
}

/// Who has to act so that the error goes away; log level and metric label follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The application sent something wrong.
    Client,
    /// We, or a part we depend on, failed.
    Ourselves,
    /// The tenant's configuration does not allow it.
    Tenant,
    /// The person mistyped, was blocked or is not a member.
    User,
}

impl Fault {
    /// The label under which metrics count this fault.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Ourselves => "ourselves",
            Self::Tenant => "tenant",
            Self::User => "user",
        }
    }
}

/// A refusal in the field's own words; layers below HTTP make these and know no status code.
#[derive(Clone, Debug)]
pub struct OAuthError {
    /// The registered code.
    pub code: ErrorCode,
    /// What the caller reads; part of the contract.
    pub description: Cow<'static, str>,
    /// What the log reads; never leaves the process.
    pub cause: Option<String>,
    /// Who has to act.
    pub fault: Fault,
    /// Seconds after which a retry may succeed, sent as `Retry-After`.
    pub retry_after_secs: Option<u64>,
}

impl OAuthError {
    /// An error with `code`, blamed on `fault`, that tells the caller `description`.
    pub fn new(code: ErrorCode, fault: Fault, description: impl Into<Cow<'static, str>>) -> Self {
        let description = legal(description.into());
        Self { code, description, cause: None, fault, retry_after_secs: None }
    }

    /// `invalid_request`: the application sent something malformed.
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, Fault::Client, description)
    }

    /// `invalid_client`: one wording, whatever was wrong with the authentication.
    pub fn invalid_client() -> Self {
        Self::new(ErrorCode::InvalidClient, Fault::Client, "Client authentication failed")
    }

    /// `invalid_grant`, with the wording given.
    pub fn invalid_grant(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidGrant, Fault::Client, description)
    }

    /// `access_denied`, with the wording given.
    pub fn access_denied(fault: Fault, description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::AccessDenied, fault, description)
    }

    /// `temporarily_unavailable`: the caller's retry is safe and wanted.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        Self::new(
            ErrorCode::TemporarilyUnavailable,
            Fault::Ourselves,
            "The service is temporarily unavailable; try again",
        )
        .because(cause)
        .retry_after(1)
    }

    /// `server_error`: a fault of ours that a retry may not cure.
    pub fn server_error(cause: impl Into<String>) -> Self {
        Self::new(ErrorCode::ServerError, Fault::Ourselves, "Something went wrong on our side").because(cause)
    }

    /// This error with a private cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// This error with a `Retry-After` of `secs` seconds.
    #[must_use]
    pub fn retry_after(mut self, secs: u64) -> Self {
        self.retry_after_secs = Some(secs);
        self
    }
}
/// `text` in the characters of an `error_description` (RFC 6749 §5.2): it may quote what a caller sent.
fn legal(text: Cow<'static, str>) -> Cow<'static, str> {
    let stays = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
    if text.chars().all(stays) {
        return text;
    }
    let spelled = |c| match c {
        '"' => '\'',
        '\\' => '/',
        other if stays(other) => other,
        _ => '?',
    };
    text.chars().map(spelled).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_quotes_nothing_that_it_must_not_hold() {
        let error = OAuthError::invalid_request("not \"a\\b\" in é\n".to_owned());
        assert_eq!(error.description, "not 'a/b' in ??");
        assert!(matches!(OAuthError::invalid_request("as it is").description, Cow::Borrowed(_)));
    }
}
