//! ID tokens that come back as hints (`id_token_hint`): ours, and not necessarily fresh.

use serde::Deserialize;

use crate::engine::Engine;
use crate::protocol::ids::SessionId;
use crate::protocol::oauth_error::OAuthError;
use crate::tenancy::TenantView;

/// What a hint says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the names are the claims'")]
pub struct Hint {
    pub iss: String,
    pub sub: String,
    /// One client: that is how this server writes it.
    pub aud: String,
    #[serde(default)]
    pub sid: Option<SessionId>,
}

impl Engine {
    /// What an ID token of this tenant says, expired or not (OpenID Connect RP-Initiated Logout §2).
    ///
    /// # Errors
    /// `invalid_request` when this tenant did not sign it as an ID token.
    pub async fn hinted(&self, tenant: &TenantView, token: &str) -> Result<Hint, OAuthError> {
        let refused = || OAuthError::invalid_request("id_token_hint is not an ID token of this issuer");
        let keys = self.published_keys(&tenant.tenant.id).await?;
        let verified = keys.verify(token).map_err(|_| refused())?;
        if verified.typ.as_deref() != Some("JWT") {
            return Err(refused());
        }
        let hint: Hint = serde_json::from_slice(&verified.claims).map_err(|_| refused())?;
        if hint.iss == tenant.issuer { Ok(hint) } else { Err(refused()) }
    }
}
