//! Refresh tokens: sealed facts that the client carries, and the lifetimes that client and tenant give them.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::model::client::{Client, ExpirationType, RotationType};
use crate::model::session::Amr;
use crate::model::tenant::TenantSettings;
use crate::protocol::claims_request::Wanted;
use crate::protocol::ids::{FamilyId, FamilyKey, SessionId, TenantId};
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::signing::sealing::{Purpose, SealError, Sealer};

/// The longest leeway a client may set, in seconds (design §5).
pub const LEEWAY_MAX_SECS: u64 = 600;

/// What a refresh token says (design §4); borrowed from the opened seal.
#[derive(Clone, Serialize, Deserialize)]
pub struct RefreshFacts<'a> {
    /// The session of the login.
    pub session: SessionId,
    /// The secret name of the family.
    pub family: FamilyId,
    /// The position of this token within the family.
    pub generation: u64,
    /// Whose it is.
    pub user: &'a str,
    /// Who may present it.
    pub client: &'a str,
    /// The organization of the login.
    pub organization: Option<&'a str>,
    /// Whom access tokens are for; `None` is the userinfo endpoint.
    pub audience: Option<&'a str>,
    /// What was asked for and is known to the audience; permissions are recomputed at each use.
    pub scope: &'a str,
    /// What the application wants to find in the tokens beside what the scope releases.
    pub wanted: Wanted,
    /// When the person last proved who they are.
    pub authenticated_at: UnixMs,
    /// How.
    pub amr: Amr,
    /// When the family was started.
    pub started_at: UnixMs,
    /// When the family ends whatever happens.
    pub expires_at: Option<UnixMs>,
}

impl RefreshFacts<'_> {
    /// The name under which the store keeps the family.
    pub fn family_key(&self) -> FamilyKey {
        FamilyKey::of(&self.family, self.client)
    }
}

impl fmt::Debug for RefreshFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = (&self.session, self.generation, self.user, self.client);
        write!(f, "RefreshFacts{shown:?}")
    }
}

/// An opened refresh token; wiped when dropped.
pub struct OpenedRefreshToken(Zeroizing<Vec<u8>>);

impl OpenedRefreshToken {
    /// What it says; `None` when its format is not ours.
    pub fn facts(&self) -> Option<RefreshFacts<'_>> {
        postcard::from_bytes(&self.0).ok()
    }
}

/// How one client's refresh tokens live in one tenant; seconds, `None` is forever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// From the start of the family.
    pub absolute_secs: Option<u64>,
    /// From the last use.
    pub idle_secs: Option<u64>,
    /// How long the previous token may be repeated.
    pub leeway_secs: u64,
    /// Whether each use gives a new token.
    pub rotating: bool,
}

impl Lifetimes {
    /// The client's own settings over the tenant's defaults.
    pub fn of(client: &Client, tenant: &TenantSettings) -> Self {
        let own = &client.refresh_token;
        let expiring = own.expiration_type == ExpirationType::Expiring;
        let absolute = own.token_lifetime.unwrap_or(tenant.refresh_token_lifetime);
        let idle = own.idle_token_lifetime.unwrap_or(tenant.idle_refresh_token_lifetime);
        Self {
            absolute_secs: (expiring && !own.infinite_token_lifetime).then_some(absolute),
            idle_secs: (expiring && !own.infinite_idle_token_lifetime).then_some(idle),
            leeway_secs: own.leeway.unwrap_or(tenant.refresh_token_leeway).min(LEEWAY_MAX_SECS),
            rotating: own.rotation_type == RotationType::Rotating,
        }
    }

    /// When a family started at `now` ends at the latest.
    pub fn absolute_end(&self, now: UnixMs) -> Option<UnixMs> {
        self.absolute_secs.map(|secs| now.plus_secs(secs))
    }

    /// Until when a session is kept that has to be kept for a family started at `now`: an eighth longer than for this one,
    /// for those that follow. To keep it longer takes more than to start a family in it.
    pub fn session_end(&self, now: UnixMs) -> Option<UnixMs> {
        self.absolute_secs.map(|secs| now.plus_secs(secs.saturating_add(secs / 8)))
    }

    /// When a family used at `now` ends if nobody uses it again; never later than `absolute`.
    pub fn idle_end(&self, now: UnixMs, absolute: Option<UnixMs>) -> Option<UnixMs> {
        let idle = self.idle_secs.map(|secs| now.plus_secs(secs));
        match (idle, absolute) {
            (Some(idle), Some(absolute)) => Some(idle.min(absolute)),
            (one, other) => one.or(other),
        }
    }
}

impl Engine {
    /// Seals a refresh token; the same facts give the same bytes on every node.
    ///
    /// # Errors
    /// `invalid_scope` when the facts are too long; `server_error`.
    pub fn seal_refresh_token(
        &self,
        tenant: &TenantId,
        facts: &RefreshFacts<'_>,
    ) -> Result<String, OAuthError> {
        let mut seed = Zeroizing::new([0_u8; 24]);
        seed[..16].copy_from_slice(&facts.family.0);
        seed[16..].copy_from_slice(&facts.generation.to_be_bytes());
        let sealed = self.sealer().seal_facts(Purpose::RefreshToken, tenant, seed.as_slice(), facts);
        sealed.map_err(|error| match error {
            SealError::Cipher | SealError::Facts => OAuthError::server_error(error.to_string()),
            SealError::TooLong => too_long(),
        })
    }

    /// As [`Engine::seal_refresh_token`], for the first token of a family: its longest successor must fit too, for a
    /// rotation that cannot be sealed would lose the family.
    ///
    /// # Errors
    /// As there.
    pub fn seal_first_refresh_token(
        &self,
        tenant: &TenantId,
        facts: &RefreshFacts<'_>,
    ) -> Result<String, OAuthError> {
        let last = RefreshFacts { generation: u64::MAX, ..facts.clone() };
        if !Sealer::has_room(Purpose::RefreshToken, &last) {
            return Err(too_long());
        }
        self.seal_refresh_token(tenant, facts)
    }

    /// Opens what a client presents; `None` for anything that this tenant did not seal as a refresh token.
    pub fn open_refresh_token(&self, tenant: &TenantId, text: &str) -> Option<OpenedRefreshToken> {
        self.sealer().open(Purpose::RefreshToken, tenant, text).map(OpenedRefreshToken)
    }
}

fn too_long() -> OAuthError {
    let description = "The requested scope is too long for a refresh token";
    OAuthError::new(ErrorCode::InvalidScope, Fault::Client, description)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(json: &str) -> Client {
        let body = format!(r#"{{"tenant":"t","client_id":"c","name":"n","refresh_token":{json}}}"#);
        serde_json::from_str(&body).unwrap()
    }

    #[test]
    fn client_settings_stand_over_the_tenants() {
        let tenant = TenantSettings::default();
        let plain = Lifetimes::of(&client("{}"), &tenant);
        assert_eq!((plain.absolute_secs, plain.idle_secs), (Some(2_592_000), Some(1_296_000)));
        assert_eq!((plain.leeway_secs, plain.rotating), (30, true));
        let own = client(
            r#"{"leeway":9999,"token_lifetime":10,"infinite_idle_token_lifetime":true,"rotation_type":"non-rotating"}"#,
        );
        let own = Lifetimes::of(&own, &tenant);
        assert_eq!(
            own,
            Lifetimes { absolute_secs: Some(10), idle_secs: None, leeway_secs: 600, rotating: false }
        );
        let never =
            Lifetimes::of(&client(r#"{"expiration_type":"non-expiring","token_lifetime":10}"#), &tenant);
        assert_eq!((never.absolute_secs, never.idle_secs), (None, None));
    }

    #[test]
    fn idle_never_outlives_absolute() {
        let lifetimes =
            Lifetimes { absolute_secs: Some(100), idle_secs: Some(60), leeway_secs: 0, rotating: true };
        let absolute = lifetimes.absolute_end(UnixMs(0));
        assert_eq!(lifetimes.idle_end(UnixMs(0), absolute), Some(UnixMs(60_000)));
        assert_eq!(lifetimes.idle_end(UnixMs(90_000), absolute), Some(UnixMs(100_000)));
    }
}
