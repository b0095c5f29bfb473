//! Discovery metadata, derived from the tables that the server itself runs on.

use serde::Serialize;

use crate::claims::rows::{Carrier, ROWS};
use crate::engine::authorization::arrival::PARAMETERS;
use crate::engine::authorization::pushed::READS_FOREIGN_NAMES;
use crate::engine::targets::OPENID_SCOPES;
use crate::model::client::AuthMethod;
use crate::model::session::Amr;
use crate::model::signing_key::Algorithm;
use crate::protocol::authorization::{Prompt, ResponseMode, ResponseType};
use crate::protocol::grant_type::GrantType;
use crate::protocol::jwt::JwsAlgorithm;
use crate::protocol::pkce;
use crate::tenancy::TenantView;

/// Provider metadata (OpenID Connect Discovery §3, RFC 8414 §2).
#[derive(Debug, Serialize)]
#[expect(
    missing_docs,
    clippy::struct_excessive_bools,
    reason = "the members are those of OpenID Connect Discovery §3 and RFC 8414 §2"
)]
pub struct Document {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub jwks_uri: String,
    pub end_session_endpoint: String,
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
    pub frontchannel_logout_supported: bool,
    pub frontchannel_logout_session_supported: bool,
    pub revocation_endpoint: String,
    pub introspection_endpoint: String,
    pub scopes_supported: Vec<&'static str>,
    pub claims_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<GrantType>,
    pub response_types_supported: Vec<String>,
    pub response_modes_supported: Vec<&'static str>,
    pub prompt_values_supported: Vec<&'static str>,
    pub code_challenge_methods_supported: Vec<&'static str>,
    pub authorization_response_iss_parameter_supported: bool,
    pub claims_parameter_supported: bool,
    pub acr_values_supported: Vec<&'static str>,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub request_object_signing_alg_values_supported: Vec<&'static str>,
    pub pushed_authorization_request_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    pub subject_types_supported: Vec<&'static str>,
    pub id_token_signing_alg_values_supported: Vec<Algorithm>,
    pub token_endpoint_auth_methods_supported: Vec<AuthMethod>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<AuthMethod>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<AuthMethod>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
}

/// The metadata of `tenant`, whose issuer ends in a slash.
pub fn document(
    tenant: &TenantView,
    grants: impl Iterator<Item = GrantType>,
    methods: &[AuthMethod],
) -> Document {
    let issuer = &tenant.issuer;
    let at = |path: &str| format!("{issuer}{path}");
    let confidential: Vec<_> = methods.iter().copied().filter(|method| *method != AuthMethod::None).collect();
    let about_people = |carrier| ROWS.iter().filter(move |row| row.is_carried_by(carrier));
    let mut claims: Vec<_> =
        about_people(Carrier::IdToken).chain(about_people(Carrier::UserInfo)).map(|row| row.name).collect();
    // Those grants whose tokens come by way of the browser are not redeemed at the token endpoint.
    let in_browser = [GrantType::Implicit].into_iter();
    let in_browser =
        in_browser.filter(|grant| ResponseType::all().any(|kind| kind.grants().any(|own| own == *grant)));
    // An application can only be told which session ended if its ID token named it.
    let names_sessions = about_people(Carrier::IdToken).any(|row| row.name == "sid");
    claims.sort_unstable();
    claims.dedup();
    Document {
        issuer: issuer.clone(),
        authorization_endpoint: at("authorize"),
        token_endpoint: at("oauth/token"),
        userinfo_endpoint: at("userinfo"),
        jwks_uri: at(".well-known/jwks.json"),
        end_session_endpoint: at("oidc/logout"),
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: names_sessions,
        frontchannel_logout_supported: true,
        frontchannel_logout_session_supported: names_sessions,
        revocation_endpoint: at("oauth/revoke"),
        introspection_endpoint: at("oauth/introspect"),
        scopes_supported: OPENID_SCOPES.to_vec(),
        claims_supported: claims,
        grant_types_supported: grants.chain(in_browser).collect(),
        response_types_supported: ResponseType::all().map(ResponseType::name).collect(),
        response_modes_supported: ResponseMode::ALL.map(ResponseMode::name).to_vec(),
        prompt_values_supported: Prompt::names().collect(),
        code_challenge_methods_supported: vec![pkce::METHOD],
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: PARAMETERS.contains(&"claims"),
        acr_values_supported: Amr::ACRS.to_vec(),
        request_parameter_supported: PARAMETERS.contains(&"request"),
        request_uri_parameter_supported: READS_FOREIGN_NAMES,
        request_object_signing_alg_values_supported: foreign_algorithms(),
        pushed_authorization_request_endpoint: at("oauth/par"),
        registration_endpoint: tenant
            .tenant
            .settings
            .flags
            .enable_dynamic_client_registration
            .then(|| at("oidc/register")),
        subject_types_supported: vec!["public"],
        id_token_signing_alg_values_supported: Algorithm::ALL.to_vec(),
        token_endpoint_auth_methods_supported: methods.to_vec(),
        token_endpoint_auth_signing_alg_values_supported: foreign_algorithms(),
        introspection_endpoint_auth_methods_supported: confidential,
        introspection_endpoint_auth_signing_alg_values_supported: foreign_algorithms(),
        revocation_endpoint_auth_methods_supported: methods.to_vec(),
        revocation_endpoint_auth_signing_alg_values_supported: foreign_algorithms(),
    }
}

/// What clients may sign with.
fn foreign_algorithms() -> Vec<&'static str> {
    JwsAlgorithm::ALL.map(JwsAlgorithm::name).to_vec()
}
