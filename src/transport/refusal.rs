//! Answers that transport gives by itself, in OAuth's error form (RFC 6749 §5.2).

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode, Version};

use crate::protocol::oauth_error::ErrorCode;
use crate::telemetry::labels::RefusalLabel;

/// Why a request does not reach the service, or not its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too many large bodies on their way.
    Bodies,
    /// The body is longer than allowed.
    BodyTooLong,
    /// The body did not come in time.
    BodyTooSlow,
    /// The body broke off, or its framing is wrong.
    BrokenBody,
    /// Too many connections.
    Connections,
    /// The request took longer than its deadline.
    Deadline,
    /// The headers are larger than allowed.
    HeaderTooLarge,
    /// The headers did not come in time.
    HeaderTooSlow,
    /// Too many requests in work.
    InFlight,
    /// Not HTTP.
    Malformed,
    /// The service panicked.
    Panic,
}

impl Refusal {
    /// The label under which it is counted.
    pub const fn label(self) -> RefusalLabel {
        match self {
            Self::BodyTooLong => RefusalLabel::BodyTooLong,
            Self::BodyTooSlow => RefusalLabel::BodyTooSlow,
            Self::BrokenBody | Self::Malformed => RefusalLabel::Malformed,
            Self::Connections => RefusalLabel::Connections,
            Self::Deadline => RefusalLabel::Deadline,
            Self::HeaderTooLarge => RefusalLabel::HeaderTooLarge,
            Self::HeaderTooSlow => RefusalLabel::HeaderTooSlow,
            Self::Bodies | Self::InFlight => RefusalLabel::InFlight,
            Self::Panic => RefusalLabel::Panic,
        }
    }

    /// The status code.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow | Self::HeaderTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenBody | Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Bodies | Self::Connections | Self::Deadline | Self::InFlight => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::HeaderTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Panic => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer as a response. Where the request's body is left unread, HTTP/1 has to close the connection.
    pub(super) fn response(self, version: Version) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(self.document()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.is_overload() {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.leaves_body() && version < Version::HTTP_2 {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// The answer as HTTP/1.1 bytes, for a connection on which no request could be read.
    pub(super) fn bytes(self) -> Bytes {
        let document = self.document();
        let retry = if self.is_overload() { "retry-after: 1\r\n" } else { "" };
        let text = format!(
            "HTTP/1.1 {}\r\nconnection: close\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
             {retry}content-length: {}\r\n\r\n{document}",
            self.status(),
            document.len(),
        );
        Bytes::from(text)
    }

    /// Whether the caller may still be sending a body when it reads this.
    pub(super) const fn leaves_body(self) -> bool {
        matches!(
            self,
            Self::Bodies | Self::BodyTooLong | Self::BodyTooSlow | Self::BrokenBody | Self::HeaderTooLarge
        )
    }

    const fn is_overload(self) -> bool {
        matches!(self, Self::Bodies | Self::Connections | Self::Deadline | Self::InFlight)
    }

    const fn code(self) -> ErrorCode {
        match self {
            Self::Bodies | Self::Connections | Self::Deadline | Self::InFlight => {
                ErrorCode::TemporarilyUnavailable
            }
            Self::Panic => ErrorCode::ServerError,
            Self::BodyTooLong
            | Self::BodyTooSlow
            | Self::BrokenBody
            | Self::HeaderTooLarge
            | Self::HeaderTooSlow
            | Self::Malformed => ErrorCode::InvalidRequest,
        }
    }

    fn document(self) -> String {
        let description = match self {
            Self::BodyTooLong => "The request body is too long",
            Self::BodyTooSlow => "The request body did not arrive in time",
            Self::BrokenBody => "The request body broke off or is badly framed",
            Self::Bodies | Self::Connections | Self::InFlight => "The server is overloaded; try again",
            Self::Deadline => "The request could not be answered in time; try again",
            Self::HeaderTooLarge => "The request headers are too large",
            Self::HeaderTooSlow => "The request headers did not arrive in time",
            Self::Malformed => "The request is not valid HTTP",
            Self::Panic => "Something went wrong on our side",
        };
        format!("{{\"error\":\"{}\",\"error_description\":\"{description}\"}}", self.code().name())
    }
}
