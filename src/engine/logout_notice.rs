//! A logout token on its way to one application (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.5). Each attempt signs
//! it anew, because it is good for two minutes only; its id stays, so that an application can tell a repetition.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::actors::deliveries::{Failure, Parcel};
use crate::engine::endings::Endings;
use crate::model::log_event::{EventType, LogEvent};
use crate::model::signing_key::Algorithm;
use crate::protocol::ids::{ClientId, SessionId, TenantId, UserId};
use crate::signing::keyset::TokenType;
use crate::telemetry::labels::DeliveryKind;

/// How long a logout token is good, in seconds (§2.4: at most two minutes).
const LIFETIME_SECS: u64 = 120;

/// The member of `events` that makes it a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A logout token to be delivered.
pub(super) struct LogoutNotice {
    pub(super) endings: Arc<Endings>,
    pub(super) tenant: TenantId,
    pub(super) issuer: String,
    pub(super) client: ClientId,
    pub(super) algorithm: Algorithm,
    pub(super) url: String,
    pub(super) user: UserId,
    pub(super) session: SessionId,
    pub(super) jti: [u8; 16],
}

#[async_trait::async_trait]
impl Parcel for LogoutNotice {
    fn kind(&self) -> DeliveryKind {
        DeliveryKind::Logout
    }

    async fn carry(&self) -> Result<(), Failure> {
        // A token in compact form needs no escaping.
        let form = format!("logout_token={}", self.token().await?);
        self.endings.web.post_form(&self.url, form).await
    }

    fn ended(&self, outcome: &Result<(), Failure>) {
        let (event, description) = match outcome {
            Ok(()) => (EventType::OidcBackchannelLogoutSucceeded, String::new()),
            Err(error) => {
                tracing::warn!(%error, client = %self.client, "an application was not told of a logout");
                (EventType::OidcBackchannelLogoutFailed, error.to_string())
            }
        };
        self.endings.audit.record(LogEvent {
            tenant: self.tenant.clone(),
            event,
            at: self.endings.clock.now(),
            client: Some(self.client.clone()),
            user: Some(self.user.clone()),
            organization: None,
            session: Some(self.session),
            address: None,
            description,
        });
    }
}

impl LogoutNotice {
    async fn token(&self) -> Result<String, Failure> {
        let failed = |why: String| Failure::Passing(format!("no logout token: {why}"));
        let keys = self.endings.keyring.ensure(&self.tenant, self.algorithm).await;
        let keys = keys.map_err(|error| failed(error.to_string()))?;
        let signer = keys.signer(self.algorithm).ok_or_else(|| failed("no key".to_owned()))?;
        let now = self.endings.clock.now().secs();
        let claims = json!({
            "iss": self.issuer,
            "sub": self.user,
            "aud": self.client,
            "iat": now,
            "exp": now + LIFETIME_SECS,
            "jti": URL_SAFE_NO_PAD.encode(self.jti),
            "sid": self.session,
            "events": { EVENT: {} },
        });
        let token = signer.sign(TokenType::LogoutToken, claims.to_string().as_bytes());
        token.map_err(|error| failed(error.to_string()))
    }
}
