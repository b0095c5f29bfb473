//! Access tokens that come back: to userinfo, to introspection, to the management API.

use std::sync::Arc;

use serde::Deserialize;

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::model::user::User;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::{SessionId, TenantId};
use crate::protocol::oauth_error::OAuthError;
use crate::protocol::scope::Scope;
use crate::signing::keyset::KeySet;
use crate::store::spends::{Purpose, Thing};
use crate::telemetry::labels::CacheName;
use crate::tenancy::TenantView;

/// What an access token of ours says; unknown claims are ignored.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the names are the claims'")]
pub struct AccessClaims {
    pub iss: String,
    pub sub: String,
    pub aud: Audiences,
    pub exp: u64,
    pub iat: u64,
    pub client_id: String,
    #[serde(default)]
    pub jti: Option<String>,
    #[serde(default)]
    pub gty: Option<String>,
    #[serde(default)]
    pub scope: Option<String>,
    #[serde(default)]
    pub sid: Option<SessionId>,
    #[serde(default)]
    pub org_id: Option<String>,
    #[serde(default)]
    pub permissions: Option<Vec<String>>,
    #[serde(default)]
    pub userinfo_claims: Vec<String>,
}

/// `aud`: one or several (RFC 7519 §4.1.3).
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
#[serde(untagged)]
pub enum Audiences {
    /// A single string.
    One(String),
    /// An array.
    Many(Vec<String>),
}

impl Audiences {
    /// Whether `audience` is among them.
    pub fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(own) => own == audience,
            Self::Many(own) => own.iter().any(|own| own == audience),
        }
    }
}

impl AccessClaims {
    /// The granted scope.
    pub fn scope(&self) -> Scope {
        self.scope.as_deref().and_then(|scope| Scope::parse(scope).ok()).unwrap_or_else(Scope::empty)
    }

    /// Whether the token is about the client itself.
    pub fn is_machine(&self) -> bool {
        self.sid.is_none() && self.sub.strip_suffix("@clients") == Some(self.client_id.as_str())
    }
}

impl Engine {
    /// What `token` says, if this tenant signed it as an access token, it has not expired, its client still
    /// exists, its session has not ended (or it survives that), and its user may still come in. `None` otherwise.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn live_access_token(
        &self,
        tenant: &TenantView,
        token: &str,
    ) -> Result<Option<Arc<AccessClaims>>, OAuthError> {
        let now = self.now();
        let id = &tenant.tenant.id;
        let keys = self.published_keys(id).await?;
        let Some(claims) = self.signed_access_token(&keys, token) else { return Ok(None) };
        if claims.iss != tenant.issuer || claims.exp <= now.secs() {
            return Ok(None);
        }
        // A token's second may have begun before the instant at which somebody was let in again.
        let issued_at = UnixMs::from_secs(claims.iat + 1);
        let client = self.cached().client(id, &claims.client_id).await?;
        let Some(client) = client.filter(|client| client.existed_at(issued_at)) else { return Ok(None) };
        if claims.is_machine() {
            return Ok(Some(claims));
        }
        let Some(session) = claims.sid else { return Ok(None) };
        let user = self.cached().user(id, &claims.sub).await?;
        let admits = |user: &User| user.admits(issued_at) && user.allows(&claims.client_id, issued_at);
        if !user.is_some_and(|user| admits(&user)) || self.was_taken_away(id, &claims).await? {
            return Ok(None);
        }
        let live = match self.session(session, now).await? {
            Some(live) => live.tenant == *id && live.user.as_str() == claims.sub,
            // The person logged out, and something of this client's survives that.
            None if client.refresh_token.survives_logout => {
                !self.store().families_of(session).await?.is_empty()
            }
            None => false,
        };
        Ok(live.then_some(claims))
    }
}

impl Engine {
    /// What `token` says, if one of `keys` signed it as an access token.
    fn signed_access_token(&self, keys: &Arc<KeySet>, token: &str) -> Option<Arc<AccessClaims>> {
        let known = self.known_tokens().find(keys, token);
        self.metrics().cache_lookup(CacheName::AccessToken, known.is_some());
        if known.is_some() {
            return known;
        }
        let verified = keys.verify(token).ok()?;
        if verified.typ.as_deref() != Some("at+jwt") {
            return None;
        }
        let claims: Arc<AccessClaims> = Arc::new(serde_json::from_slice(&verified.claims).ok()?);
        self.known_tokens().remember(keys, token, &claims);
        Some(claims)
    }

    /// Whether the code for which the token was given was used a second time.
    async fn was_taken_away(&self, tenant: &TenantId, claims: &AccessClaims) -> Result<bool, OAuthError> {
        let by_code = claims.gty.as_deref() == Some(GrantType::AuthorizationCode.gty());
        let Some(jti) = claims.jti.as_ref().filter(|_| by_code) else { return Ok(false) };
        let expires_at = UnixMs::from_secs(claims.exp);
        let token =
            Thing { tenant, purpose: Purpose::AccessToken, name: jti.as_bytes(), session: None, expires_at };
        Ok(self.store().is_spent(token).await?)
    }
}
