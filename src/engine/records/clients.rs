//! Clients: Auth0's fields and defaults, and secrets hashed by where they come from.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::engine::records::clearable::Clearable;
use crate::engine::records::secrets::Secret;
use crate::engine::records::{Mode, Outcome, Put, Refusal, Registrar, client_checks, mint, overlay};
use crate::model::client::{
    AppType, AuthMethod, Client, JwtConfiguration, OrganizationUsage, RefreshTokenSettings, SecretHash,
    SignedRequestObject,
};
use crate::model::oidc_logout::OidcLogout;
use crate::model::tenant::Tenant;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::ClientId;

/// A client to create or change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::client::Client")]
pub struct ClientDraft {
    pub client_id: Option<String>,
    /// Kept as a hash; a client that needs one and is given none gets one made.
    pub client_secret: Option<Secret>,
    /// Secrets as they are kept, from an export; those that we made are good under the same master key only.
    pub client_secret_hashes: Option<Vec<SecretHash>>,
    pub name: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub logo_uri: Clearable<String>,
    pub app_type: Option<AppType>,
    pub token_endpoint_auth_method: Option<AuthMethod>,
    #[serde(default)]
    pub jwks: Clearable<serde_json::Value>,
    pub grant_types: Option<Vec<GrantType>>,
    pub callbacks: Option<Vec<String>>,
    pub allowed_logout_urls: Option<Vec<String>>,
    #[serde(default)]
    pub initiate_login_uri: Clearable<String>,
    #[serde(default)]
    pub oidc_logout: Clearable<OidcLogout>,
    #[serde(default)]
    pub frontchannel_logout_uri: Clearable<String>,
    pub frontchannel_logout_session_required: Option<bool>,
    pub web_origins: Option<Vec<String>>,
    pub require_pushed_authorization_requests: Option<bool>,
    pub signed_request_object: Option<SignedRequestObject>,
    pub cross_origin_authentication: Option<bool>,
    pub is_first_party: Option<bool>,
    pub organization_usage: Option<OrganizationUsage>,
    pub refresh_token: Option<RefreshTokenSettings>,
    pub jwt_configuration: Option<JwtConfiguration>,
    pub client_metadata: Option<BTreeMap<String, String>>,
}

impl Registrar {
    /// Checks and saves a client; it is known by its id alone, because names of clients are not unique.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn put_client(
        &self,
        tenant: &Tenant,
        mut draft: ClientDraft,
        mode: Mode,
    ) -> Result<Put<Client>, Refusal> {
        let before = self.standing::<Client>(tenant, mode, draft.client_id.as_deref(), &[]).await?;
        let base = match &before {
            Some(before) => before.record.clone(),
            None => Client {
                created_at: self.clock.now(),
                ..fresh(tenant, &draft, self.new_client_id(draft.client_id.as_deref())?)
            },
        };
        let (secret, hashes) = (draft.client_secret.take(), draft.client_secret_hashes.take());
        let mut after = overlaid(draft, base);
        client_checks::check(&after, secret.as_ref())?;
        if let Some(hashes) = hashes {
            client_checks::check_hashes(&hashes, secret.as_ref(), self.hashing.as_ref())?;
            after.secrets = hashes;
        }
        let shown = self.set_secret(&mut after, secret).await?;
        let put = self.settle(before, after).await?;
        Ok(Put { secret: shown.filter(|_| put.outcome != Outcome::Unchanged), ..put })
    }

    /// Gives a client a new secret made here; the old ones stop at once.
    ///
    /// # Errors
    /// [`Refusal::Missing`], or [`Refusal::Invalid`] for a client that has no secret.
    pub async fn rotate_client_secret(&self, tenant: &Tenant, id: &str) -> Result<Put<Client>, Refusal> {
        let before = self.standing::<Client>(tenant, Mode::Update, Some(id), &[]).await?;
        let Some(standing) = &before else { return Err(Refusal::Missing) };
        let mut after = standing.record.clone();
        if !has_secret(after.token_endpoint_auth_method) {
            return Err(Refusal::flaw(
                "token_endpoint_auth_method",
                &"this client authenticates without a secret",
            ));
        }
        let made = mint::client_secret(&self.entropy)?;
        after.secrets = vec![self.keyed_hash(&after, &made)];
        Ok(Put { secret: Some(made), ..self.settle(before, after).await? })
    }

    fn new_client_id(&self, given: Option<&str>) -> Result<String, Refusal> {
        match given {
            Some(given) => Ok(given.to_owned()),
            None => Ok(mint::base62(&self.entropy, "", 32)?),
        }
    }

    /// Gives the client the secret that was given, or one made here when it needs one; a secret that it has
    /// already stays as it is kept.
    async fn set_secret(
        &self,
        client: &mut Client,
        given: Option<Secret>,
    ) -> Result<Option<Secret>, Refusal> {
        if !has_secret(client.token_endpoint_auth_method) {
            client.secrets.clear();
            return Ok(None);
        }
        if let Some(given) = given {
            if !self.has(client, &given).await? {
                client.secrets = vec![self.hashed(client, &given).await?];
            }
            return Ok(None);
        }
        if !client.secrets.is_empty() {
            return Ok(None);
        }
        let made = mint::client_secret(&self.entropy)?;
        client.secrets = vec![self.keyed_hash(client, &made)];
        Ok(Some(made))
    }

    async fn has(&self, client: &Client, secret: &Secret) -> Result<bool, Refusal> {
        for kept in &client.secrets {
            let same = match kept {
                // One kept under a previous master key is kept anew under the current one.
                SecretHash::Keyed(_) => *kept == self.keyed_hash(client, secret),
                SecretHash::Argon2(hash) => self.hashing.verify(secret.to_zeroizing(), hash.clone()).await?,
            };
            if same {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn hashed(&self, client: &Client, secret: &Secret) -> Result<SecretHash, Refusal> {
        if secret.looks_generated() {
            return Ok(self.keyed_hash(client, secret));
        }
        Ok(SecretHash::Argon2(self.hashing.hash(secret.to_zeroizing()).await?))
    }

    fn keyed_hash(&self, client: &Client, secret: &Secret) -> SecretHash {
        SecretHash::Keyed(self.sealer.secret_hash(&client.tenant, secret.expose().as_bytes()))
    }
}

/// Auth0's defaults for a kind of application, without its deprecated implicit grant.
fn fresh(tenant: &Tenant, draft: &ClientDraft, id: String) -> Client {
    use GrantType::{AuthorizationCode, ClientCredentials, RefreshToken};
    let app_type = draft.app_type.unwrap_or_default();
    let (method, grants) = match app_type {
        AppType::Native | AppType::Spa => (AuthMethod::None, vec![AuthorizationCode, RefreshToken]),
        AppType::NonInteractive => (AuthMethod::ClientSecretPost, vec![ClientCredentials]),
        AppType::RegularWeb => {
            (AuthMethod::ClientSecretPost, vec![AuthorizationCode, RefreshToken, ClientCredentials])
        }
    };
    let public = draft.token_endpoint_auth_method.unwrap_or(method) == AuthMethod::None;
    Client {
        token_endpoint_auth_method: method,
        grant_types: grants.into_iter().filter(|grant| !public || *grant != ClientCredentials).collect(),
        ..Client::bare(tenant.id.clone(), ClientId::from(id), app_type)
    }
}

fn overlaid(draft: ClientDraft, mut client: Client) -> Client {
    overlay!(draft => client; name, description, app_type, token_endpoint_auth_method, grant_types, callbacks,
        allowed_logout_urls, frontchannel_logout_session_required, web_origins, cross_origin_authentication,
        is_first_party, organization_usage, refresh_token, jwt_configuration, client_metadata,
        require_pushed_authorization_requests, signed_request_object);
    client.initiate_login_uri = draft.initiate_login_uri.over(client.initiate_login_uri);
    client.jwks = draft.jwks.over(client.jwks);
    client.logo_uri = draft.logo_uri.over(client.logo_uri);
    client.oidc_logout = draft.oidc_logout.over(client.oidc_logout);
    client.frontchannel_logout_uri = draft.frontchannel_logout_uri.over(client.frontchannel_logout_uri);
    client
}

/// Whether a client that authenticates in this way has a secret.
pub(super) const fn has_secret(method: AuthMethod) -> bool {
    matches!(method, AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost)
}
