//! Client metadata (RFC 7591 §2, OpenID Connect Dynamic Client Registration §2) and what it is in our own words.
//! Members that are not known are ignored, as RFC 7591 has it, and not told back.

use serde::Deserialize;
use serde_json::{Value, json};
use url::{Host, Url};

use crate::engine::records::clearable::Clearable;
use crate::engine::records::clients::ClientDraft;
use crate::engine::records::flaws;
use crate::model::client::{AppType, AuthMethod, Client, JwtConfiguration, SignedRequestObject};
use crate::model::oidc_logout::OidcLogout;
use crate::model::signing_key::Algorithm;
use crate::protocol::authorization::ResponseType;
use crate::protocol::grant_type::GrantType;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};

/// What a stranger's application may present as `grant_type`: each needs a person who consents.
const GRANTS: [GrantType; 3] = [GrantType::AuthorizationCode, GrantType::Implicit, GrantType::RefreshToken];

/// Our names and those on the wire.
const NAMES: [(&str, &str); 7] = [
    ("allowed_logout_urls", "post_logout_redirect_uris"),
    ("app_type", "application_type"),
    ("callbacks", "redirect_uris"),
    ("jwt_configuration", "id_token_signed_response_alg"),
    ("name", "client_name"),
    ("oidc_logout", "backchannel_logout_uri"),
    ("signed_request_object", "require_signed_request_object"),
];

/// What a client says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are those of RFC 7591 §2 and OpenID Connect Registration §2")]
pub struct Metadata {
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
    frontchannel_logout_uri: Option<String>,
    frontchannel_logout_session_required: bool,
    token_endpoint_auth_method: Option<AuthMethod>,
    grant_types: Option<Vec<GrantType>>,
    response_types: Option<Vec<String>>,
    client_name: Option<String>,
    application_type: Option<ApplicationType>,
    jwks: Option<Value>,
    jwks_uri: Option<Value>,
    subject_type: Option<String>,
    id_token_signed_response_alg: Option<Algorithm>,
    require_pushed_authorization_requests: bool,
    require_signed_request_object: bool,
    software_statement: Option<Value>,
}

/// OpenID Connect Dynamic Client Registration §2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ApplicationType {
    Native,
    #[default]
    Web,
}

impl Metadata {
    /// Reads a body.
    ///
    /// # Errors
    /// `invalid_client_metadata` (or `invalid_redirect_uri`) that names the member.
    pub fn read(body: &[u8]) -> Result<Self, OAuthError> {
        let text = std::str::from_utf8(body).map_err(|_| invalid("", "expected UTF-8"))?;
        if !text.trim_start().starts_with('{') {
            return Err(invalid("", "expected a JSON object"));
        }
        flaws::read(text).map_err(|refusal| match refusal.flaws().first() {
            Some(flaw) => invalid(&flaw.path, &flaw.expected),
            None => invalid("", "expected a JSON object"),
        })
    }

    /// The draft of a new client, or of what `standing` shall be.
    ///
    /// # Errors
    /// `invalid_client_metadata` or `invalid_redirect_uri` (RFC 7591 §3.2.2).
    pub fn draft(self, standing: Option<&Client>) -> Result<ClientDraft, OAuthError> {
        let kind = self.application_type.unwrap_or_default();
        let method = self.token_endpoint_auth_method.unwrap_or(match kind {
            ApplicationType::Native => AuthMethod::None,
            ApplicationType::Web => AuthMethod::ClientSecretBasic,
        });
        let grants = self.grant_types.clone().unwrap_or_else(|| vec![GrantType::AuthorizationCode]);
        self.check_unsupported(&grants)?;
        self.check_response_types(&grants)?;
        self.check_redirects(kind, &grants)?;
        // OpenID Connect Dynamic Client Registration §2: RS256 unless the client says otherwise.
        let alg = self.id_token_signed_response_alg.unwrap_or(Algorithm::Rs256);
        Ok(ClientDraft {
            client_id: standing.map(|client| client.client_id.to_string()),
            client_secret: None,
            client_secret_hashes: None,
            name: Some(self.client_name.unwrap_or_else(|| "An application without a name".to_owned())),
            description: None,
            // A picture of a stranger's choice on the page where a person consents would speak for anybody.
            logo_uri: Clearable::Absent,
            app_type: Some(match kind {
                ApplicationType::Native => AppType::Native,
                ApplicationType::Web => AppType::RegularWeb,
            }),
            token_endpoint_auth_method: Some(method),
            jwks: self.jwks.map_or(Clearable::Null, Clearable::Value),
            grant_types: Some(grants),
            callbacks: Some(self.redirect_uris),
            allowed_logout_urls: Some(self.post_logout_redirect_uris),
            initiate_login_uri: Clearable::Absent,
            oidc_logout: self.backchannel_logout_uri.map_or(Clearable::Null, |uri| {
                Clearable::Value(OidcLogout { backchannel_logout_urls: vec![uri], ..OidcLogout::default() })
            }),
            frontchannel_logout_uri: self.frontchannel_logout_uri.map_or(Clearable::Null, Clearable::Value),
            frontchannel_logout_session_required: Some(self.frontchannel_logout_session_required),
            web_origins: None,
            cross_origin_authentication: None,
            require_pushed_authorization_requests: Some(self.require_pushed_authorization_requests),
            signed_request_object: Some(SignedRequestObject { required: self.require_signed_request_object }),
            is_first_party: Some(false),
            organization_usage: None,
            refresh_token: None,
            jwt_configuration: Some(JwtConfiguration { alg, ..JwtConfiguration::default() }),
            client_metadata: None,
        })
    }

    fn check_unsupported(&self, grants: &[GrantType]) -> Result<(), OAuthError> {
        if self.software_statement.is_some() {
            return Err(invalid(
                "software_statement",
                "expected none: no issuer of such statements is trusted",
            ));
        }
        if self.jwks_uri.is_some() {
            return Err(invalid("jwks_uri", "expected none: the keys themselves go into jwks"));
        }
        if self.subject_type.as_deref().is_some_and(|kind| kind != "public") {
            return Err(invalid("subject_type", "expected public"));
        }
        match grants.iter().find(|grant| !GRANTS.contains(grant)) {
            Some(grant) => Err(invalid("grant_types", &format!("{} cannot be registered", grant.name()))),
            None => Ok(()),
        }
    }

    /// RFC 7591 §2.1: response types and grant types must agree.
    fn check_response_types(&self, grants: &[GrantType]) -> Result<(), OAuthError> {
        let default = [ResponseType::CODE.name()];
        for name in self.response_types.as_deref().unwrap_or(&default) {
            let kind = ResponseType::parse(name).ok_or_else(|| invalid("response_types", "unknown"))?;
            if let Some(missing) = kind.grants().find(|grant| !grants.contains(grant)) {
                let expected = format!("{name} needs the grant type {}", missing.name());
                return Err(invalid("response_types", &expected));
            }
        }
        Ok(())
    }

    fn check_redirects(&self, kind: ApplicationType, grants: &[GrantType]) -> Result<(), OAuthError> {
        if self.redirect_uris.is_empty() {
            return Err(invalid("redirect_uris", "expected at least one"));
        }
        let implicit = grants.contains(&GrantType::Implicit);
        match self.redirect_uris.iter().find(|uri| !may_be_answered(uri, kind, implicit)) {
            Some(_) if kind == ApplicationType::Native => Err(invalid(
                "redirect_uris",
                "expected https, http on a loopback address, or a scheme with a dot (RFC 8252 §7)",
            )),
            Some(_) => Err(invalid(
                "redirect_uris",
                "expected https, or without tokens in the browser http on localhost",
            )),
            None => Ok(()),
        }
    }
}

/// What is told back of a client.
pub fn of(client: &Client) -> Value {
    let kinds = ResponseType::all().filter(|kind| kind.grants().all(|grant| client.allows(grant)));
    let mut body = json!({
        "client_id": client.client_id,
        "client_id_issued_at": client.created_at.secs(),
        "client_name": client.name,
        "application_type": if client.app_type == AppType::Native { "native" } else { "web" },
        "redirect_uris": client.callbacks,
        "post_logout_redirect_uris": client.allowed_logout_urls,
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "grant_types": client.grant_types,
        "response_types": kinds.map(ResponseType::name).collect::<Vec<_>>(),
        "subject_type": "public",
        "id_token_signed_response_alg": client.jwt_configuration.alg,
        "require_pushed_authorization_requests": client.require_pushed_authorization_requests,
        "require_signed_request_object": client.signed_request_object.required,
    });
    if let Some(jwks) = &client.jwks {
        body["jwks"] = jwks.clone();
    }
    let behind = client.oidc_logout.iter().flat_map(|settings| &settings.backchannel_logout_urls);
    if let Some(uri) = behind.into_iter().next() {
        body["backchannel_logout_uri"] = json!(uri);
        // A logout token of ours always names the session.
        body["backchannel_logout_session_required"] = json!(true);
    }
    if let Some(uri) = &client.frontchannel_logout_uri {
        body["frontchannel_logout_uri"] = json!(uri);
        body["frontchannel_logout_session_required"] = json!(client.frontchannel_logout_session_required);
    }
    body
}

/// The refusal of a member (RFC 7591 §3.2.2).
pub fn invalid(member: &str, expected: &str) -> OAuthError {
    let code = if member.starts_with("redirect_uris") {
        ErrorCode::InvalidRedirectUri
    } else if member == "software_statement" {
        ErrorCode::InvalidSoftwareStatement
    } else {
        ErrorCode::InvalidClientMetadata
    };
    let description = if member.is_empty() { expected.to_owned() } else { format!("{member}: {expected}") };
    OAuthError::new(code, Fault::Client, description)
}

/// The member that a field of ours came from.
pub fn wire_name(path: &str) -> &str {
    let field = path.split(['.', '[']).next().unwrap_or_default();
    NAMES.iter().find(|(own, _)| *own == field).map_or(path, |(_, wire)| wire)
}

fn may_be_answered(uri: &str, kind: ApplicationType, implicit: bool) -> bool {
    let Ok(uri) = Url::parse(uri) else { return false };
    let loopback = match uri.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match (uri.scheme(), kind) {
        ("https", ApplicationType::Web) => !implicit || !loopback,
        ("http", ApplicationType::Web) => loopback && !implicit,
        ("https", ApplicationType::Native) => true,
        ("http", ApplicationType::Native) => loopback,
        (scheme, ApplicationType::Native) => scheme.contains('.'),
        (_, ApplicationType::Web) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_an_application_may_be_answered() {
        use ApplicationType::{Native, Web};
        for (uri, kind, implicit, good) in [
            ("https://app.test/cb", Web, true, true),
            ("https://localhost/cb", Web, true, false),
            ("http://localhost:3000/cb", Web, false, true),
            ("http://localhost:3000/cb", Web, true, false),
            ("http://app.test/cb", Web, false, false),
            ("com.example.app:/cb", Web, false, false),
            ("com.example.app:/cb", Native, false, true),
            ("app:/cb", Native, false, false),
            ("http://127.0.0.1/cb", Native, false, true),
            ("http://[::1]:9/cb", Native, false, true),
            ("http://app.test/cb", Native, false, false),
            ("/cb", Native, false, false),
        ] {
            assert_eq!(may_be_answered(uri, kind, implicit), good, "{uri} {kind:?} {implicit}");
        }
    }

    #[test]
    fn flaws_are_told_by_the_names_on_the_wire() {
        assert_eq!(wire_name("callbacks[2]"), "redirect_uris");
        assert_eq!(wire_name("jwks.keys[0]"), "jwks.keys[0]");
        assert_eq!(invalid("redirect_uris", "x").code, ErrorCode::InvalidRedirectUri);
        assert_eq!(invalid("name", "x").code, ErrorCode::InvalidClientMetadata);
    }
}
