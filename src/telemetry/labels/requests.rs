//! Labels of requests and what became of them.

use super::Label;

labels! {
    /// What a request asked for.
    EndpointLabel("endpoint") {
        /// `/authorize`.
        Authorize = "authorize",
        /// `/dbconnections/*`.
        DbConnections = "dbconnections",
        /// `/oauth/device/code`.
        DeviceCode = "device_code",
        /// `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`.
        Discovery = "discovery",
        /// `/health/*`.
        Health = "health",
        /// `/oauth/introspect`.
        Introspect = "introspect",
        /// `/.well-known/jwks.json`.
        Jwks = "jwks",
        /// `/v2/logout` and `/oidc/logout`.
        Logout = "logout",
        /// `/api/v2/*`.
        Management = "management",
        /// `/metrics`.
        Metrics = "metrics",
        /// Anything else, including what is not found.
        Other = "other",
        /// Hosted pages, `/u/*`.
        Pages = "pages",
        /// `/oauth/par`.
        Par = "par",
        /// `/passwordless/*`.
        Passwordless = "passwordless",
        /// `/oidc/register`.
        Register = "register",
        /// `/oauth/revoke`.
        Revoke = "revoke",
        /// `/oauth/token`.
        Token = "token",
        /// `/userinfo`.
        UserInfo = "userinfo",
        /// `/version`.
        Version = "version",
    }

    /// The grant type of a token request.
    GrantLabel("grant") {
        /// RFC 6749 §4.1.
        AuthorizationCode = "authorization_code",
        /// RFC 6749 §4.4.
        ClientCredentials = "client_credentials",
        /// RFC 8628.
        DeviceCode = "device_code",
        /// RFC 7523 §2.1.
        JwtBearer = "jwt_bearer",
        /// A grant type that is unknown or was not given.
        Other = "other",
        /// RFC 6749 §4.3.
        Password = "password",
        /// Auth0's password grant that names the connection.
        PasswordRealm = "password_realm",
        /// Auth0's one-time password by mail.
        PasswordlessOtp = "passwordless_otp",
        /// RFC 6749 §6.
        RefreshToken = "refresh_token",
        /// RFC 8693.
        TokenExchange = "token_exchange",
    }

    /// How a token request ended: `ok`, or an OAuth error code.
    OutcomeLabel("outcome") {
        /// `access_denied`.
        AccessDenied = "access_denied",
        /// RFC 8628 §3.5.
        AuthorizationPending = "authorization_pending",
        /// RFC 8628 §3.5.
        ExpiredToken = "expired_token",
        /// `invalid_client`.
        InvalidClient = "invalid_client",
        /// RFC 9449 §5.
        InvalidDpopProof = "invalid_dpop_proof",
        /// `invalid_grant`.
        InvalidGrant = "invalid_grant",
        /// `invalid_request`.
        InvalidRequest = "invalid_request",
        /// `invalid_scope`.
        InvalidScope = "invalid_scope",
        /// RFC 8707 §2.
        InvalidTarget = "invalid_target",
        /// `invalid_token`.
        InvalidToken = "invalid_token",
        /// Auth0's demand for a second factor.
        MfaRequired = "mfa_required",
        /// Tokens were issued.
        Ok = "ok",
        /// Any other code.
        Other = "other",
        /// `server_error`.
        ServerError = "server_error",
        /// RFC 8628 §3.5.
        SlowDown = "slow_down",
        /// `temporarily_unavailable`.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// `too_many_requests`, or Auth0's `too_many_attempts`.
        TooManyRequests = "too_many_requests",
        /// `unauthorized_client`.
        UnauthorizedClient = "unauthorized_client",
        /// `unsupported_grant_type`.
        UnsupportedGrantType = "unsupported_grant_type",
    }

    /// What became of a refresh token presented.
    RefreshReason("reason") {
        /// The family's absolute lifetime is over.
        Expired = "expired",
        /// It does not open.
        Malformed = "malformed",
        /// The user is not, or no longer, a member of the organization.
        NotAMember = "not_a_member",
        /// The client does not rotate: the same token goes on.
        Kept = "kept",
        /// Newer than the store knew: a failover lost a write, and the family was healed.
        Recovered = "recovered",
        /// The previous generation within its leeway: the same successor again.
        Repeated = "repeated",
        /// An old generation: the family is gone now.
        Reused = "reused",
        /// The next generation was issued.
        Rotated = "rotated",
        /// The store or an actor failed, and nothing is known.
        Unavailable = "unavailable",
        /// No such family: revoked, expired or never issued.
        Unknown = "unknown",
        /// The user is deleted, blocked, or logged out everywhere.
        UserGone = "user_gone",
        /// It belongs to another client.
        WrongClient = "wrong_client",
    }

    /// Why transport answered without asking the service.
    RefusalLabel("reason") {
        /// The body is longer than allowed (413).
        BodyTooLong = "body_too_long",
        /// The body did not come in time (408).
        BodyTooSlow = "body_too_slow",
        /// Too many connections (503).
        Connections = "connections",
        /// The request took longer than its deadline (503).
        Deadline = "deadline",
        /// The headers are larger than allowed (431).
        HeaderTooLarge = "header_too_large",
        /// The headers did not come in time (408).
        HeaderTooSlow = "header_too_slow",
        /// Too many requests in work (503).
        InFlight = "in_flight",
        /// Not HTTP (400).
        Malformed = "malformed",
        /// The service panicked (500).
        Panic = "panic",
        /// The TLS handshake failed.
        TlsHandshake = "tls_handshake",
    }

    /// A status code, or the class of a rare one.
    StatusLabel("status") {
        /// 1xx and anything that is no status.
        Informational = "1xx",
        /// 200.
        Ok = "200",
        /// 201.
        Created = "201",
        /// 204.
        NoContent = "204",
        /// Any other 2xx.
        Success = "2xx",
        /// 302.
        Found = "302",
        /// 303.
        SeeOther = "303",
        /// 304.
        NotModified = "304",
        /// Any other 3xx.
        Redirection = "3xx",
        /// 400.
        BadRequest = "400",
        /// 401.
        Unauthorized = "401",
        /// 403.
        Forbidden = "403",
        /// 404.
        NotFound = "404",
        /// 405.
        MethodNotAllowed = "405",
        /// 408.
        RequestTimeout = "408",
        /// 409.
        Conflict = "409",
        /// 413.
        PayloadTooLarge = "413",
        /// 415.
        UnsupportedMediaType = "415",
        /// 429.
        TooManyRequests = "429",
        /// Any other 4xx.
        ClientError = "4xx",
        /// 500.
        InternalServerError = "500",
        /// 503.
        ServiceUnavailable = "503",
        /// Any other 5xx.
        ServerError = "5xx",
    }
}

impl OutcomeLabel {
    /// The outcome of this code; a code we do not know is [`OutcomeLabel::Other`], so that no caller can add labels.
    pub fn of(code: &str) -> Self {
        match code {
            "ok" => Self::Ok,
            "too_many_attempts" => Self::TooManyRequests,
            code => Self::ALL.iter().copied().find(|label| label.text() == code).unwrap_or(Self::Other),
        }
    }
}

impl StatusLabel {
    /// The label of a status code.
    pub fn of(status: u16) -> Self {
        match status {
            200 => Self::Ok,
            201 => Self::Created,
            204 => Self::NoContent,
            302 => Self::Found,
            303 => Self::SeeOther,
            304 => Self::NotModified,
            400 => Self::BadRequest,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            408 => Self::RequestTimeout,
            409 => Self::Conflict,
            413 => Self::PayloadTooLarge,
            415 => Self::UnsupportedMediaType,
            429 => Self::TooManyRequests,
            500 => Self::InternalServerError,
            503 => Self::ServiceUnavailable,
            rare => match rare / 100 {
                2 => Self::Success,
                3 => Self::Redirection,
                4 => Self::ClientError,
                5 => Self::ServerError,
                _ => Self::Informational,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_and_statuses_are_found_by_their_text() {
        for outcome in OutcomeLabel::ALL {
            assert_eq!(OutcomeLabel::of(outcome.text()), *outcome);
        }
        assert_eq!(OutcomeLabel::of("tenant-7"), OutcomeLabel::Other);
        assert_eq!(StatusLabel::of(413).text(), "413");
        assert_eq!(StatusLabel::of(418).text(), "4xx");
        assert_eq!(StatusLabel::of(599).text(), "5xx");
    }
}
