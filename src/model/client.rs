//! A client (application) as Auth0 describes one, and what it may do at the token endpoint.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::model::change::Change;
use crate::model::oidc_logout::OidcLogout;
use crate::model::record::{Kind, Record};
use crate::model::signing_key::Algorithm;
use crate::protocol::authorization::ResponseMode;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::{ClientId, OrganizationId, TenantId};
use crate::protocol::redirect_uri;

/// An application (RFC 6749 §2); field names are Auth0's, lifetimes in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, by Auth0's name")]
pub struct Client {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Its id.
    pub client_id: ClientId,
    /// The name that people see.
    pub name: String,
    /// What it says of itself.
    #[serde(default)]
    pub description: String,
    /// Its picture, shown where people are asked about it.
    #[serde(default)]
    pub logo_uri: Option<String>,
    /// What kind of application it is.
    #[serde(default)]
    pub app_type: AppType,
    /// The one way in which it must authenticate at the token endpoint.
    #[serde(default)]
    pub token_endpoint_auth_method: AuthMethod,
    /// Hashes of its secrets, newest first; several while one is being replaced.
    #[serde(default)]
    pub secrets: Vec<SecretHash>,
    /// Public keys for `private_key_jwt`, as a JWK set.
    #[serde(default)]
    pub jwks: Option<serde_json::Value>,
    /// What it may present as `grant_type`.
    #[serde(default)]
    pub grant_types: Vec<GrantType>,
    /// Exact redirect URIs.
    #[serde(default)]
    pub callbacks: Vec<String>,
    /// Exact post-logout redirect URIs.
    #[serde(default)]
    pub allowed_logout_urls: Vec<String>,
    /// Where it begins a login of its own accord (OpenID Connect Core §4); an invitation leads there.
    #[serde(default)]
    pub initiate_login_uri: Option<String>,
    /// How it is told behind the scenes that a session has ended.
    #[serde(default)]
    pub oidc_logout: Option<OidcLogout>,
    /// The page of its own that the logout page loads (OpenID Connect Front-Channel Logout 1.0 §2).
    #[serde(default)]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether that page is told issuer and session.
    #[serde(default)]
    pub frontchannel_logout_session_required: bool,
    /// Origins from which a browser may use the endpoints (CORS, `web_message`).
    #[serde(default)]
    pub web_origins: Vec<String>,
    /// Whether every authorization request must be pushed (RFC 9126 §6).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// What is asked of signed authorization requests.
    #[serde(default)]
    pub signed_request_object: SignedRequestObject,
    /// Whether its own pages may take passwords (Auth0's embedded login).
    #[serde(default)]
    pub cross_origin_authentication: bool,
    /// Whether people skip consent.
    #[serde(default = "yes")]
    pub is_first_party: bool,
    /// Whether an organization is possible, required or refused for its users.
    #[serde(default)]
    pub organization_usage: OrganizationUsage,
    /// How its refresh tokens live.
    #[serde(default)]
    pub refresh_token: RefreshTokenSettings,
    /// How its ID tokens are signed and how long they live.
    #[serde(default)]
    pub jwt_configuration: JwtConfiguration,
    /// When it was made: what an earlier client of the same id was given is not this one's.
    #[serde(default)]
    pub created_at: UnixMs,
    /// Free-form values of the tenant's administrator.
    #[serde(default)]
    pub client_metadata: std::collections::BTreeMap<String, String>,
}

/// Auth0's `app_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppType {
    /// A device's own application: public.
    Native,
    /// A backend of its own: confidential, no people.
    NonInteractive,
    /// A web application with a backend: confidential.
    #[default]
    RegularWeb,
    /// An application inside a browser: public.
    Spa,
}

/// Client authentication methods (RFC 7591 §2, RFC 7523).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// The secret in an `Authorization: Basic` header.
    ClientSecretBasic,
    /// The secret in the body.
    #[default]
    ClientSecretPost,
    /// Public client: nothing is proved.
    None,
    /// A signed assertion.
    PrivateKeyJwt,
}

/// A secret as it is kept; neither form gives the secret back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretHash {
    /// A secret we generated (≥ 256 bits): HMAC-SHA256 under a key of ours, base64url.
    Keyed(String),
    /// A secret a person chose: argon2id, PHC string.
    Argon2(String),
}

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keyed(_) => "Keyed(…)",
            Self::Argon2(_) => "Argon2(…)",
        })
    }
}

/// Auth0's `organization_usage` of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationUsage {
    /// Users may come with or without an organization.
    #[default]
    Allow,
    /// Users never come with one.
    Deny,
    /// Users always come with one.
    Require,
}

/// Auth0's `refresh_token` object of a client; absent values follow the tenant. Seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RefreshTokenSettings {
    /// Whether each use gives a new token.
    pub rotation_type: RotationType,
    /// Whether tokens end at all.
    pub expiration_type: ExpirationType,
    /// How long the previous token may be repeated; 0 to 600.
    pub leeway: Option<u64>,
    /// Absolute lifetime.
    pub token_lifetime: Option<u64>,
    /// Whether the absolute lifetime is ignored.
    pub infinite_token_lifetime: bool,
    /// Idle lifetime.
    pub idle_token_lifetime: Option<u64>,
    /// Whether the idle lifetime is ignored.
    pub infinite_idle_token_lifetime: bool,
    /// Whether tokens outlive a logout, for work that goes on while the person is away; revocation, a new password,
    /// blocking and removal end them all the same. Not in Auth0, where every token outlives a logout.
    pub survives_logout: bool,
}

/// Auth0's `rotation_type`; rotating unless the client says otherwise (design §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RotationType {
    /// The token stays the same.
    NonRotating,
    /// Each use gives a new token.
    #[default]
    Rotating,
}

/// Auth0's `expiration_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpirationType {
    /// Lifetimes hold.
    #[default]
    Expiring,
    /// Tokens live until revoked.
    NonExpiring,
}

/// Auth0's `signed_request_object` of a client (RFC 9101); its keys are the client's `jwks`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignedRequestObject {
    /// Whether every authorization request must be signed.
    pub required: bool,
}

/// Auth0's `jwt_configuration` of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JwtConfiguration {
    /// Lifetime of ID tokens in seconds.
    pub lifetime_in_seconds: Option<u64>,
    /// `id_token_signed_response_alg`.
    pub alg: Algorithm,
}

/// How far the clocks of two nodes may be apart, in seconds.
const SKEW_SECS: u64 = 5;

const fn yes() -> bool {
    true
}

impl Client {
    /// Whether it was there at `at`, by the clock of any node: they may differ by a few seconds.
    pub fn existed_at(&self, at: UnixMs) -> bool {
        at.plus_secs(SKEW_SECS) >= self.created_at
    }

    /// A client that may do nothing yet, with Auth0's defaults.
    pub fn bare(tenant: TenantId, client_id: ClientId, app_type: AppType) -> Self {
        Self {
            tenant,
            client_id,
            name: String::new(),
            description: String::new(),
            logo_uri: None,
            app_type,
            token_endpoint_auth_method: AuthMethod::default(),
            secrets: Vec::new(),
            jwks: None,
            grant_types: Vec::new(),
            callbacks: Vec::new(),
            allowed_logout_urls: Vec::new(),
            initiate_login_uri: None,
            oidc_logout: None,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            web_origins: Vec::new(),
            require_pushed_authorization_requests: false,
            signed_request_object: SignedRequestObject::default(),
            cross_origin_authentication: false,
            is_first_party: true,
            organization_usage: OrganizationUsage::default(),
            refresh_token: RefreshTokenSettings::default(),
            jwt_configuration: JwtConfiguration::default(),
            created_at: UnixMs::default(),
            client_metadata: std::collections::BTreeMap::new(),
        }
    }

    /// The tenant's own page at `path`, for which people log in as for an application. No application has its id.
    pub fn own_page(tenant: TenantId, name: &str, path: &str) -> Self {
        let callbacks = vec![path.to_owned()];
        let bare = Self::bare(tenant, ClientId::from(""), AppType::RegularWeb);
        Self { name: name.to_owned(), callbacks, ..bare }
    }

    /// Whether it is a page of the tenant's own.
    pub fn is_own_page(&self) -> bool {
        self.client_id.as_str().is_empty()
    }

    /// Whether the client proves who it is.
    pub fn is_confidential(&self) -> bool {
        self.token_endpoint_auth_method != AuthMethod::None
    }

    /// Whether the client may use `grant`.
    pub fn allows(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether the authorization endpoint may answer at `uri`: a registered redirect URI or, when the answer is a
    /// message to a window, the bare origin of a page of the client's.
    pub fn is_answered_at(&self, uri: &str, mode: Option<ResponseMode>) -> bool {
        let native = self.app_type == AppType::Native;
        redirect_uri::is_registered(&self.callbacks, uri, native)
            || (mode == Some(ResponseMode::WebMessage) && self.web_origins.iter().any(|own| own == uri))
    }

    /// Whether it is to be told of the end of a session, in one way or the other.
    pub fn wants_logout(&self) -> bool {
        let behind = |settings: &OidcLogout| !settings.backchannel_logout_urls.is_empty();
        self.frontchannel_logout_uri.is_some() || self.oidc_logout.as_ref().is_some_and(behind)
    }

    /// Whether its users may come with `organization` (or with none).
    pub fn accepts_organization(&self, organization: Option<&OrganizationId>) -> bool {
        match self.organization_usage {
            OrganizationUsage::Allow => true,
            OrganizationUsage::Deny => organization.is_none(),
            OrganizationUsage::Require => organization.is_some(),
        }
    }
}

impl Record for Client {
    const KIND: Kind = Kind::Client;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.client_id.as_str())
    }

    fn change(&self) -> Change {
        Change::Client { tenant: self.tenant.clone(), client: self.client_id.clone() }
    }
}
