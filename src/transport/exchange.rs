//! An exchange: what arrived, for which tenant, from whom, until when.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, USER_AGENT};
use http::{HeaderMap, Method, Version};

use crate::clock::UnixMs;
use crate::model::session::Device;
use crate::protocol::form::Form;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::tenancy::{Tenancy, TenantView};
use crate::transport::{Arrival, Peer, RequestId};

/// A request that found its tenant; only [`Exchange::admit`] makes one.
pub struct Exchange {
    head: http::request::Parts,
    body: Bytes,
    tenant: Arc<TenantView>,
    peer: Peer,
    request_id: RequestId,
}

impl Exchange {
    /// Finds the tenant that the request is for, by host.
    ///
    /// # Errors
    /// `invalid_request`: 404 when the host belongs to nobody, 400 when `Authorization` or `Host` comes twice, or no `Host`
    /// with HTTP/1.1.
    pub fn admit(arrival: Arrival, tenancy: &Tenancy) -> Result<Self, OAuthError> {
        let Arrival { mut head, body, peer, request_id, .. } = arrival;
        if head.method == Method::HEAD {
            // RFC 9110 §9.3.2: as GET; the connection leaves the content out.
            head.method = Method::GET;
        }
        for name in [AUTHORIZATION, HOST] {
            // RFC 9110 §5.3, §7.2: with two, a proxy in front may have believed the other one.
            if head.headers.get_all(&name).iter().nth(1).is_some() {
                return Err(OAuthError::invalid_request(format!("Header given more than once: {name}")));
            }
        }
        if head.version == Version::HTTP_11 && !head.headers.contains_key(HOST) {
            // RFC 9112 §3.2; a default tenant must not answer for whoever was meant.
            return Err(OAuthError::invalid_request("Header missing: host"));
        }
        let tenant = tenancy.at_host(host(&head)).ok_or_else(nobody)?;
        Ok(Self { head, body, tenant, peer, request_id })
    }

    /// The tenant.
    pub fn tenant(&self) -> &Arc<TenantView> {
        &self.tenant
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path, without the query.
    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// The query, still encoded.
    pub fn query(&self) -> &str {
        self.head.uri.query().unwrap_or_default()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The whole body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Who sent it.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The id under which logs know this request.
    pub fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// The browser and the place from which it asks; used at an instant that the caller must say.
    pub fn device(&self) -> Device {
        let agent = self.head.headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let user_agent = agent.unwrap_or_default().chars().take(256).collect();
        Device { user_agent, address: self.peer.address.to_string(), used_at: UnixMs(0) }
    }

    /// Whether a browser's page asks across origins.
    pub fn has_origin(&self) -> bool {
        self.head.headers.contains_key(ORIGIN)
    }

    /// The `Authorization` header's credentials under `scheme`, compared without case (RFC 9110 §11.1).
    pub fn authorization(&self, scheme: &str) -> Option<&str> {
        let value = self.head.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (own, credentials) = value.split_once(' ')?;
        own.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
    }

    /// The parameters in the body: urlencoded or JSON, by content type.
    ///
    /// # Errors
    /// 415 for another content type, `invalid_request` for a body that does not read as its type says.
    pub fn form(&self) -> Result<Form<'_>, OAuthError> {
        self.form_nesting(&[])
    }

    /// As [`Exchange::form`]; in JSON, the members called `nested` may be objects, which an urlencoded body holds as
    /// JSON text.
    ///
    /// # Errors
    /// As of [`Exchange::form`].
    pub fn form_nesting(&self, nested: &[&str]) -> Result<Form<'_>, OAuthError> {
        let kind =
            self.head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Form::urlencoded(&self.body);
        }
        if kind.eq_ignore_ascii_case("application/json") {
            return Form::json(&self.body, nested);
        }
        Err(OAuthError::new(
            ErrorCode::UnsupportedMediaType,
            Fault::Client,
            "Content-Type must be application/x-www-form-urlencoded or application/json",
        ))
    }
}

impl fmt::Debug for Exchange {
    /// Headers and body carry credentials, the query codes: none of them may be printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { head, tenant, peer, request_id, .. } = self;
        let path = head.uri.path();
        write!(
            f,
            "Exchange({} {path} at {} from {} as {request_id})",
            head.method, tenant.tenant.id, peer.address
        )
    }
}

/// HTTP/2 carries the host in the URI, HTTP/1.1 in a header.
pub(super) fn host(head: &http::request::Parts) -> &str {
    let authority = head.uri.authority().map(http::uri::Authority::as_str);
    authority.or_else(|| head.headers.get(HOST)?.to_str().ok()).unwrap_or_default()
}

fn nobody() -> OAuthError {
    OAuthError::new(ErrorCode::NotFound, Fault::Client, "No tenant answers at this host")
}
